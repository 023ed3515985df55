//! SIGKILL at any moment: what was acknowledged is there exactly once. The test runs itself as the child.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use belay_ledger::verify::verify;
use belay_ledger::{Filter, Ledger};
use common::{Place, draft};

/// Tells a run of this binary that it is the child; names state folder and key.
const CHILD: &str = "BELAY_LEDGER_KILL_CHILD";
/// Tells the child how many threads append.
const WRITERS: &str = "BELAY_LEDGER_KILL_WRITERS";
const FEW: usize = 4;
const MANY: usize = 500;

#[test]
fn what_was_acknowledged_survives_a_kill_exactly_once() {
    if let Ok(place) = std::env::var(CHILD) {
        return append_until_killed(&place);
    }
    let place = Place::new();
    drop(place.init());
    let mut acknowledged = BTreeSet::new();
    for round in 0..8_u64 {
        acknowledged.extend(kill_after(&place, FEW, Duration::from_millis(40 + 35 * round)));
        check(&place, &acknowledged);
    }
    assert!(!acknowledged.is_empty());
}

/// All that was acknowledged is there once, and the ledger goes on.
fn check(place: &Place, acknowledged: &BTreeSet<String>) {
    let ledger = place.open();
    let calls = Filter { kinds: vec!["call".to_owned()], ..Filter::default() };
    let stored: Vec<_> = ledger.entries(&calls).unwrap().into_iter().map(|entry| entry.body.canonical()).collect();
    let once: BTreeSet<_> = stored.iter().cloned().collect();
    assert_eq!(stored.len(), once.len(), "an entry is there twice");
    let lost: Vec<_> = acknowledged.difference(&once).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    ledger.publish().unwrap();
    let report = verify(&place.state(), None);
    assert!(report.is_intact(), "{:?}", report.findings);
}

#[test]
fn two_processes_of_five_hundred_writers_are_killed_and_lose_nothing() {
    let place = Place::new();
    drop(place.init());
    let mut acknowledged = BTreeSet::new();
    for round in 0..2_u64 {
        thread::scope(|scope| {
            let after = |more| kill_after(&place, MANY, Duration::from_millis(300 + 500 * round + more));
            let other = scope.spawn(move || after(170));
            acknowledged.extend(after(0));
            acknowledged.extend(other.join().unwrap());
        });
        check(&place, &acknowledged);
    }
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
}

/// Starts a child, kills it, and gives the bodies that it said are durable.
fn kill_after(place: &Place, writers: usize, delay: Duration) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "what_was_acknowledged_survives_a_kill_exactly_once", "--nocapture"])
        .env(WRITERS, writers.to_string())
        .env(CHILD, place.state().parent().unwrap())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let first = lines.by_ref().find_map(|line| line.strip_prefix("durable ").map(str::to_owned));
    thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
    // A line that the kill cut off says nothing.
    let rest =
        lines.filter_map(|line| line.strip_prefix("durable ").filter(|body| body.ends_with('}')).map(str::to_owned));
    first.into_iter().chain(rest).collect()
}

fn append_until_killed(place: &str) {
    let ledger = Ledger::open(&Path::new(place).join("state"), &Path::new(place).join("key")).unwrap();
    let writers: usize = std::env::var(WRITERS).unwrap().parse().unwrap();
    thread::scope(|scope| {
        for thread in 0..writers {
            let ledger = &ledger;
            scope.spawn(move || {
                for n in 0.. {
                    let body = format!(r#"{{"id":"{}-{thread}-{n}"}}"#, std::process::id());
                    ledger.append(draft("call", &body)).unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "durable {body}").unwrap();
                    out.flush().unwrap();
                    if n % 16 == 15 && thread < FEW {
                        ledger.publish().unwrap();
                    }
                }
            });
        }
    });
}
