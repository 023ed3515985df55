//! Measures what a log of 1,000,000 entries of 1 KiB costs, and prints a JSON object a line:
//! `cargo run --release -p belay-ledger --example bench_million`. It takes some 4 GB of disk.
//!
//! `append` takes turns between a log of 1,000 entries and the large one. `evidence` packs a run out of the large log, with
//! proofs. `verify` is warm, and reads every entry, tile and pair of intent and outcome; beside it stands how long one thread
//! takes to hash the same bundles and no more. Arguments: the folder to measure in, and another number of entries.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use belay_domain::digest::Digest;
use belay_domain::json::Json;
use belay_ledger::evidence::{Pack, Selection};
use belay_ledger::verify::verify;
use belay_ledger::{Batch, Draft, Ledger};
use common::{Failure, draft, in_folder, intent, median, padding};

const ENTRIES: u64 = 1_000_000;
const FEW: u64 = 1_000;
const APPENDS: u64 = 300;
const VERIFICATIONS: usize = 3;
/// Entries of a run.
const RUN: u64 = 120;
const EVIDENCES: u64 = 9;
/// Entries that share a commit while the log is made.
const BATCH: u64 = 2_000;

fn main() -> Result<(), Failure> {
    let entries = std::env::args().nth(2).map_or(Ok(ENTRIES), |number| number.parse())?;
    in_folder(|folder| {
        let few = filled(folder, "few", FEW)?;
        let many = filled(folder, "many", entries)?;
        append(&few, &many)?;
        many.publish()?;
        evidence(&many, entries)?;
        check(&many, "the state folder", many.folder())?;
        check(&many, "the public log", &many.log_folder())
    })
}

/// A published log whose every second entry closes the intent before it.
fn filled(folder: &Path, name: &str, entries: u64) -> Result<Ledger, Failure> {
    let ledger = Ledger::init(&folder.join(name), &folder.join(format!("{name}.key")), "bench")?;
    for start in (0..entries).step_by(BATCH as usize) {
        let drafts: Result<_, _> = (start..entries.min(start + BATCH)).map(paired).collect();
        ledger.append(Batch { drafts: drafts?, conditions: Vec::new() })?;
    }
    ledger.publish()?;
    Ok(ledger)
}

fn paired(n: u64) -> Result<Draft, Failure> {
    if n.is_multiple_of(2) {
        return intent(n);
    }
    draft(n, "outcome", serde_json::json!({ "intent": n - 1, "padding": padding() }))
}

fn append(few: &Ledger, many: &Ledger) -> Result<(), Failure> {
    let mut times = [Vec::new(), Vec::new()];
    for n in 0..APPENDS {
        for (ledger, times) in [few, many].into_iter().zip(&mut times) {
            let draft = intent(n)?;
            let start = Instant::now();
            ledger.append(draft)?;
            times.push(start.elapsed());
        }
    }
    let [few, many] = times.map(|mut times| median(&mut times));
    let ratio = many.as_secs_f64() / few.as_secs_f64();
    println!(
        r#"{{"bench":"append","few_p50_us":{},"many_p50_us":{},"ratio":{ratio:.2}}}"#,
        few.as_micros(),
        many.as_micros()
    );
    Ok(())
}

/// Packs as many entries as a run of three stages has, with their proofs and those of earlier trees, into memory.
fn evidence(ledger: &Ledger, entries: u64) -> Result<(), Failure> {
    let (mut times, mut bytes) = (Vec::new(), 0);
    for turn in 1..=EVIDENCES {
        // Each lies elsewhere, so that no turn reads what the one before it has read.
        let first = entries / (EVIDENCES + 1) * turn;
        let selection = Selection {
            entries: (first..entries.min(first + RUN)).collect(),
            with_blobs: true,
            withheld: BTreeSet::new(),
            earlier: [first, entries / 3].into(),
            with_log: false,
            about: Json::parse("{}")?,
        };
        let start = Instant::now();
        let mut pack = Pack::new(Vec::new());
        pack.gather(ledger, &selection)?;
        bytes = pack.finish(ledger)?.out.len();
        times.push(start.elapsed());
    }
    let taken = median(&mut times).as_secs_f64() * 1_000.0;
    println!(r#"{{"bench":"evidence","log":{entries},"entries":{RUN},"bytes":{bytes},"p50_ms":{taken:.1}}}"#);
    Ok(())
}

fn check(ledger: &Ledger, what: &str, folder: &Path) -> Result<(), Failure> {
    let key = ledger.verifier();
    let (mut verified, mut hashed, mut entries) = (Vec::new(), Vec::new(), 0);
    // The first round brings the files into memory.
    for round in 0..=VERIFICATIONS {
        let start = Instant::now();
        let report = verify(folder, Some(&key));
        let taken = start.elapsed();
        if !report.is_intact() {
            return Err(format!("{what} does not verify: {:?}", report.findings).into());
        }
        entries = report.entries;
        let bare = hash_all(&ledger.log_folder().join("tile/entries"))?;
        if round > 0 {
            verified.push(taken);
            hashed.push(bare);
        }
    }
    let (verified, hashed) = (median(&mut verified).as_secs_f64(), median(&mut hashed).as_secs_f64());
    println!(
        r#"{{"bench":"verify","what":"{what}","entries":{entries},"verify_s":{verified:.2},"bare_hash_s":{hashed:.2},"ratio":{:.2}}}"#,
        verified / hashed
    );
    Ok(())
}

/// Reads and hashes every file below a folder.
fn hash_all(folder: &Path) -> Result<Duration, Failure> {
    let start = Instant::now();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                std::hint::black_box(Digest::of(&fs::read(path)?));
            }
        }
    }
    Ok(start.elapsed())
}
