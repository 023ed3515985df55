//! Tables that the `deltalake` library wrote, taken back by belay and read back by the library. Each trap of the format
//! is a test.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use belay_tests::lab::desk::{Desk, left, writes};
use belay_tests::lab::is_left_out;
use belay_tests::lab::table::{Read, Table};
use belay_tests::workspace::Said;
use serde_json::json;

/// A desk with a table of three versions, the last of them captured as good.
fn good() -> (Desk, Table, Read) {
    let desk = Desk::new();
    let table = Table::create(&desk.table());
    desk.capture("clicks");
    let good = table.read();
    (desk, table, good)
}

const PLAN: &str = "plan table-back clicks --to latest-good";
const RUN: &str = "run table-back clicks --to latest-good";

#[test]
fn an_overwritten_table_is_restored_undone_and_restored_again() {
    if is_left_out() {
        return;
    }
    let (desk, table, good) = good();
    table.overwrite();
    table.append();
    let bad = table.read();
    desk.belay(PLAN).ends(0).says("2 changes").says("v4 → v2");
    assert_eq!(table.read(), bad, "a plan writes nothing");

    desk.belay(RUN).ends(0);
    assert_eq!(table.read(), Read { version: 5, rows: good.rows.clone() });
    desk.belay(PLAN).ends(0).says("nothing");
    desk.belay(RUN).ends(0).says("nothing to do");
    assert_eq!(table.read().version, 5, "nothing to do is no commit");

    desk.belay("undo r-1").ends(0);
    assert_eq!(table.read(), Read { version: 6, rows: bad.rows });
    desk.belay(RUN).ends(0);
    assert_eq!(table.read(), Read { version: 7, rows: good.rows.clone() });
    table.append();
    let after = table.read();
    assert_eq!(after.rows.len(), good.rows.len() + 3, "an ordinary writer goes on");
    assert!(good.rows.iter().all(|row| after.rows.contains(row)));
    desk.is_sound();
}

#[test]
fn a_version_or_a_moment_needs_no_point() {
    if is_left_out() {
        return;
    }
    let desk = Desk::new();
    let table = Table::create(&desk.table());
    let good = table.read();
    // Moments are typed in whole seconds here; the bad commit lies in a later one.
    let between = std::time::SystemTime::now() + std::time::Duration::from_secs(1);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let seconds = between.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    table.overwrite();

    desk.belay("run table-back clicks --at dataset=v1").ends(0);
    assert_eq!(table.read().rows, table.read_at(1).rows);
    desk.belay(&format!("run table-back clicks --before {}", rfc3339(seconds))).ends(0);
    assert_eq!(table.read().rows, good.rows);
    desk.belay("run table-back clicks --at dataset=v99").ends(1).says("version 99");
    desk.belay("run table-back clicks --at dataset=yesterday").ends(1).says("yesterday");
    assert_eq!(table.read().rows, good.rows);
}

#[test]
fn a_writer_whose_clock_is_an_hour_behind_is_not_believed_about_a_moment_and_stands_in_no_runs_way() {
    if is_left_out() {
        return;
    }
    let (desk, table, good) = good();
    std::thread::sleep(std::time::Duration::from_secs(2));
    let bad = table.overwrite();
    behind(&table, bad);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    // A second before the bad commit, which says that it is an hour older.
    let said = desk.belay(&format!("run table-back clicks --before {}", rfc3339(now - 1)));
    said.ends(1).says("two clocks disagree about that moment").says("--at RESOURCE=v2");
    assert_eq!(table.read().version, bad, "nothing was written");
    desk.belay(RUN).ends(0);
    assert_eq!(table.read(), Read { version: bad + 1, rows: good.rows });
    desk.belay(PLAN).ends(0).says("nothing");
    desk.belay("undo r-1").ends(0);
    desk.is_sound();
}

/// Makes a commit say that it was made an hour before.
fn behind(table: &Table, version: u64) {
    let text = fs::read_to_string(table.commit(version)).unwrap();
    let lines = text.lines().map(|line| {
        let mut action: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(at) = action.pointer_mut("/commitInfo/timestamp") {
            *at = json!(at.as_u64().unwrap() - 3_600_000);
        }
        format!("{action}\n")
    });
    fs::write(table.commit(version), lines.collect::<String>()).unwrap();
}

/// Seconds since 1970 as people type them, by Debian's `date`.
fn rfc3339(seconds: u64) -> String {
    let date =
        std::process::Command::new("date").args(["-u", "-d", &format!("@{seconds}"), "+%FT%TZ"]).output().unwrap();
    String::from_utf8(date.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_vacuumed_target_is_refused_before_anything_is_written() {
    if is_left_out() {
        return;
    }
    let (desk, table, _) = good();
    table.overwrite();
    table.vacuum();
    let present = table.read();
    desk.belay(PLAN).says("dataset").says("gone");
    let said = desk.belay(&format!("{RUN} --json"));
    assert_eq!(left(&said.ends(6).answer("run"), "dataset"), "not_touched");
    assert_eq!(table.read(), present, "and the table can still be read");
    desk.is_sound();
}

#[test]
fn a_table_that_moved_on_after_the_plan_is_planned_again_within_the_mandate() {
    if is_left_out() {
        return;
    }
    let (desk, table, good) = good();
    table.overwrite();
    desk.belay(&format!("{PLAN} -o back.belay")).ends(0);
    table.append();
    let said = desk.belay("run back.belay --json");
    assert_eq!(left(&said.ends(0).answer("run"), "dataset"), "restored");
    assert_eq!(table.read(), Read { version: 5, rows: good.rows });
    desk.belay("run back.belay").ends(3).says("used");
}

#[test]
fn a_table_that_moved_on_beyond_the_mandate_is_left_alone() {
    if is_left_out() {
        return;
    }
    let (desk, table, _) = good();
    table.overwrite();
    desk.belay(&format!("{PLAN} -o back.belay")).ends(0);
    for _ in 0..6 {
        table.append();
    }
    let present = table.read();
    let said = desk.belay("run back.belay --json");
    assert_eq!(left(&said.ends(5).answer("run"), "dataset"), "not_touched");
    assert_eq!(table.read(), present);
    desk.is_sound();
}

#[test]
fn a_log_with_a_checkpoint_whose_older_commits_were_cleaned_up_is_read() {
    if is_left_out() {
        return;
    }
    let desk = Desk::new();
    let table = Table::create(&desk.table());
    // The library writes a checkpoint at version 99 by itself.
    for _ in 0..99 {
        table.append();
    }
    table.forget_commits_before(99);
    desk.capture("clicks");
    let good = table.read();
    assert_eq!(good.version, 101);
    table.overwrite();
    table.checkpoint();
    desk.belay(RUN).ends(0);
    assert_eq!(table.read(), Read { version: 103, rows: good.rows });
    table.append();
    desk.belay("run table-back clicks --at dataset=v50").ends(1).says("50");
}

#[test]
fn a_feature_that_nobody_knows_is_refused_by_name() {
    if is_left_out() {
        return;
    }
    let (desk, table, _) = good();
    table.overwrite();
    let protocol = json!({ "protocol": {
        "minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["teleport"], "writerFeatures": ["teleport"],
    } });
    table.commit_as_stranger(&[protocol]);
    desk.belay(PLAN).says("teleport");
    let said = desk.belay(&format!("{RUN} --json"));
    assert_eq!(left(&said.ends(6).answer("run"), "dataset"), "not_touched");
    assert!(!table.commit(5).exists(), "nothing was written");
    desk.belay("abort r-1 --reason unsupported").ends(0);

    // Somebody takes that commit back; the run is possible again.
    fs::remove_file(table.commit(4)).unwrap();
    desk.belay(RUN).ends(0);
    assert_eq!(table.read().rows, table.read_at(2).rows);
}

/// Two seconds is what streaming writers do; a fiftieth of one leaves belay no time between two commits.
#[test]
fn a_busy_writer_neither_starves_a_run_nor_makes_it_tell_tales() {
    if is_left_out() {
        return;
    }
    for (every, runs) in [("2", 1), ("0.02", 3)] {
        let (desk, table, good) = good();
        let writer = table.writer(every);
        let said: Vec<Said> = (0..runs).map(|_| desk.belay(&format!("{RUN} --json"))).collect();
        drop(writer);
        let ours: Vec<u64> = (3..=table.read().version).filter(|version| is_restore(&table, *version)).collect();
        for version in &ours {
            assert_eq!(table.read_at(*version).rows, good.rows, "each of belay's commits is whole");
        }
        let told: Vec<u64> = said.iter().filter_map(restored).collect();
        for said in &said {
            println!("every {every} s: {:?} after {} tries {}", said.status, tries(said), said.err.trim());
        }
        for version in told {
            assert_eq!(table.read_at(version).rows, good.rows, "what is said to be restored is: v{version}");
        }
        assert_eq!(ours.len(), said.iter().map(applied).sum::<usize>(), "belay knows each of its commits");
        desk.is_sound();
    }
}

/// The version that a run says it restored; nothing where it says that it halted or was refused.
fn restored(said: &Said) -> Option<u64> {
    let run = said.answer("run");
    match (said.status, left(&run, "dataset").as_str()) {
        (Some(0), "restored" | "already_as_desired") => {
            let after = run["receipt"]["stages"][0]["steps"][0]["after"].as_str().unwrap();
            Some(after.trim_start_matches('v').parse().unwrap())
        }
        (Some(1 | 5 | 6), "not_touched" | "changed") => None,
        (status, left) => panic!("{status:?}, {left}: {said}"),
    }
}

fn tries(said: &Said) -> usize {
    writes(&said.answer("run"), "dataset").len()
}

fn applied(said: &Said) -> usize {
    let kinds = writes(&said.answer("run"), "dataset");
    kinds.iter().filter(|kind| kind.starts_with("applied") || kind.contains("found_applied")).count()
}

fn is_restore(table: &Table, version: u64) -> bool {
    fs::read_to_string(table.commit(version)).unwrap().contains("RESTORE")
}
