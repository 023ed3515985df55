//! The plugin on what a catalog answered; `tests/lab/record_iceberg.py` records it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use belay_sdk::{
    Change, Context, Desired, Fault, HttpWrite, NoAttributes, Operation, Pin, Reference, Resource, Reverter, State,
    Write, fake,
};
use iceberg_table::{Config, IcebergTable};
use serde_json::{Value, json};

const PATH: &str = "/v1/namespaces/shop/tables/clicks";

fn recorded(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("fixtures/answers.json")).unwrap();
    all[name].clone()
}

/// A catalog in a recorded state.
fn catalog(name: &str) -> fake::Reads {
    catalog_of(&recorded(name))
}

fn catalog_of(answer: &Value) -> fake::Reads {
    let (status, body) = (answer["status"].as_u64().unwrap().try_into().unwrap(), answer["body"].to_string());
    fake::Reads::default().answer("lake", &format!("GET {PATH}"), status, &body).answer(
        "lake",
        &format!("GET {PATH}?snapshots=refs"),
        status,
        &body,
    )
}

fn of(id: &str) -> Resource<Config> {
    let config = Config { prefix: String::new(), separator: None };
    Resource { connection: "lake".to_owned(), id: id.to_owned(), config }
}

fn main_branch() -> Resource<Config> {
    of("shop.clicks@main")
}

fn observe(reads: &fake::Reads) -> State {
    IcebergTable::observe(reads, &main_branch()).unwrap()
}

fn plan(reads: &fake::Reads, of: &Resource<Config>, path: Vec<Pin>) -> Result<Vec<Change>, Fault> {
    let observed = IcebergTable::observe(reads, of).unwrap();
    let path = path.into_iter().map(Desired::<NoAttributes>::Pinned).collect();
    IcebergTable::plan(reads, &Context { now: 1, key: "k".to_owned() }, of, observed, path)
}

fn only(change: &Change) -> (&Operation, &HttpWrite) {
    let [operation] = change.operations.as_slice() else { panic!("{change:?}") };
    match &operation.write {
        Write::Http(write) => (operation, write),
        Write::Object(_) | Write::Keyvalue(_) => panic!("{operation:?}"),
    }
}

fn snapshot(name: &str) -> i64 {
    recorded(name)["body"]["metadata"]["current-snapshot-id"].as_i64().unwrap()
}

fn good() -> Pin {
    IcebergTable::locate(&catalog("good"), &main_branch(), Reference::Present).unwrap()
}

#[test]
fn a_branch_is_set_back_by_a_commit_that_names_what_it_expects() {
    let reads = catalog("bad");
    let change = plan(&reads, &main_branch(), vec![good()]).unwrap().remove(0);
    let (operation, write) = only(&change);
    let body: Value = serde_json::from_slice(&write.body).unwrap();
    assert_eq!((write.method.as_str(), write.path.as_str()), ("POST", PATH));
    let uuid = &recorded("bad")["body"]["metadata"]["table-uuid"];
    let expected = json!({
        "requirements": [
            { "type": "assert-table-uuid", "uuid": uuid },
            { "type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": snapshot("bad") },
        ],
        "updates": [{
            "action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": snapshot("good"),
        }],
    });
    assert_eq!(body, expected);
    assert_eq!(operation.yields, good().state.content);
    // An overwrite and an append: three snapshots, of which one only deletes.
    let loss = change.loss.unwrap();
    assert_eq!((loss.changes, loss.rows, operation.touches), (3, Some(6), 4));
    assert!(
        change.notes.iter().any(|note| note.starts_with("the schema does not roll back: the table keeps schema 1"))
    );
}

#[test]
fn what_is_restored_is_the_same_content_and_needs_nothing_more() {
    let reads = catalog("restored");
    assert_eq!(observe(&reads).content, good().state.content);
    assert_ne!(observe(&reads).revision, good().state.revision);
    let changes = plan(&reads, &main_branch(), vec![good(), good()]).unwrap();
    assert!(changes.iter().all(|change| change.operations.is_empty()));
}

#[test]
fn the_catalogs_answers_are_told_apart() {
    let reads = catalog("bad");
    let change = plan(&reads, &main_branch(), vec![good()]).unwrap().remove(0);
    let (_, write) = only(&change);
    let says = |answers: &[belay_sdk::Answer], answer: &Value| {
        answers.iter().any(|rule| {
            u64::from(rule.status) == answer["status"].as_u64().unwrap()
                && rule.body.as_ref().is_none_or(|(pointer, _)| answer["body"].pointer(pointer).is_some())
        })
    };
    assert!(says(&write.applied, &recorded("commit")) && !says(&write.refused, &recorded("commit")));
    assert!(says(&write.refused, &recorded("repeat")) && !says(&write.applied, &recorded("repeat")));
}

#[test]
fn a_path_starts_where_the_step_before_ended() {
    let reads = catalog("bad");
    let bad = Pin::without_proof(observe(&reads));
    let changes = plan(&reads, &main_branch(), vec![good(), bad]).unwrap();
    let body: Value = serde_json::from_slice(&only(&changes[1]).1.body).unwrap();
    assert_eq!(body["requirements"][1]["snapshot-id"], json!(snapshot("good")));
    assert_eq!(body["updates"][0]["snapshot-id"], json!(snapshot("bad")));
    assert!(changes[1].loss.is_none(), "the path leads forward");
}

#[test]
fn a_snapshot_that_was_expired_is_missing() {
    let reads = catalog("expired");
    let bad = IcebergTable::locate(&catalog("bad"), &main_branch(), Reference::Present).unwrap();
    assert!(matches!(plan(&reads, &main_branch(), vec![bad]), Err(Fault::Missing(why)) if why.contains("expired")));
    let located = IcebergTable::locate(&reads, &main_branch(), Reference::Version(snapshot("bad").to_string()));
    assert!(matches!(located, Err(Fault::Missing(_))), "{located:?}");
}

#[test]
fn a_table_that_was_made_anew_is_another() {
    let mut answer = recorded("bad");
    answer["body"]["metadata"]["table-uuid"] = json!("another");
    let planned = plan(&catalog_of(&answer), &main_branch(), vec![good()]);
    assert!(matches!(&planned, Err(Fault::Missing(why)) if why.contains("made anew")), "{planned:?}");
}

#[test]
fn a_state_is_found_by_number_by_name_and_by_time() {
    let reads = catalog("bad");
    let locate = |reference| IcebergTable::locate(&reads, &main_branch(), reference).map(|pin| pin.state.content);
    assert_eq!(locate(Reference::Version(snapshot("good").to_string())), Ok(good().state.content));
    assert_eq!(locate(Reference::Version("v8".to_owned())), Ok(good().state.content));
    let log = recorded("bad")["body"]["metadata"]["snapshot-log"].clone();
    let at = |index: usize| log[index]["timestamp-ms"].as_u64().unwrap();
    assert_eq!(locate(Reference::At(at(1))), Ok(good().state.content));
    assert_eq!(locate(Reference::At(at(2) - 1)), Ok(good().state.content));
    assert!(matches!(locate(Reference::At(at(0) - 1)), Err(Fault::Missing(_))));
    assert!(matches!(locate(Reference::Version("v9".to_owned())), Err(Fault::Invalid(_))));
    let past = IcebergTable::history(&reads, &main_branch(), 2).unwrap();
    assert_eq!((past.len(), past[0].version.clone()), (2, snapshot("bad").to_string()));
    assert_eq!(past[0].summary, "append · 3 rows added");
}

#[test]
fn an_absent_branch_is_a_state_and_an_absent_table_too() {
    let reads = catalog("bad");
    let audit = of("shop.clicks@audit");
    let absent = IcebergTable::observe(&reads, &audit).unwrap();
    assert!(absent.is_absent());
    let change = plan(&reads, &audit, vec![good()]).unwrap().remove(0);
    let body: Value = serde_json::from_slice(&only(&change).1.body).unwrap();
    assert_eq!(
        body["requirements"][1],
        json!({ "type": "assert-ref-snapshot-id", "ref": "audit", "snapshot-id": null })
    );

    let tag = of("shop.clicks@v8");
    let change = plan(&reads, &tag, vec![Pin::without_proof(absent.clone())]).unwrap().remove(0);
    let body: Value = serde_json::from_slice(&only(&change).1.body).unwrap();
    assert_eq!(body["updates"][0], json!({ "action": "remove-snapshot-ref", "ref-name": "v8" }));
    let declined = plan(&reads, &main_branch(), vec![Pin::without_proof(absent)]);
    assert!(matches!(declined, Err(Fault::Unsupported(_))), "{declined:?}");

    let nothing = catalog("no table");
    let gone = observe(&nothing);
    assert!(gone.is_absent());
    let restored = plan(&nothing, &main_branch(), vec![good()]);
    assert!(matches!(&restored, Err(Fault::Missing(why)) if why.contains("shop.clicks")), "{restored:?}");
    let dropped = plan(&reads, &main_branch(), vec![Pin::without_proof(gone)]);
    assert!(matches!(dropped, Err(Fault::Unsupported(_))), "{dropped:?}");
}

#[test]
fn how_long_a_branch_is_kept_goes_with_the_commit_that_replaces_it() {
    let mut answer = recorded("bad");
    answer["body"]["metadata"]["refs"]["main"]["min-snapshots-to-keep"] = json!(7);
    let change = plan(&catalog_of(&answer), &main_branch(), vec![good()]).unwrap().remove(0);
    let body: Value = serde_json::from_slice(&only(&change).1.body).unwrap();
    assert_eq!(body["updates"][0]["min-snapshots-to-keep"], json!(7));
}

#[test]
fn what_is_no_answer_of_a_catalogs_is_never_an_absence() {
    for (status, body) in
        [(404, "<html>"), (404, ""), (200, "<html>"), (200, "{}"), (401, "{}"), (500, "{}"), (302, "")]
    {
        let reads = fake::Reads::default().answer("lake", &format!("GET {PATH}?snapshots=refs"), status, body);
        let observed = IcebergTable::observe(&reads, &main_branch());
        assert!(matches!(observed, Err(Fault::Unexpected(_) | Fault::Unavailable(_))), "{status} {body}: {observed:?}");
    }
    let namespace = r#"{"error":{"message":"no such namespace","type":"NoSuchNamespaceException","code":404}}"#;
    let reads = fake::Reads::default().answer("lake", &format!("GET {PATH}?snapshots=refs"), 404, namespace);
    assert!(matches!(IcebergTable::observe(&reads, &main_branch()), Err(Fault::Missing(_))));
}
