//! What can't be restored, and answers that are none.

use belay_sdk::{Desired, Fault, Pin, Reference, Reverter as _, fake};
use mlflow_alias::MlflowAlias;

use crate::recorded::{
    FILES, alias_line, body, champion, folder_of, moved, observe, of, plan, registry, restore, version, version_line,
};

fn missing<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    match result {
        Err(Fault::Missing(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// Version 1's file `weights.bin` as a line.
fn weights(reads: &fake::Reads) -> String {
    format!("GET {FILES}/{}/weights.bin", folder_of(reads, "1"))
}

#[test]
fn a_deleted_version_is_missing_by_its_number() {
    let pin = version(&registry(), "1").unwrap();
    let gone = body(&registry(), &version_line("99"));
    let reads = registry().answer("registry", &version_line("1"), 404, gone);
    assert_eq!(missing(plan(&reads, &pin)), "version 1 of `ranker` is not in the registry");
    assert_eq!(missing(version(&reads, "99")), "version 99 of `ranker` is not in the registry");
    assert!(missing(MlflowAlias::observe(&reads, &of("nothing@champion"))).contains("name=nothing not found"));
}

#[test]
fn an_artifact_that_is_gone_is_named() {
    let pin = version(&registry(), "1").unwrap();
    let list = format!("GET {FILES}?path={}", folder_of(&registry(), "1"));
    let shorter = r#"{"files":[{"path":"data","is_dir":true},{"path":"empty","is_dir":false,"file_size":7}]}"#;
    let reads = registry().answer("registry", &list, 200, shorter);
    assert_eq!(
        missing(plan(&reads, &pin)),
        "version 1 of `ranker` is not what was pinned: artifact `empty` has 7 bytes instead of 0; artifact \
         `weights.bin` is gone"
    );
    let nothing = registry().answer("registry", &list, 200, "{}");
    assert!(missing(version(&nothing, "1")).contains("the artifacts of version 1 are gone"));
    let unreadable = registry().answer("registry", &weights(&registry()), 404, "{}");
    assert_eq!(missing(plan(&unreadable, &pin)), "artifact `weights.bin` of version 1 is gone");
}

#[test]
fn bytes_that_changed_under_the_same_name_and_size_are_noticed() {
    let pin = version(&registry(), "1").unwrap();
    let bytes = body(&registry(), &weights(&registry()));
    let other = registry().answer("registry", &weights(&registry()), 200, "x".repeat(bytes.len()));
    assert_eq!(
        missing(plan(&other, &pin)),
        "the bytes of artifact `weights.bin` of version 1 are not those that were pinned"
    );
    let shorter = registry().answer("registry", &weights(&registry()), 200, "x");
    assert!(matches!(plan(&shorter, &pin), Err(Fault::Unexpected(_))));
    plan(&other, &Pin::without_proof(pin.state)).unwrap();
}

#[test]
fn what_lies_elsewhere_is_seen_but_not_gone_back_to() {
    let mut found: serde_json::Value = serde_json::from_str(&body(&registry(), &version_line("1"))).unwrap();
    found["model_version"]["source"] = "s3://bucket/model".into();
    let bucket = registry().answer("registry", &version_line("1"), 200, found.to_string());
    match version(&bucket, "1") {
        Err(Fault::Unsupported(why)) => assert!(why.contains("`s3://bucket/model`"), "{why}"),
        other => panic!("{other:?}"),
    }
    let at_one = moved(bucket, Some("1"));
    let undo = Pin::without_proof(observe(&at_one).unwrap());
    let (reads, _) = restore(at_one, &version(&registry(), "2").unwrap());
    let (_, back) = restore(reads, &undo);
    assert_eq!(back.notes[1], "its artifacts were not checked");
}

#[test]
fn a_version_that_is_not_ready_is_not_gone_back_to() {
    let pending = body(&registry(), &version_line("1")).replace("READY", "PENDING_REGISTRATION");
    let reads = registry().answer("registry", &version_line("1"), 200, pending);
    assert_eq!(missing(version(&reads, "1")), "version 1 is PENDING_REGISTRATION");
}

#[test]
fn answers_of_others_than_mlflow_are_no_answers() {
    let at_alias = |status: u16, body: &str| observe(&registry().answer("registry", &alias_line(), status, body));
    let refusal = r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Invalid alias"}"#;
    for (status, body) in
        [(200, "<html>Sign in</html>"), (200, "{}"), (404, "<html>"), (404, ""), (400, refusal), (302, "")]
    {
        assert!(matches!(at_alias(status, body), Err(Fault::Unexpected(_))), "{status} {body}");
    }
    for status in [401, 403, 429, 500, 503] {
        assert!(matches!(at_alias(status, "{}"), Err(Fault::Unavailable(_))), "{status}");
    }
    assert!(matches!(observe(&registry().unreachable("registry")), Err(Fault::Unavailable(_))));
}

#[test]
fn what_an_alias_can_not_be_asked_is_declined() {
    let at = MlflowAlias::locate(&registry(), &champion(), Reference::At(1));
    assert!(matches!(at, Err(Fault::Unsupported(why)) if why.contains("no history of aliases")));
    for label in ["", "v", "champion", "-1"] {
        assert!(matches!(version(&registry(), label), Err(Fault::Invalid(_))), "{label}");
    }
    let mut older = version(&registry(), "1").unwrap();
    older.state.content = r#"{"version":"1"}"#.to_owned();
    let moment = belay_sdk::Context { now: 1, key: "k".to_owned() };
    let planned = MlflowAlias::plan(
        &registry(),
        &moment,
        &champion(),
        observe(&registry()).unwrap(),
        vec![Desired::Pinned(older)],
    );
    assert!(planned.is_err(), "a pin of another shape is not understood");
}
