//! What a restore does to tables that the `deltalake` library wrote.

use crate::lake::{
    NOW, actions, bytes_of, commit, commit_key, lake, observe, perform, plan, plan_path, restore, version,
};
use belay_sdk::{Pin, Reversibility};
use serde_json::{Value, json};

/// The actions of one kind in the newest commit.
fn newest(reads: &belay_sdk::fake::Reads, kind: &str) -> Vec<Value> {
    let latest: u64 = observe(reads).unwrap().version.trim_start_matches('v').parse().unwrap();
    actions(reads, latest).into_iter().filter_map(|action| action.get(kind).cloned()).collect()
}

#[test]
fn every_version_of_every_table_can_be_restored_and_undone() {
    for (fixture, versions) in
        [("plain", 0..3), ("partitioned", 0..2), ("schema-change", 0..3), ("checkpointed", 99..102)]
    {
        for target in versions {
            let mut reads = lake(fixture);
            let before = Pin::without_proof(observe(&reads).unwrap());
            let pin = version(&reads, &target.to_string()).unwrap();
            let done = restore(&mut reads, &pin);
            assert_eq!(done.operations.len(), 1, "{fixture} {target}");
            let undone = restore(&mut reads, &before);
            assert_eq!(undone.operations.len(), 1, "{fixture} {target}");
        }
    }
}

#[test]
fn a_restore_commit_names_its_run_and_keeps_the_old_files_for_undo() {
    let mut reads = lake("plain");
    let pin = version(&reads, "v1").unwrap();
    let change = restore(&mut reads, &pin);
    let [operation] = change.operations.as_slice() else { panic!("{change:?}") };
    assert_eq!(operation.summary, "restore the content of v1 as v4");
    assert_eq!(operation.reversibility, Reversibility::Reversible);
    assert_eq!(operation.touches, 4);

    let info = &newest(&reads, "commitInfo")[0];
    assert_eq!(info["operation"], "RESTORE");
    assert_eq!(info["operationParameters"], json!({ "version": "1" }));
    assert_eq!(info["readVersion"], 3);
    assert_eq!(info["timestamp"], NOW);
    assert_eq!(info["txnId"], "r-77/restore/dataset");

    let removes = newest(&reads, "remove");
    assert_eq!(removes.len(), 2);
    assert!(removes.iter().all(|file| file["deletionTimestamp"] == NOW && file["dataChange"] == true));
    let adds = newest(&reads, "add");
    assert_eq!(adds.len(), 2);
    let original = actions(&reads, 0).into_iter().find_map(|action| action.get("add").cloned()).unwrap();
    let again = adds.iter().find(|add| add["path"] == original["path"]).unwrap();
    assert_eq!(again["stats"], original["stats"]);
    assert_eq!(again["modificationTime"], original["modificationTime"]);
    assert!(newest(&reads, "metaData").is_empty());
    assert!(newest(&reads, "protocol").is_empty());
}

#[test]
fn what_is_set_aside_is_counted_in_commits_and_rows() {
    let reads = lake("plain");
    let loss = plan(&reads, &version(&reads, "1").unwrap()).unwrap().loss.unwrap();
    assert_eq!((loss.changes, loss.rows), (2, Some(3)));
    assert_eq!(json!(loss.since), actions(&reads, 2)[0]["commitInfo"]["timestamp"]);
    let loss = plan(&reads, &version(&reads, "2").unwrap()).unwrap().loss.unwrap();
    assert_eq!((loss.changes, loss.rows), (1, Some(1)));
}

#[test]
fn rows_that_a_compaction_moved_are_not_counted_as_set_aside() {
    let mut reads = lake("plain");
    let pin = version(&reads, "3").unwrap();
    let live: Vec<Value> =
        [2, 3].iter().flat_map(|v| actions(&reads, *v)).filter_map(|a| a.get("add").cloned()).collect();
    let mut compacted = live[0].clone();
    compacted["path"] = json!("compacted.parquet");
    compacted["dataChange"] = json!(false);
    let mut optimize = vec![json!({ "commitInfo": { "timestamp": 4 } }), json!({ "add": compacted })];
    optimize.extend(live.iter().map(|add| json!({ "remove": { "path": add["path"], "dataChange": false } })));
    commit(&mut reads, 4, &optimize);
    let loss = plan(&reads, &pin).unwrap().loss.unwrap();
    assert_eq!((loss.since, loss.changes, loss.rows), (4, 1, None));
}

#[test]
fn the_schema_and_the_properties_go_back_and_the_plan_says_so() {
    let mut reads = lake("schema-change");
    let change = restore(&mut reads, &version(&lake("schema-change"), "v1").unwrap());
    assert_eq!(
        change.notes,
        [
            "the schema goes back: `score` leaves",
            "table properties go back: `delta.enableExpiredLogCleanup`",
            "undo works until a VACUUM past the table's retention (a week by default)",
        ]
    );
    let metadata = newest(&reads, "metaData");
    let original = actions(&reads, 0).into_iter().find_map(|action| action.get("metaData").cloned()).unwrap();
    assert_eq!(metadata, [original]);
}

#[test]
fn the_protocol_stays_and_the_plan_says_so() {
    let mut reads = lake("plain");
    let pin = version(&reads, "1").unwrap();
    let upgrade = json!({ "protocol": { "minReaderVersion": 1, "minWriterVersion": 4 } });
    commit(&mut reads, 4, &[json!({ "commitInfo": { "timestamp": 4 } }), upgrade]);
    let change = restore(&mut reads, &pin);
    assert_eq!(change.notes[0], "the protocol does not go back: it stays at reader 1 and writer 4");
    assert!(newest(&reads, "protocol").is_empty());
}

#[test]
fn streaming_writers_keep_their_place_and_raise_the_risk() {
    let mut reads = lake("plain");
    let pin = version(&reads, "3").unwrap();
    let add = actions(&reads, 0).into_iter().find_map(|action| action.get("add").cloned()).unwrap();
    let txn = json!({ "txn": { "appId": "clickstream", "version": 12 } });
    commit(&mut reads, 4, &[json!({ "commitInfo": { "timestamp": 4 } }), txn, json!({ "add": add })]);
    let change = restore(&mut reads, &pin);
    assert!(change.factors[0].cause.contains("`clickstream`"), "{:?}", change.factors);
    assert!(newest(&reads, "txn").is_empty());
}

#[test]
fn a_path_starts_each_step_where_the_one_before_ends() {
    let mut reads = lake("plain");
    let pins = ["1", "3", "3", "0"].map(|label| version(&reads, label).unwrap());
    let changes = plan_path(&reads, &pins).unwrap();
    assert_eq!(changes.iter().map(|change| change.operations.len()).collect::<Vec<_>>(), [1, 1, 0, 1]);
    for (change, pin) in changes.iter().zip(&pins) {
        for operation in &change.operations {
            perform(&mut reads, operation).unwrap();
        }
        assert_eq!(observe(&reads).unwrap().content, pin.state.content);
    }
    assert_eq!(observe(&reads).unwrap().version, "v6");
}

#[test]
fn a_table_that_moved_on_after_the_plan_refuses_the_commit() {
    let mut reads = lake("plain");
    let pin = version(&reads, "1").unwrap();
    let planned = plan(&reads, &pin).unwrap();
    let add = actions(&reads, 0).into_iter().find_map(|action| action.get("add").cloned()).unwrap();
    commit(&mut reads, 4, &[json!({ "add": add })]);
    assert!(perform(&mut reads, &planned.operations[0]).is_err());
    restore(&mut reads, &pin);
    assert_eq!(observe(&reads).unwrap().version, "v5");
}

#[test]
fn the_same_call_gives_the_same_bytes() {
    let reads = lake("partitioned");
    let pin = version(&reads, "0").unwrap();
    assert_eq!(plan(&reads, &pin).unwrap(), plan(&reads, &pin).unwrap());
    assert!(bytes_of(&reads, &commit_key(3)).is_none());
}
