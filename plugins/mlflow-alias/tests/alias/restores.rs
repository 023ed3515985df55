//! Where the alias stands, where it can go, and how it gets there.

use belay_sdk::{Past, Pin, Reference, Reversibility, Reverter as _, Write};
use mlflow_alias::{Config, MlflowAlias};
use serde_json::{Value, json};

use crate::recorded::{API, body, champion, moved, observe, plan, registry, restore, version, version_line};

fn content(pin: &Pin) -> Value {
    serde_json::from_str(&pin.state.content).unwrap()
}

#[test]
fn versions_of_every_source_are_described_alike() {
    let reads = registry();
    for (number, source, files) in [
        ("1", "runs:/", ["data/a b%ü+c.txt", "empty", "weights.bin"].as_slice()),
        (
            "2",
            "models:/m-",
            ["MLmodel", "conda.yaml", "python_env.yaml", "python_model.pkl", "requirements.txt"].as_slice(),
        ),
        ("3", "mlflow-artifacts:/", ["data/a b%ü+c.txt", "empty", "weights.bin"].as_slice()),
    ] {
        let pin = version(&reads, number).unwrap();
        let content = content(&pin);
        assert_eq!(pin.state.version, format!("v{number}"));
        assert_eq!(content["version"], number);
        assert!(content["source"].as_str().unwrap().starts_with(source), "{content}");
        let listed: Vec<&str> =
            content["artifacts"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
        assert_eq!(listed, files);
        let inputs: Vec<&Value> = content["inputs"].as_array().unwrap().iter().map(|input| &input["name"]).collect();
        assert_eq!(inputs, ["clicks", "items"]);
        let proof: Value = serde_json::from_str(&pin.proof).unwrap();
        assert_eq!(proof["sha256"].as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>(), files);
    }
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let proof: Value = serde_json::from_str(&version(&reads, "v1").unwrap().proof).unwrap();
    assert_eq!(proof["sha256"]["empty"], empty);
}

#[test]
fn the_alias_goes_back_and_forth() {
    for target in ["1", "v2"] {
        let before = Pin::without_proof(observe(&registry()).unwrap());
        let pin = version(&registry(), target).unwrap();
        let (reads, there) = restore(registry(), &pin);
        let [operation] = there.operations.as_slice() else { panic!("{there:?}") };
        assert_eq!(operation.summary, format!("alias champion: v3 → {}", pin.state.version));
        assert_eq!((operation.reversibility, operation.touches), (Reversibility::Reversible, 1));
        assert_eq!(there.notes, ["whatever loaded `champion` keeps its model until it loads it again"]);
        let (_, back) = restore(reads, &before);
        assert_eq!(
            back.notes[1],
            "only the names and sizes of its artifacts were checked: their bytes were not digested"
        );
    }
}

#[test]
fn the_write_is_the_one_that_the_registry_documents() {
    let change = plan(&registry(), &version(&registry(), "1").unwrap()).unwrap();
    let Write::Http(write) = &change.operations[0].write else { panic!("{change:?}") };
    assert_eq!(write.method, "POST");
    assert_eq!(
        serde_json::from_slice::<Value>(&write.body).unwrap(),
        json!({ "name": "ranker", "alias": "champion", "version": "1" })
    );
    assert_eq!(write.applied.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200]);
    assert!(write.refused.iter().all(|answer| answer.body.is_some()), "a proxy's refusal is none of MLflow's");
    assert!(!write.refused.iter().any(|answer| answer.status >= 500), "a server that failed may have done it");
}

#[test]
fn an_absent_alias_is_a_state_too() {
    let reads = moved(registry(), None);
    let absent = observe(&reads).unwrap();
    assert!(absent.is_absent());
    let present = MlflowAlias::locate(&reads, &champion(), Reference::Present).unwrap();
    assert!(present.state.is_absent());
    let (reads, set) = restore(reads, &version(&registry(), "2").unwrap());
    assert_eq!(set.operations[0].summary, "alias champion: absent → v2");
    let (_, gone) = restore(reads, &present);
    assert_eq!(gone.operations[0].summary, "alias champion: v2 → absent");
    assert_eq!(gone.operations[0].reversibility, Reversibility::Recoverable);
}

#[test]
fn the_present_is_captured_with_its_proof() {
    let pin = MlflowAlias::locate(&registry(), &champion(), Reference::Present).unwrap();
    assert_eq!(pin, version(&registry(), "3").unwrap());
    assert_ne!(pin.proof, "null");
}

#[test]
fn without_artifacts_nothing_is_asked_of_them() {
    let mut of = champion();
    of.config = Config { artifacts: false };
    let pin = MlflowAlias::locate(&registry(), &of, Reference::Version("1".to_owned())).unwrap();
    assert_eq!(content(&pin)["artifacts"], Value::Null);
    assert_eq!(pin.proof, "null");
    assert!(serde_json::from_str::<Config>("{}").unwrap().artifacts);
}

#[test]
fn history_goes_through_the_pages_and_stops_at_the_limit() {
    let history = |limit| MlflowAlias::history(&registry(), &champion(), limit).unwrap();
    let labels = |past: &[Past]| past.iter().map(|past| past.version.clone()).collect::<Vec<_>>();
    assert_eq!(labels(&history(100)), ["v3", "v2", "v1"]);
    assert_eq!(labels(&history(2)), ["v3", "v2"]);
    assert_eq!(labels(&history(1)), ["v3"]);
    assert!(history(100)[2].summary.starts_with("the first one · run "));
    assert!(history(100)[2].at.is_some());
}

#[test]
fn a_pin_keeps_what_was_written_down_and_a_later_tag_is_no_difference() {
    let reads = registry();
    let before = version(&reads, "v3").unwrap();
    let mut described: Value = serde_json::from_str(&body(&reads, &version_line("3"))).unwrap();
    let run_line = format!("GET {API}/runs/get?run_id={}", described["model_version"]["run_id"].as_str().unwrap());
    let mut run: Value = serde_json::from_str(&body(&reads, &run_line)).unwrap();
    described["model_version"]["tags"] = json!([{"key": "feature_view.clicks", "value": "3"}]);
    run["run"]["data"]["tags"] = json!([
        {"key": "feature_view.clicks", "value": "2"},
        {"key": "mlflow.user", "value": "ana"},
        {"key": "owner", "value": "ranking"},
        {"key": "long", "value": "x".repeat(501)},
    ]);
    let reads = reads.answer("registry", &version_line("3"), 200, described.to_string()).answer(
        "registry",
        &run_line,
        200,
        run.to_string(),
    );
    let pin = version(&reads, "v3").unwrap();
    let proof: Value = serde_json::from_str(&pin.proof).unwrap();
    assert_eq!(proof["tags"], json!({"feature_view.clicks": "3", "owner": "ranking"}));
    assert_eq!(pin.state.content, before.state.content);
    // What was pinned before the tags were written, or by an older belay, is still there.
    let mut older: Value = serde_json::from_str(&before.proof).unwrap();
    older.as_object_mut().unwrap().remove("tags");
    for pin in [before.clone(), Pin { proof: older.to_string(), ..before }] {
        plan(&moved(reads.clone(), Some("1")), &pin).unwrap();
    }
}
