//! A system call that fails, or a SIGKILL in its place, wherever an append or a publication makes one: what was acknowledged
//! is there once, nothing was made up, and the ledger goes on. `strace` does it to this very program, run as a child.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod common;
#[path = "common/files.rs"]
mod files;
#[path = "common/tool.rs"]
mod tool;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use belay_ledger::verify::verify;
use belay_ledger::{Batch, Draft, Error, Filter, Ledger, Object};
use common::{Place, draft};
use files::copy;

/// Tells a run of this binary that it is the child; names the folder of state and key.
const CHILD: &str = "BELAY_LEDGER_FAULT_CHILD";
/// The calls by which an append and a publication change something.
const CALLS: [&str; 6] = ["pwrite64", "fdatasync", "fsync", "write", "linkat", "rename"];
/// How many places of each call are tried with each fault; they are spread over all that the child makes.
const PLACES: usize = 4;
/// What the child appends; the third is large enough for a file of its own.
const APPENDS: usize = 4;
/// The write-ahead log as of the last acknowledgement, beside the state folder.
const DURABLE_LOG: &str = "wal.durable";

#[test]
fn a_fault_in_any_system_call_loses_nothing_and_makes_nothing_up() {
    if let Ok(place) = std::env::var(CHILD) {
        return append_and_publish(Path::new(&place));
    }
    if tool::is_left_out("strace", "--version", "strace") {
        return;
    }
    let (mut faults, mut ended, mut both_ways) = (0, 0, 0);
    let outcomes = thread::scope(|scope| {
        let calls = CALLS.map(|call| scope.spawn(move || disturb(call)));
        calls.map(|outcomes| outcomes.join().unwrap())
    });
    for outcome in outcomes.into_iter().flatten() {
        faults += 1;
        ended += usize::from(outcome.ended);
        both_ways += usize::from(outcome.both_ways);
    }
    assert!(faults >= 3 * CALLS.len(), "{faults}");
    // Some faults meet what may fail, as the room for a full disk; most end the child.
    assert!(ended > faults / 2, "{ended} of {faults}");
    assert!(both_ways > 0, "no sync failed after its write");
}

/// What came of a fault.
struct Outcome {
    /// The child did not do all its work.
    ended: bool,
    /// A commit whose sync failed was there, and was taken away in a second copy.
    both_ways: bool,
}

fn disturb(call: &str) -> Vec<Outcome> {
    let made = count(call);
    assert!(made > 0, "the child makes no {call}");
    let places: BTreeSet<_> = (1..=made).step_by(made.div_ceil(PLACES)).chain([made]).collect();
    let faults = ["error=EIO", "error=ENOSPC", "signal=SIGKILL"];
    places.into_iter().flat_map(|when| faults.map(|fault| inject(call, fault, when))).collect()
}

/// How many such calls a child makes that nobody disturbs.
fn count(call: &str) -> usize {
    let place = Place::new();
    drop(place.init());
    let log = place.state().with_file_name("calls");
    let output = child(&place, &["-e", &format!("trace={call}"), "-o", &log.display().to_string()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(bodies(&output, "durable ").len(), APPENDS);
    fs::read_to_string(log).unwrap().lines().filter(|line| line.contains(&format!("{call}("))).count()
}

fn inject(call: &str, fault: &str, when: usize) -> Outcome {
    let place = Place::new();
    drop(place.init());
    let what = format!("{call} {fault} {when}");
    let output = child(&place, &["-e", &format!("inject={call}:{fault}:when={when}"), "-o", "/dev/null"]);
    let acknowledged = bodies(&output, "durable ");
    let refused = bodies(&output, "nothing written ");
    let unsynced = Place::new();
    copy(place.state().parent().unwrap(), unsynced.state().parent().unwrap());
    let left = check(&place, &acknowledged, &refused, &what);
    let both_ways = call == "fdatasync" && left > acknowledged.len() && !acknowledged.is_empty();
    if both_ways {
        // The other way that a failed sync can go: what was not acknowledged never reached the disk.
        fs::copy(unsynced.state().with_file_name(DURABLE_LOG), unsynced.state().join("ledger.db-wal")).unwrap();
        let _ = fs::remove_file(unsynced.state().join("ledger.db-shm"));
        assert_eq!(check(&unsynced, &acknowledged, &refused, &what), acknowledged.len(), "{what}");
    }
    Outcome { ended: !output.status.success() || acknowledged.len() < APPENDS, both_ways }
}

/// Opens the ledger as the next process would; gives how many of the child's entries it holds.
fn check(place: &Place, acknowledged: &BTreeSet<String>, refused: &BTreeSet<String>, what: &str) -> usize {
    let ledger = place.open();
    let of_child = Filter { kinds: vec!["call".to_owned()], ..Filter::default() };
    let stored: Vec<_> = ledger.entries(&of_child).unwrap().iter().map(|entry| entry.body.canonical()).collect();
    let once: BTreeSet<_> = stored.iter().cloned().collect();
    assert_eq!(stored.len(), once.len(), "{what}: twice");
    assert!(acknowledged.is_subset(&once), "{what}: acknowledged {acknowledged:?}, there {once:?}");
    assert!(once.is_disjoint(refused), "{what}: refused {refused:?}, there {once:?}");
    assert!(once.iter().all(|body| (0..APPENDS).any(|n| *body == n.to_string())), "{what}: {once:?}");
    ledger.append(draft("intent", "{}")).unwrap();
    ledger.publish().unwrap_or_else(|error| panic!("{what}: {error}"));
    let report = verify(&place.state(), Some(&ledger.verifier()));
    assert!(report.is_intact(), "{what}: {:?}", report.findings);
    once.len()
}

fn child(place: &Place, strace: &[&str]) -> Output {
    let test = "a_fault_in_any_system_call_loses_nothing_and_makes_nothing_up";
    let mut command = Command::new("strace");
    command.args(["-f", "-q"]).args(strace).arg(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env(CHILD, place.state().parent().unwrap()).env("RUST_BACKTRACE", "0").output().unwrap()
}

fn bodies(output: &Output, said: &str) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| line.strip_prefix(said)).map(str::to_owned).collect()
}

fn append_and_publish(place: &Path) {
    // The harness has begun a line.
    say(format_args!(""));
    let ledger = Ledger::open(&place.join("state"), &place.join("key")).unwrap();
    for n in 0..APPENDS {
        let objects = (n == 2).then(|| Object::new(vec![7; 300_000])).into_iter().collect();
        let draft = Draft { objects, ..draft("call", &n.to_string()) };
        match ledger.append(Batch { drafts: vec![draft], conditions: Vec::new() }) {
            Ok(_) => {
                fs::copy(place.join("state/ledger.db-wal"), place.join(DURABLE_LOG)).unwrap();
                say(format_args!("durable {n}"));
            }
            Err(Error::Io { .. } | Error::Poisoned { .. } | Error::Corrupt(_)) => panic!("nobody knows"),
            Err(_) => say(format_args!("nothing written {n}")),
        }
        ledger.publish().unwrap();
    }
}

fn say(line: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}
