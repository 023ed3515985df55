//! Measures barriers, and prints a JSON object a line: `cargo run --release -p belay-ledger --example bench_barrier`.
//!
//! `lone_barrier` takes turns with a plain `fdatasync` of as many bytes, appended to a file on the same disk; `writers`
//! has 64 threads that each wait for their own entry. An argument names the folder to measure in.

use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use belay_domain::id::Millis;
use belay_domain::json::Json;
use belay_ledger::{Actor, Draft, Ledger};

type Failure = Box<dyn Error + Send + Sync>;

const ROUNDS: usize = 400;
const WRITERS: usize = 64;
const EACH: usize = 600;
/// What one of these entries takes, roughly.
const ENTRY_BYTES: usize = 1024;

fn main() -> Result<(), Failure> {
    let root = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = root.join(format!("belay-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(&folder);
    std::fs::remove_dir_all(&folder)?;
    measured
}

fn measure(folder: &Path) -> Result<(), Failure> {
    let ledger = Ledger::init(&folder.join("state"), &folder.join("key"), "bench")?;
    lone_barrier(folder, &ledger)?;
    writers(&ledger)
}

fn lone_barrier(folder: &Path, ledger: &Ledger) -> Result<(), Failure> {
    let mut file = File::create(folder.join("baseline"))?;
    let (mut barriers, mut syncs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let draft = draft(round)?;
        let start = Instant::now();
        ledger.append(draft)?;
        barriers.push(start.elapsed());
        let start = Instant::now();
        file.write_all(&[b'x'; ENTRY_BYTES])?;
        file.sync_data()?;
        syncs.push(start.elapsed());
    }
    let (barrier, sync) = (median(&mut barriers), median(&mut syncs));
    let ratio = barrier.as_secs_f64() / sync.as_secs_f64();
    println!(
        r#"{{"bench":"lone_barrier","entry_bytes":{ENTRY_BYTES},"barrier_p50_us":{},"fdatasync_p50_us":{},"ratio":{ratio:.2}}}"#,
        barrier.as_micros(),
        sync.as_micros(),
    );
    Ok(())
}

fn writers(ledger: &Ledger) -> Result<(), Failure> {
    let start = Instant::now();
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || append_each(ledger, writer))).collect();
        writers.into_iter().try_for_each(|writer| writer.join().unwrap_or_else(|_| Err("a writer panicked".into())))
    })?;
    let entries = WRITERS * EACH;
    let rate = entries as f64 / start.elapsed().as_secs_f64();
    println!(r#"{{"bench":"writers","writers":{WRITERS},"entries":{entries},"entries_per_s":{rate:.0}}}"#);
    Ok(())
}

fn append_each(ledger: &Ledger, writer: usize) -> Result<(), Failure> {
    for n in 0..EACH {
        ledger.append(draft(writer * EACH + n)?)?;
    }
    Ok(())
}

fn draft(n: usize) -> Result<Draft, Failure> {
    let actor = Actor { name: "bench".to_owned(), authenticated_by: "os-user".to_owned(), on_behalf_of: None };
    let body = Json::from(&serde_json::json!({ "n": n, "padding": "x".repeat(ENTRY_BYTES - 220) }))?;
    let mut draft = Draft::new(Millis(1_700_000_000_000), "intent", actor, body);
    draft.run = Some(format!("r-{}", n % WRITERS).parse()?);
    Ok(draft)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
