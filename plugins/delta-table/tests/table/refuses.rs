//! What the plugin declines, and how it says so.

use crate::lake::{actions, bytes_of, commit, commit_key, lake, missing, observe, plan, table, unsupported, version};
use belay_sdk::{Desired, Fault, Pin, Reference, Resource, Reverter as _, State};
use delta_table::{Config, DeltaTable};
use serde_json::json;

#[test]
fn what_it_does_not_know_is_refused_by_name() {
    for (fixture, name) in [
        ("unknown-feature", "the table needs reader feature `teleport`"),
        ("deletion-vector", "the table has deletion vectors: `"),
        ("multi-part-checkpoint", "version 3 of the table has a multi-part checkpoint"),
        ("v2-checkpoint", "version 3 of the table has a V2 checkpoint (named by a UUID)"),
    ] {
        let why = unsupported(observe(&lake(fixture)));
        assert!(why.starts_with(name), "{fixture}: {why}");
    }
}

#[test]
fn actions_that_cannot_be_put_back_are_refused_by_name() {
    let add = |path: &str| json!({ "add": { "path": path, "partitionValues": {}, "size": 1, "modificationTime": 1, "dataChange": true } });
    for (action, name) in [
        (add("s3://elsewhere/x.parquet"), "outside its folder"),
        (add("/elsewhere/x.parquet"), "outside its folder"),
        (
            json!({ "domainMetadata": { "domain": "delta.clustering", "configuration": "", "removed": false } }),
            "`delta.clustering`",
        ),
        (json!({ "sidecar": {} }), "V2 checkpoint"),
        (json!({ "remove": { "path": "x", "dataChange": true, "deletionVector": {} } }), "deletion vectors"),
    ] {
        let mut reads = lake("plain");
        commit(&mut reads, 4, &[action]);
        let why = unsupported(observe(&reads));
        assert!(why.contains(name), "{why}");
    }
}

#[test]
fn an_append_only_table_keeps_its_files() {
    let mut reads = lake("plain");
    let pin = version(&reads, "1").unwrap();
    let mut metadata = actions(&reads, 0).into_iter().find(|action| action.get("metaData").is_some()).unwrap();
    metadata["metaData"]["configuration"] = json!({ "delta.appendOnly": "true" });
    commit(&mut reads, 4, &[metadata]);
    assert!(unsupported(plan(&reads, &pin)).contains("append-only"));
}

#[test]
fn a_vacuumed_target_is_missing_and_its_files_are_named() {
    let mut reads = lake("plain");
    let pin = version(&reads, "1").unwrap();
    let added = actions(&reads, 0).into_iter().find_map(|action| action.get("add").cloned()).unwrap();
    let file = added["path"].as_str().unwrap();
    let key = format!("shop/clicks/{file}");
    let bytes = bytes_of(&reads, &key).unwrap();
    reads.remove("lake", &key);
    let why = format!("1 of the 2 files of version 1 are gone, perhaps vacuumed: `{file}`");
    assert_eq!(missing(plan(&reads, &pin)), why);
    assert_eq!(missing(version(&reads, "1")), why);
    reads.put("lake", &key, &bytes[1..]);
    assert_eq!(missing(plan(&reads, &pin)), why, "a file of another size is not the file");
    observe(&reads).unwrap();
}

#[test]
fn a_pin_of_another_table_is_not_restored() {
    let reads = lake("plain");
    let mut pin = version(&reads, "1").unwrap();
    pin.state.content = version(&lake("schema-change"), "1").unwrap().state.content;
    assert!(missing(plan(&reads, &pin)).contains("made anew"));
}

#[test]
fn an_observation_that_the_log_denies_is_not_built_on() {
    let reads = lake("plain");
    let pin = version(&reads, "1").unwrap();
    let observed = State { revision: r#"{"version":2}"#.to_owned(), ..observe(&reads).unwrap() };
    let moment = belay_sdk::Context { now: 1, key: "k".to_owned() };
    let planned = DeltaTable::plan(&reads, &moment, &table(), observed, vec![Desired::Pinned(pin)]);
    assert!(matches!(planned, Err(Fault::Unexpected(why)) if why.contains("not what was observed")));
}

#[test]
fn a_table_is_neither_deleted_nor_conjured_up() {
    let none = belay_sdk::fake::Reads::default();
    let absent = Pin::without_proof(observe(&none).unwrap());
    let reads = lake("plain");
    assert!(unsupported(plan(&reads, &absent)).contains("deletes none"));
    assert!(missing(plan(&none, &version(&reads, "1").unwrap())).contains("there is no table"));
    assert!(plan(&none, &absent).unwrap().operations.is_empty());
}

#[test]
fn a_broken_log_is_an_unexpected_answer() {
    let mut gap = lake("plain");
    gap.remove("lake", &commit_key(1));
    let mut torn = lake("plain");
    torn.put("lake", &commit_key(3), "{\"add\":{\"path\":");
    let mut page = lake("plain");
    page.put("lake", &commit_key(3), "<html>busy</html>");
    let mut checkpoint = lake("checkpointed");
    checkpoint.put("lake", "shop/clicks/_delta_log/00000000000000000099.checkpoint.parquet", "PAR1");
    for reads in [gap, torn, page, checkpoint] {
        assert!(matches!(observe(&reads), Err(Fault::Unexpected(_))), "{:?}", observe(&reads));
    }
}

#[test]
fn ids_and_labels_that_make_no_sense_are_invalid() {
    let reads = lake("plain");
    for id in ["", "/clicks", "clicks/", "a/../b", "a//b"] {
        let of = Resource { connection: "lake".to_owned(), id: id.to_owned(), config: Config {} };
        assert!(matches!(DeltaTable::observe(&reads, &of), Err(Fault::Invalid(_))), "{id}");
    }
    for label in ["", "v", "latest", "-1", "1.5"] {
        let located = DeltaTable::locate(&reads, &table(), Reference::Version(label.to_owned()));
        assert!(matches!(located, Err(Fault::Invalid(_))), "{label}");
    }
}
