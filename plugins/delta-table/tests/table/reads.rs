//! What the plugin sees in logs of every kind that it reads.

use crate::lake::{actions, commit, commit_key, lake, missing, observe, plan, table, version};
use belay_sdk::{Fault, Past, Reference, Reverter as _};
use delta_table::DeltaTable;
use serde_json::json;

fn time_of(reads: &belay_sdk::fake::Reads, version: u64) -> u64 {
    actions(reads, version)[0]["commitInfo"]["timestamp"].as_u64().unwrap()
}

#[test]
fn commits_and_checkpoints_tell_the_same_state() {
    for (fixture, latest) in [("partitioned", 2), ("schema-change", 3)] {
        let whole = observe(&lake(fixture)).unwrap();
        let mut reads = lake(&format!("{fixture}-checkpoint"));
        assert_eq!(observe(&reads).unwrap(), whole);
        for version in 0..=latest {
            reads.remove("lake", &commit_key(version));
        }
        assert_eq!(observe(&reads).unwrap(), whole, "{fixture} from the checkpoint alone");
    }
}

#[test]
fn compressed_and_plain_checkpoints_tell_the_same_state() {
    let plain = observe(&lake("checkpointed")).unwrap();
    assert_eq!(plain.version, "v102");
    assert_eq!(plain, observe(&lake("checkpointed-snappy")).unwrap());
}

#[test]
fn a_log_that_was_cleaned_up_reaches_back_to_its_checkpoint() {
    let reads = lake("checkpointed");
    assert_eq!(version(&reads, "v99").unwrap().state.version, "v99");
    assert_eq!(
        missing(version(&reads, "98")),
        "version 98 is no longer in the table's log, which reaches back to version 99"
    );
    assert_eq!(missing(version(&reads, "103")), "version 103 is not in the table's log, which ends before it");
}

#[test]
fn a_wrong_hint_at_the_last_checkpoint_changes_nothing() {
    let reads = lake("checkpointed");
    let (state, pin) = (observe(&reads).unwrap(), version(&reads, "100").unwrap());
    let change = plan(&reads, &pin).unwrap();
    for wrong in ["{\"version\":98}", "{\"version\":102}", "{\"version\":18446744073709551615}", "{}", "", "nonsense"] {
        let mut reads = lake("checkpointed");
        reads.put("lake", "shop/clicks/_delta_log/_last_checkpoint", wrong);
        assert_eq!(observe(&reads).unwrap(), state, "{wrong}");
        assert_eq!(version(&reads, "100").unwrap(), pin, "{wrong}");
        assert_eq!(plan(&reads, &pin).unwrap(), change, "{wrong}");
    }
}

#[test]
fn a_hundred_thousand_files_in_partitions_are_held() {
    let file = |n: u32| {
        let day = format!("2026-{:02}-{:02}", 1 + n % 12, 1 + n % 28);
        let path = format!("day={day}/part-{n:05}-8d6b2f0e-3c51-4e0b-9d25-{n:012}-c000.snappy.parquet");
        json!({ "add": { "path": path, "partitionValues": { "day": day }, "size": 10, "modificationTime": 0,
            "dataChange": true, "stats": "{\"numRecords\":1000}" } })
    };
    let mut reads = lake("partitioned");
    let latest = observe(&reads).unwrap().revision::<serde_json::Value>().unwrap()["version"].as_u64().unwrap();
    commit(&mut reads, latest + 1, &(0..100_000).map(file).collect::<Vec<_>>());
    let content: serde_json::Value = serde_json::from_str(&observe(&reads).unwrap().content).unwrap();
    assert_eq!(content["files"].as_u64().unwrap() / 100, 1_000, "{content}");
}

#[test]
fn a_moment_stands_for_the_latest_commit_that_is_not_later() {
    let reads = lake("plain");
    let at = |moment| DeltaTable::locate(&reads, &table(), Reference::At(moment)).map(|pin| pin.state.version);
    for version in 0..=3 {
        let latest_then =
            (version..=3).rev().find(|later| time_of(&reads, *later) == time_of(&reads, version)).unwrap();
        assert_eq!(at(time_of(&reads, version)), Ok(format!("v{latest_then}")));
    }
    assert_eq!(at(u64::MAX), Ok("v3".to_owned()));
    missing(at(time_of(&reads, 0) - 1));
}

#[test]
fn a_moment_of_which_two_clocks_tell_another_version_is_refused() {
    let mut reads = lake("plain");
    let at =
        |reads: &_, moment| DeltaTable::locate(reads, &table(), Reference::At(moment)).map(|pin| pin.state.version);
    let last = time_of(&reads, 3);
    let hour = 3_600_000;
    // Copied long after: the store's clock tells nothing of then.
    for version in 0..=3 {
        reads = reads.written("lake", &commit_key(version), last + 24 * hour);
    }
    assert_eq!(at(&reads, last), Ok("v3".to_owned()));
    // The store's clock goes with the writers'.
    for version in 0..=3 {
        let said = time_of(&reads, version);
        reads = reads.written("lake", &commit_key(version), said);
    }
    assert_eq!(at(&reads, last), Ok("v3".to_owned()));
    // The last writer's clock is an hour behind.
    reads = reads.written("lake", &commit_key(3), last + hour);
    match at(&reads, last + hour - 1) {
        Err(Fault::Unsupported(why)) => {
            assert!(why.contains("by its writers' the table was at v3, by its store's at v2"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(at(&reads, last + hour), Ok("v3".to_owned()));
}

#[test]
fn history_tells_the_latest_first() {
    let reads = lake("plain");
    let history = |limit| DeltaTable::history(&reads, &table(), limit).unwrap();
    let past = |version: u64, summary: &str| Past {
        version: format!("v{version}"),
        at: Some(time_of(&reads, version)),
        summary: summary.to_owned(),
    };
    let expected =
        [past(3, "WRITE Append"), past(2, "WRITE Overwrite"), past(1, "WRITE Append"), past(0, "WRITE ErrorIfExists")];
    assert_eq!(history(10), expected);
    assert_eq!(history(2), expected[..2]);
    assert_eq!(DeltaTable::history(&lake("checkpointed"), &table(), 10).unwrap().len(), 4);
}

#[test]
fn no_log_is_a_state_too() {
    let reads = belay_sdk::fake::Reads::default().object("lake", "shop/clicks/data.parquet", "x");
    let state = observe(&reads).unwrap();
    assert!(state.is_absent());
    assert!(DeltaTable::locate(&reads, &table(), Reference::Present).unwrap().state.is_absent());
    assert_eq!(DeltaTable::history(&reads, &table(), 10), Ok(Vec::new()));
    missing(version(&reads, "0"));
}
