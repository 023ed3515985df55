//! Measures barriers, and prints a JSON object a line: `cargo run --release -p belay-ledger --example bench_barrier`.
//!
//! `lone_barrier` takes turns with plain `fdatasync`s on the same disk: of a file to which as many bytes as the entry has
//! were appended, of one to which as many were as SQLite writes to commit it, and of one that had as many bytes as the
//! entry before they were written anew. The ledger is opened again and again, as each run does. `writers` has 64 threads that each
//! wait for their own entry, while the public log is kept up with them; it takes turns with 64 threads on a bare file
//! whose writers share an `fdatasync`. An argument names the folder to measure in.

mod common;
#[path = "common/group_file.rs"]
mod group_file;

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use belay_ledger::Ledger;
use common::{ENTRY_BYTES, Failure, in_folder, intent, median};
use group_file::GroupFile;

const BARRIERS: u64 = 400;
/// Barriers of one process.
const A_RUN: u64 = 10;
const WRITERS: u64 = 64;
const ROUNDS: u64 = 8;
/// Entries of each writer in a round.
const EACH: u64 = 150;
/// How long the public log waits for more.
const PUBLISHED_EVERY: Duration = Duration::from_millis(100);

fn main() -> Result<(), Failure> {
    in_folder(|folder| {
        let ledger = Ledger::init(&folder.join("state"), &folder.join("key"), "bench")?;
        let ledger = lone_barrier(folder, ledger)?;
        writers(folder, &ledger)
    })
}

fn lone_barrier(folder: &Path, mut ledger: Ledger) -> Result<Ledger, Failure> {
    let (mut entries, mut commits) = (File::create(folder.join("entries"))?, File::create(folder.join("commits"))?);
    let mut within = File::create(folder.join("within"))?;
    within.write_all(&vec![0; ENTRY_BYTES * usize::try_from(BARRIERS)?])?;
    within.sync_all()?;
    within.rewind()?;
    let (mut barriers, mut of_entries, mut of_commits, mut of_within) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut sizes = Vec::new();
    for round in 0..BARRIERS {
        if round % A_RUN == 0 {
            drop(ledger);
            ledger = Ledger::open(&folder.join("state"), &folder.join("key"))?;
        }
        let draft = intent(round)?;
        let before = written()?;
        let start = Instant::now();
        ledger.append(draft)?;
        barriers.push(start.elapsed());
        let size = written()? - before;
        of_entries.push(synced(&mut entries, ENTRY_BYTES)?);
        of_commits.push(synced(&mut commits, size)?);
        of_within.push(synced(&mut within, ENTRY_BYTES)?);
        sizes.push(size);
    }
    sizes.sort_unstable();
    let (barrier, entry, commit) = (median(&mut barriers), median(&mut of_entries), median(&mut of_commits));
    let within = median(&mut of_within);
    let times = |baseline: Duration| barrier.as_secs_f64() / baseline.as_secs_f64();
    println!(
        r#"{{"bench":"lone_barrier","entry_bytes":{ENTRY_BYTES},"barrier_p50_us":{},"fdatasync_p50_us":{},"ratio":{:.2},"commit_bytes_p50":{},"fdatasync_of_commit_p50_us":{},"ratio_of_commit":{:.2},"fdatasync_within_p50_us":{},"ratio_within":{:.2}}}"#,
        barrier.as_micros(),
        entry.as_micros(),
        times(entry),
        sizes.get(sizes.len() / 2).copied().unwrap_or_default(),
        commit.as_micros(),
        times(commit),
        within.as_micros(),
        times(within),
    );
    Ok(ledger)
}

/// How long it takes to write so many bytes where the last ones ended, and to sync them.
fn synced(file: &mut File, bytes: usize) -> Result<Duration, Failure> {
    let bytes = vec![b'x'; bytes];
    let start = Instant::now();
    file.write_all(&bytes)?;
    file.sync_data()?;
    Ok(start.elapsed())
}

/// The bytes that this process has handed to the kernel to write, proc_pid_io(5).
fn written() -> Result<usize, Failure> {
    let counters = std::fs::read_to_string("/proc/self/io")?;
    let line = counters.lines().find_map(|line| line.strip_prefix("wchar: ")).ok_or("no wchar in /proc/self/io")?;
    Ok(line.parse()?)
}

fn writers(folder: &Path, ledger: &Ledger) -> Result<(), Failure> {
    let file = GroupFile::create(&folder.join("group"))?;
    let (mut logged, mut bare) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        logged.push(published(ledger, round)?);
        bare.push(by_all(|_| file.append(&[b'x'; ENTRY_BYTES]))?);
    }
    let rate = |time: Duration| (WRITERS * EACH) as f64 / time.as_secs_f64();
    let (logged, bare) = (rate(median(&mut logged)), rate(median(&mut bare)));
    println!(
        r#"{{"bench":"writers","writers":{WRITERS},"rounds":{ROUNDS},"entries_per_round":{},"entries_per_s":{logged:.0},"bare_file_per_s":{bare:.0},"ratio":{:.2}}}"#,
        WRITERS * EACH,
        logged / bare,
    );
    Ok(())
}

/// One round on the ledger; it ends when the public log has every entry of it.
fn published(ledger: &Ledger, round: u64) -> Result<Duration, Failure> {
    let start = Instant::now();
    let writing = AtomicBool::new(true);
    thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            while writing.load(Ordering::Relaxed) {
                thread::sleep(PUBLISHED_EVERY);
                ledger.publish()?;
            }
            Ok::<_, Failure>(())
        });
        let written = by_all(|n| Ok(ledger.append(intent(round * WRITERS * EACH + n)?).map(drop)?));
        writing.store(false, Ordering::Relaxed);
        publisher.join().unwrap_or_else(|_| Err("the publisher panicked".into()))?;
        written
    })?;
    Ok(start.elapsed())
}

/// Has each of the writers append, one entry after the other; gives how long all of them took.
fn by_all(append: impl Fn(u64) -> Result<(), Failure> + Sync) -> Result<Duration, Failure> {
    let start = Instant::now();
    let append = &append;
    thread::scope(|scope| {
        let mine = |writer| move || (0..EACH).try_for_each(|n| append(writer * EACH + n));
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(mine(writer))).collect();
        writers.into_iter().try_for_each(|writer| writer.join().unwrap_or_else(|_| Err("a writer panicked".into())))
    })?;
    Ok(start.elapsed())
}
