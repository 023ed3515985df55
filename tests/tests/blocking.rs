//! No record, no action: what happens when the ledger can't be written, and how it goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use belay_tests::kill::{Fate, Side, Write, kill_at, trace};
use belay_tests::workspace::{ROLLBACK, Shop};
use serde_json::Value;

/// Tells a run of this binary that it has mounts of its own.
const APART: &str = "BELAY_TESTS_OWN_MOUNTS";

/// Runs a test of this file again in a mount namespace of its own.
fn with_own_mounts(test: &str, act: impl FnOnce()) {
    if std::env::var_os(APART).is_some() {
        return act();
    }
    let mut child = Command::new("unshare");
    child.args(["--user", "--map-root-user", "--mount"]).arg(std::env::current_exe().unwrap());
    let output = child.args(["--exact", test, "--nocapture"]).env(APART, "1").output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// Puts the shop's state on a disk of its own, of 96 MiB.
fn move_state(shop: &Shop) {
    let state = shop.folder().join("state");
    let before = shop.folder().join("state-before");
    fs::rename(&state, &before).unwrap();
    fs::create_dir(&state).unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=96m,mode=700", "tmpfs"];
    assert!(Command::new("mount").args(mount).arg(&state).status().unwrap().success());
    assert!(Command::new("cp").arg("-a").arg(before.join(".")).arg(&state).status().unwrap().success());
}

/// Takes all that is left on the state's disk, to the last byte, and what the write-ahead log's file has room for.
fn fill(state: &Path) {
    let mut junk = File::options().create(true).append(true).open(state.join("junk")).unwrap();
    let mut take = || {
        for size in [1 << 20, 4_096, 1] {
            while junk.write_all(&vec![1; size]).is_ok() {}
        }
    };
    take();
    cut_room(&state.join("ledger.db-wal"));
    take();
}

/// Takes the zeros away behind the last frame: <https://sqlite.org/fileformat2.html#the_write_ahead_log>.
fn cut_room(log: &Path) {
    const HEADER: usize = 32;
    const FRAME: usize = 24 + 4_096;
    let used = fs::read(log).unwrap().iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let frames = used.saturating_sub(HEADER).div_ceil(FRAME);
    let length = if used == 0 { 0 } else { HEADER + frames * FRAME };
    File::options().write(true).open(log).unwrap().set_len(length as u64).unwrap();
}

/// A shop whose first run was killed after it had begun to write.
fn interrupted() -> Shop {
    let base = Shop::released();
    let run = |shop: &Shop| shop.command([&["run"], &ROLLBACK[..], &["--env", "demo"]].concat());
    let Fate::Ended { writes, .. } = trace(&run(&base.twin())) else { panic!("nobody killed it") };
    let flag = |write: &Write| write.file.as_ref().is_some_and(|file| file.contains("/flags/"));
    let first = writes.iter().position(flag).unwrap();
    // Threads interleave, so a run may write a little more or less than the first.
    for nth in first.saturating_sub(5).. {
        let shop = base.twin();
        assert!(matches!(kill_at(&run(&shop), nth, Side::After), Fate::Killed(_)), "nothing was killed amid a run");
        if shop.systems() != base.systems() {
            return shop;
        }
    }
    panic!("no run was interrupted")
}

fn failures(shop: &Shop) -> Vec<String> {
    let told = shop.log().into_iter().filter(|entry| entry["kind"] == "ledger.recovered");
    let kinds = told.flat_map(|entry| entry["body"]["failures"].as_array().unwrap().clone());
    kinds.map(|failure| failure["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn on_a_full_disk_the_run_under_way_ends_and_none_begins() {
    with_own_mounts("on_a_full_disk_the_run_under_way_ends_and_none_begins", || {
        let shop = interrupted();
        move_state(&shop);
        shop.belay(["status"]).ends(0);
        let state = shop.folder().join("state");
        assert!(state.join("reserve").exists());
        fill(&state);

        let before = shop.systems();
        shop.belay(["run", ROLLBACK[0], ROLLBACK[1], "--to", "latest-good", "--env", "prod"])
            .ends(1)
            .says("the disk is full")
            .says("nothing was changed")
            .says("free space");
        assert!(shop.systems() == before && state.join("reserve").exists(), "nothing was touched");

        shop.belay(["resume", "r-1"]).ends(0).says("✔ restored");
        shop.stage().is_rolled_back().unwrap();
        assert!(!state.join("reserve").exists(), "the run took it");

        shop.belay(["undo", "r-1"]).ends(1).says("too full to begin a run").says("nothing was changed");
        shop.stage().is_rolled_back().unwrap();
        shop.belay(["status", "r-1"]).ends(0);

        fs::remove_file(state.join("junk")).unwrap();
        shop.roll_back("run", &[]).ends(0).says("nothing");
        assert!(state.join("reserve").exists());
        let told = failures(&shop);
        assert!(["refused", "reserve_given_up"].iter().all(|kind| told.iter().any(|told| told == kind)), "{told:?}");
        shop.is_sound();
        assert!(Command::new("umount").arg("-l").arg(&state).status().unwrap().success());
    });
}

/// belay, to which the kernel says that a sync failed: the nth of each thread.
fn with_a_failing_sync(command: &Command, nth: usize) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync"]);
    strace.args(["-e", &format!("inject=fdatasync:error=EIO:when={nth}")]);
    strace.arg(command.get_program()).args(command.get_args()).current_dir(command.get_current_dir().unwrap());
    strace.env("NO_COLOR", "1");
    strace
}

#[test]
fn a_failed_sync_ends_the_process_and_is_told_by_the_next() {
    let mut stopped = 0;
    for nth in 1..8 {
        let shop = Shop::released();
        let before = shop.systems();
        let command = shop.command([&["run"], &ROLLBACK[..], &["--env", "demo", "--json"]].concat());
        let said = shop.listen(with_a_failing_sync(&command, nth));
        if said.status == Some(0) {
            // Not one of the ledger's: SQLite passes over the sync of its folder.
            shop.stage().is_rolled_back().unwrap();
            continue;
        }
        said.ends(1);
        let error: Value = said.answer("error");
        assert!(error["what"].as_str().unwrap().contains("nobody knows what the disk holds"), "{said}");
        assert!(error["next"].as_str().unwrap().contains("belay audit verify"), "{said}");
        stopped += 1;

        // It was written, though nobody promised that: the next process finds it.
        let begun = shop.belay(["status", "r-1"]).status == Some(0);
        assert!(begun || shop.systems() == before, "what was written is of a run:\n{said}");
        let next = if begun { shop.belay(["resume", "r-1"]) } else { shop.roll_back("run", &[]) };
        next.ends(0);
        shop.stage().is_rolled_back().unwrap();
        assert_eq!(failures(&shop), ["stopped"]);
        shop.is_sound();
    }
    assert!(stopped >= 3, "mandate, intents and outcomes are synced: {stopped}");
}

/// belay, to which the kernel says that each write, from the nth of a thread on, is over the user's quota.
fn over_quota(command: &Command, nth: usize) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64,fallocate"]);
    strace.args(["-e", &format!("inject=pwrite64,fallocate:error=EDQUOT:when={nth}+")]);
    strace.arg(command.get_program()).args(command.get_args()).current_dir(command.get_current_dir().unwrap());
    strace.env("NO_COLOR", "1");
    strace
}

#[test]
fn a_quota_that_is_used_up_is_told_and_the_run_goes_on_when_there_is_room() {
    let base = Shop::released();
    base.belay(["status"]).ends(0);
    let (mut refused, mut amid) = (0, 0);
    for nth in [1, 20, 90, 120, 150] {
        let shop = base.twin();
        shop.belay(["status"]).ends(0);
        let before = shop.systems();
        let command = shop.command([&["run"], &ROLLBACK[..], &["--env", "demo"]].concat());
        let said = shop.listen(over_quota(&command, nth));
        assert!(!said.err.contains("panicked"), "{nth}: {said}");
        let begun = shop.belay(["status", "r-1"]).status == Some(0);
        if said.status == Some(0) {
            shop.stage().is_rolled_back().unwrap();
            continue;
        }
        said.says("quota");
        assert!(begun || shop.systems() == before, "{nth}: what was written is of a run:\n{said}");
        if begun {
            amid += 1
        } else {
            refused += 1
        }
        let next = if begun { shop.belay(["resume", "r-1"]) } else { shop.roll_back("run", &[]) };
        if next.status != Some(2) {
            next.ends(0);
        }
        shop.stage().is_rolled_back().unwrap();
        shop.is_sound();
    }
    assert!(refused >= 1 && amid >= 1, "{refused} were refused, {amid} were under way");
}

#[test]
fn without_a_record_nothing_is_done() {
    with_own_mounts("without_a_record_nothing_is_done", || {
        let shop = Shop::released();
        shop.belay(["status"]).ends(0);
        let state = shop.folder().join("state");
        let mount = |words: &[&str]| assert!(Command::new("mount").args(words).arg(&state).status().unwrap().success());
        mount(&["--bind", state.to_str().unwrap()]);
        mount(&["-o", "remount,bind,ro"]);
        let before = shop.systems();
        let said = shop.roll_back("run", &[]);
        said.ends(1).says("can't be written").says("nothing was changed").says("make the state folder writable");
        assert!(shop.systems() == before, "{said}");
        assert!(Command::new("umount").arg("-l").arg(&state).status().unwrap().success());
        shop.roll_back("run", &[]).ends(0);
        shop.is_sound();
    });
}
