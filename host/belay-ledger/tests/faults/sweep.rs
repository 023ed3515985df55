//! Every fault at every call of a story, each on a copy of the same ledger, and what must be true after it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::common::Place;
use crate::story::Story;
use crate::strace::{self, Call, Fault};

const FAULTS: [Fault; 4] = [Fault::Fails("EIO"), Fault::Fails("ENOSPC"), Fault::Fails("EDQUOT"), Fault::Killed];
/// Where not everything is tried, every so-manieth is.
const STRIDE: usize = 11;

#[derive(Default)]
struct Tally {
    /// Of each call's name: places, and faults in them.
    tried: BTreeMap<String, (usize, usize)>,
    ended: usize,
    went_on: usize,
    /// A failed sync after which what it was to make durable was there, and then was not, in a copy.
    both_ways: usize,
}

pub(crate) fn sweep(story: &Story) {
    let began = Instant::now();
    let base = Place::in_memory();
    (story.prepare)(&base);
    let calls = strace::calls(story, &twin(&base));
    assert!(!calls.is_empty(), "the child does nothing");
    let every: Vec<(&Call, Fault)> = calls.iter().flat_map(|call| FAULTS.map(|fault| (call, fault))).collect();
    let all = every.len();
    let stride = if is_sample() { STRIDE } else { 1 };
    let trials: Vec<_> = every.into_iter().step_by(stride).collect();
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((call, fault)) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
                    one(story, &base, call, *fault, &tally);
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap();
    println!(
        "{}: {} calls, {} of {all} faults in {:.1} s: {} children ended, {} went on, {} syncs failed both ways\n  {:?}",
        story.test,
        calls.len(),
        trials.len(),
        began.elapsed().as_secs_f64(),
        tally.ended,
        tally.went_on,
        tally.both_ways,
        tally.tried,
    );
    assert_eq!(tally.ended + tally.went_on, trials.len());
    let kills = trials.iter().filter(|(_, fault)| *fault == Fault::Killed).count();
    assert!(tally.ended >= kills, "{} of {kills} kills ended a child", tally.ended);
}

fn is_sample() -> bool {
    std::env::var("BELAY_TESTS").is_ok_and(|tier| matches!(tier.as_str(), "quick" | "fast"))
}

/// A copy of a prepared ledger.
fn twin(base: &Place) -> Place {
    let twin = Place::in_memory();
    copy(base.state().parent().unwrap(), twin.state().parent().unwrap());
    twin
}

/// The reserve is space and nothing else, and nobody writes into it: it is linked.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else if entry.file_name() == "reserve" {
            fs::hard_link(path, target).unwrap();
        } else {
            fs::copy(path, target).unwrap();
        }
    }
}

fn one(story: &Story, base: &Place, call: &Call, fault: Fault, tally: &Mutex<Tally>) {
    let told = Told(format!("{}: {fault:?} at {} number {}", story.test, call.name, call.nth));
    let place = twin(base);
    let strace::Disturbed { ended_by_itself, heard, unsynced } = strace::inject(story, &place, call, fault);
    if let Some(from) = unsynced {
        // The other way that a failed sync can go: what it was to make durable never reached the disk.
        let lost = twin(&place);
        lose(&lost, from);
        (story.check)(&lost, &heard);
    }
    (story.check)(&place, &heard);
    drop(told);
    let mut tally = tally.lock().unwrap();
    if ended_by_itself {
        tally.went_on += 1
    } else {
        tally.ended += 1
    }
    tally.both_ways += usize::from(unsynced.is_some());
    let tried = tally.tried.entry(call.name.clone()).or_default();
    tried.0 += usize::from(fault == FAULTS[0]);
    tried.1 += 1;
}

/// The write-ahead log as a power failure leaves it.
fn lose(place: &Place, from: u64) {
    let log = fs::File::options().write(true).open(place.state().join("ledger.db-wal")).unwrap();
    log.set_len(from).unwrap();
    let _ = fs::remove_file(place.state().join("ledger.db-shm"));
}

/// Says what was going on when a test fails.
struct Told(String);

impl Drop for Told {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}
