//! A registry in memory that answers as the recorded one did, and moves the alias as it would.

use std::collections::BTreeMap;

use belay_sdk::{
    Change, Context, Desired, Fault, NoAttributes, Operation, Pin, Reads, Reference, Resource, Reverter as _, State,
    Write, fake,
};
use mlflow_alias::{Config, MlflowAlias};
use serde::Deserialize;
use serde_json::Value;

pub(crate) const API: &str = "/api/2.0/mlflow";
pub(crate) const FILES: &str = "/api/2.0/mlflow-artifacts/artifacts";

#[derive(Deserialize)]
struct Recorded {
    status: u16,
    text: Option<String>,
    hex: Option<String>,
}

/// What the server answered: the alias `champion` of `ranker` stands at 3.
pub(crate) fn registry() -> fake::Reads {
    let answers: BTreeMap<String, Recorded> = serde_json::from_str(include_str!("../fixtures/answers.json")).unwrap();
    answers.into_iter().fold(fake::Reads::default(), |reads, (line, answer)| {
        let text = answer.text.map(String::into_bytes);
        let body = text.or_else(|| answer.hex.as_deref().map(unhex)).unwrap();
        reads.answer("registry", &line, answer.status, body)
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

pub(crate) fn of(id: &str) -> Resource<Config> {
    Resource { connection: "registry".to_owned(), id: id.to_owned(), config: Config { artifacts: true } }
}

pub(crate) fn champion() -> Resource<Config> {
    of("ranker@champion")
}

pub(crate) fn alias_line() -> String {
    format!("GET {API}/registered-models/alias?name=ranker&alias=champion")
}

/// The body that answers a line.
pub(crate) fn body(reads: &fake::Reads, line: &str) -> String {
    let reads: &dyn Reads = reads;
    let answer = reads.get("registry", line.strip_prefix("GET ").unwrap()).unwrap();
    String::from_utf8(answer.body).unwrap()
}

pub(crate) fn version_line(version: &str) -> String {
    format!("GET {API}/model-versions/get?name=ranker&version={version}")
}

/// Where the files of the version that is registered from a run lie.
pub(crate) fn folder_of(reads: &fake::Reads, version: &str) -> String {
    let described: Value = serde_json::from_str(&body(reads, &version_line(version))).unwrap();
    format!("1/{}/artifacts/model", described["model_version"]["run_id"].as_str().unwrap())
}

/// The alias at another version, or absent.
pub(crate) fn moved(reads: fake::Reads, version: Option<&str>) -> fake::Reads {
    match version {
        Some(version) => {
            let answer = body(&reads, &version_line(version));
            reads.answer("registry", &alias_line(), 200, answer)
        }
        None => {
            let absent = body(&reads, &format!("GET {API}/registered-models/alias?name=ranker&alias=nobody"));
            reads.answer("registry", &alias_line(), 400, absent)
        }
    }
}

pub(crate) fn observe(reads: &fake::Reads) -> Result<State, Fault> {
    MlflowAlias::observe(reads, &champion())
}

pub(crate) fn version(reads: &fake::Reads, label: &str) -> Result<Pin, Fault> {
    MlflowAlias::locate(reads, &champion(), Reference::Version(label.to_owned()))
}

pub(crate) fn plan(reads: &fake::Reads, pin: &Pin) -> Result<Change, Fault> {
    let moment = Context { now: 1, key: "r-77".to_owned() };
    let path = vec![Desired::<NoAttributes>::Pinned(pin.clone())];
    Ok(MlflowAlias::plan(reads, &moment, &champion(), observe(reads)?, path)?.remove(0))
}

/// Does what the server would do.
pub(crate) fn perform(reads: fake::Reads, operation: &Operation) -> fake::Reads {
    let Write::Http(write) = &operation.write else { panic!("{operation:?}") };
    assert_eq!(
        (write.connection.as_str(), write.path.as_str()),
        ("registry", "/api/2.0/mlflow/registered-models/alias")
    );
    let sent: Value = serde_json::from_slice(&write.body).unwrap();
    assert_eq!((&sent["name"], &sent["alias"]), (&Value::from("ranker"), &Value::from("champion")));
    match write.method.as_str() {
        "POST" => moved(reads, sent["version"].as_str()),
        "DELETE" => moved(reads, None),
        method => panic!("{method}"),
    }
}

/// Plans, performs, and checks what every restore must hold.
pub(crate) fn restore(reads: fake::Reads, pin: &Pin) -> (fake::Reads, Change) {
    let change = plan(&reads, pin).unwrap();
    let reads = change.operations.iter().fold(reads, perform);
    let now = observe(&reads).unwrap();
    assert_eq!(now.content, pin.state.content);
    assert!(change.operations.iter().all(|operation| operation.yields == now.content));
    assert_eq!(plan(&reads, pin).unwrap(), Change::nothing());
    (reads, change)
}
