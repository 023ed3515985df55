//! Several people and processes at once: who holds what is told, nobody's records are lost, and a run that was taken
//! over is no longer its old owner's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::Command;

use belay_tests::kill::{Stopped, Write, stop_when};
use belay_tests::workspace::{ROLLBACK, Shop};

fn run(shop: &Shop) -> Command {
    shop.command([&["run"], &ROLLBACK[..], &["--env", "demo"]].concat())
}

/// A run that stands still between its intent to write this resource and the write: a file is staged, and nobody sees
/// it. At that moment it holds nothing of the database, as it would amid a commit.
fn stopped_before_writing(shop: &Shop, step: (u64, u64)) -> Stopped {
    let staged = |write: &Write| {
        write.call == "openat2"
            && shop.log().iter().any(|entry| {
                let of = &entry["body"]["step"];
                entry["kind"] == "intent" && of["stage"] == step.0 && of["step"] == step.1
            })
    };
    stop_when(&run(shop), staged)
}

#[test]
fn a_second_responder_is_told_who_holds_what_since_when_on_which_run() {
    let shop = Shop::released();
    let first = stopped_before_writing(&shop, (0, 0));
    let before = shop.systems();
    let second = shop.roll_back("run", &[]);
    second.ends(1).says("r-1").says("flag").says("since").says("help: belay status r-1 says how it stands");
    assert!(shop.systems() == before, "the second wrote nothing:\n{second}");
    shop.belay(["resume", "r-1"]).ends(3).says("is being worked on by").says("belay takeover r-1");
    shop.belay(["status", "r-1"]).ends(0);
    assert_eq!(first.wake(), 0, "the first goes on as if nothing had been");
    shop.stage().is_rolled_back().unwrap();
    shop.belay(["status", "r-2"]).ends(0).says("help: belay resume r-2: r-1 has ended since");
    shop.belay(["resume", "r-2"]).ends(0);
    shop.is_sound();
}

#[test]
fn a_run_that_was_taken_over_is_no_longer_its_old_owners() {
    let shop = Shop::released();
    let old = stopped_before_writing(&shop, (1, 0));
    shop.belay(["takeover", "r-1", "--reason", "the terminal hangs"]).ends(0);
    shop.stage().is_rolled_back().unwrap();
    // What it had staged, and nobody saw, it may take away again.
    let visible = || {
        let mut files = shop.systems();
        files.retain(|name, _| !name.contains("/.belay-stage-"));
        files
    };
    let done = visible();
    assert_ne!(old.wake(), 0, "it is told that the run is no longer its own");
    assert!(visible() == done, "it wrote nothing more");
    let commits = done.keys().filter(|file| file.contains("_delta_log")).count();
    assert_eq!(commits, 7, "one restore, once");
    shop.is_sound();
}

#[test]
fn many_commands_at_once_all_join_the_log() {
    let shop = Shop::released();
    let before = shop.log().len();
    std::thread::scope(|scope| {
        for n in 0..4 {
            let shop = &shop;
            scope.spawn(move || {
                let message = format!("number {n}");
                shop.belay(["point", "capture", "checkout-ranker", "--env", "demo", "-m", &message]).ends(0);
                shop.belay(["audit", "verify"]).ends(0);
                shop.roll_back("plan", &[]).ends(0);
            });
        }
    });
    let points = shop.belay(["point", "list", "--env", "demo", "--json"]).answer("points");
    let mut messages: Vec<_> =
        points.as_array().unwrap().iter().map(|point| point["point"]["message"].clone()).collect();
    messages.sort_by_key(ToString::to_string);
    assert_eq!(messages[..4], ["number 0", "number 1", "number 2", "number 3"]);
    let ids: std::collections::BTreeSet<_> =
        points.as_array().unwrap().iter().map(|point| point["id"].to_string()).collect();
    assert_eq!(ids.len(), 5, "each has its own name: {points}");
    assert!(shop.log().len() > before + 4);
    shop.is_sound();
}

#[test]
fn two_runs_at_once_write_once() {
    let shop = Shop::released();
    let both: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..2).map(|_| scope.spawn(|| shop.roll_back("run", &[]))).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for said in &both {
        assert!(matches!(said.status, Some(0 | 1 | 3)) && !said.err.contains("panicked"), "{said}");
    }
    assert!(both.iter().any(|said| said.status == Some(0)), "{}{}", both[0], both[1]);
    shop.stage().is_rolled_back().unwrap();
    let commits = shop.systems().into_keys().filter(|file| file.contains("_delta_log")).count();
    assert_eq!(commits, 7, "one restore, whoever made it");
    for run in ["r-1", "r-2"] {
        let standing = shop.belay(["resume", run]);
        assert!(matches!(standing.status, Some(0 | 2)), "{standing}");
    }
    shop.is_sound();
}
