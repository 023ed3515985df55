//! Ctrl-C: what was under way ends, nothing else starts, and what is said next is true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use belay_tests::lab::shelf::Shelf;
use belay_tests::workspace::{ROLLBACK, Shop};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

/// How long a busy machine may take to come to the checks.
const PATIENCE: Duration = Duration::from_secs(60);

/// A rollback whose checks hold long enough to be interrupted.
fn checking(shop: &Shop) -> Child {
    shop.edit("runbooks/standard-rollback.toml", "hold = \"0s\"", "hold = \"15s\"");
    let mut command = shop.command([&["run"], &ROLLBACK[..], &["--env", "demo"]].concat());
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while !shop.belay(["status", "r-1"]).out.contains("checks measure") {
        assert!(began.elapsed() < PATIENCE, "the run does not come to its checks");
        sleep(Duration::from_millis(50));
    }
    child
}

fn interrupt(child: &Child) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
}

#[test]
fn a_run_that_was_interrupted_is_resumed_or_ended_before_it_is_undone() {
    let shop = Shop::released();
    let mut run = checking(&shop);
    interrupt(&run);
    assert_eq!(run.wait().unwrap().code(), Some(1));
    shop.stage().is_rolled_back().unwrap();
    shop.belay(["status"]).ends(0).says("interrupted: belay resume r-1");

    let before = shop.systems();
    shop.belay(["undo", "r-1"]).ends(2).says("r-1 has not ended").says("belay abort r-1");
    assert!(shop.systems() == before, "a refused undo writes nothing");

    shop.belay(["abort", "r-1", "--reason", "the release was right"]).ends(0);
    shop.belay(["undo", "r-1"]).ends(0);
    shop.belay(["resume", "r-1"]).ends(2).says("has ended already");
    shop.is_sound();
}

#[test]
fn a_second_interrupt_does_not_lose_the_record() {
    let shop = Shop::released();
    let mut run = checking(&shop);
    interrupt(&run);
    interrupt(&run);
    assert_ne!(run.wait().unwrap().code(), Some(0));
    shop.is_sound();
    shop.edit("runbooks/standard-rollback.toml", "hold = \"15s\"", "hold = \"0s\"");
    shop.belay(["resume", "r-1"]).ends(0);
    shop.stage().is_rolled_back().unwrap();
}

#[test]
fn who_interrupts_the_first_look_leaves_no_run_behind() {
    let (shelf, desk) = Shelf::released();
    shelf.takes([Duration::from_secs(4)]);
    let mut command = desk.command(&["run", "weights-back", "ranking", "--to", "latest-good"]);
    let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    sleep(Duration::from_secs(1));
    interrupt(&run);
    let said = run.wait_with_output().unwrap();
    assert_eq!((said.status.code(), said.stdout.as_slice()), (Some(1), b"".as_slice()));
    let told = String::from_utf8(said.stderr).unwrap();
    assert!(told.contains("interrupted before a run was opened\nchanged: nothing was changed"), "{told}");
    assert_eq!(shelf.get(), json!({ "clicks": 90 }));
    // Nobody holds anything.
    desk.belay("run weights-back ranking --to latest-good").ends(0).says("r-1: ✔ restored");
    desk.is_sound();
}

#[test]
fn the_next_responder_is_told_how_a_run_that_was_left_gives_back_what_it_holds() {
    let (shelf, desk) = Shelf::released();
    // It is interrupted at the look under its locks.
    shelf.takes([Duration::ZERO, Duration::from_secs(4)]);
    let mut left = desk.start("run weights-back ranking --to latest-good");
    let began = Instant::now();
    while !desk.log().iter().any(|entry| entry["kind"] == "stage.locked") {
        assert!(began.elapsed() < PATIENCE, "the run does not lock anything");
        sleep(Duration::from_millis(50));
    }
    interrupt(&left);
    assert_eq!(left.wait().unwrap().code(), Some(1));
    let said = desk.belay("run weights-back ranking --to latest-good");
    said.ends(1).says("weights is held by");
    said.says("help: nobody works on r-1: belay resume r-1, or belay abort r-1 --reason …; then: belay resume r-2");
    desk.belay("abort r-1 --reason left").ends(0);
    desk.belay("resume r-2").ends(0);
    assert_eq!(shelf.get(), json!({ "clicks": 3 }));
    desk.is_sound();
}
