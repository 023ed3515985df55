//! Ctrl-C: what was under way ends, nothing else starts, and what is said next is true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use belay_tests::workspace::{ROLLBACK, Shop};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

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
