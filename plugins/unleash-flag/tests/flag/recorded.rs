//! A server in memory that answers as the recorded one did at a moment of its story: `bare`, `released` (a strategy for
//! staff, one for 25 %), `everybody` (staff removed, 100 %), `off`, `archived`.

use std::collections::BTreeMap;

use belay_sdk::{
    Change, Context, Desired, Fault, HttpWrite, Operation, Pin, Reference, Resource, Reverter as _, State, Write, fake,
};
use serde::Deserialize;
use serde_json::Value;
use unleash_flag::{Attributes, Config, UnleashFlag};

pub(crate) const ENVIRONMENT: &str = "/api/admin/projects/default/features/ranker/environments/production";
pub(crate) const FEATURE: &str = "GET /api/admin/projects/default/features/ranker";
pub(crate) const EVENTS: &str = "GET /api/admin/search/events?feature=IS%3Aranker&environment=IS%3Aproduction&limit=1";
pub(crate) const SERVED: &str = "GET /api/client/features?namePrefix=ranker";

#[derive(Clone, Deserialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

#[derive(Deserialize)]
struct Recorded {
    moments: BTreeMap<String, BTreeMap<String, Answer>>,
    refusals: BTreeMap<String, Answer>,
}

fn recorded() -> Recorded {
    serde_json::from_str(include_str!("../fixtures/answers.json")).unwrap()
}

/// The server at a moment. Its segment is there throughout.
pub(crate) fn at(moment: &str) -> fake::Reads {
    let mut moments = recorded().moments;
    let segment = moments["everybody"].iter().filter(|(line, _)| line.contains("segments"));
    let segment: Vec<_> = segment.map(|(line, answer)| (line.clone(), answer.clone())).collect();
    let answers = moments.remove(moment).unwrap();
    answers.into_iter().chain(segment).fold(fake::Reads::default(), |reads, (line, answer)| {
        let (connection, line) = line.split_once(' ').unwrap();
        reads.answer(connection, line, answer.status, answer.body.to_string())
    })
}

/// What answered a read at a moment.
pub(crate) fn body(moment: &str, connection: &str, line: &str) -> Value {
    recorded().moments[moment][&format!("{connection} {line}")].body.clone()
}

/// What answered a write that was refused.
pub(crate) fn refusal(name: &str) -> Answer {
    recorded().refusals.remove(name).unwrap()
}

pub(crate) fn flag() -> Resource<Config> {
    let config = Config {
        project: "default".to_owned(),
        environment: "production".to_owned(),
        served_by: Some("clients".to_owned()),
    };
    Resource { connection: "flags".to_owned(), id: "ranker".to_owned(), config }
}

pub(crate) fn observe(reads: &fake::Reads) -> State {
    UnleashFlag::observe(reads, &flag()).unwrap()
}

pub(crate) fn locate(reads: &fake::Reads, reference: Reference) -> Result<Pin, Fault> {
    UnleashFlag::locate(reads, &flag(), reference)
}

pub(crate) fn pin(moment: &str) -> Pin {
    locate(&at(moment), Reference::Present).unwrap()
}

pub(crate) fn plan(reads: &fake::Reads, path: Vec<Desired<Attributes>>) -> Result<Vec<Change>, Fault> {
    let moment = Context { now: 1, key: "r-77".to_owned() };
    UnleashFlag::plan(reads, &moment, &flag(), observe(reads), path)
}

pub(crate) fn restore(reads: &fake::Reads, pin: &Pin) -> Result<Change, Fault> {
    Ok(plan(reads, vec![Desired::Pinned(pin.clone())])?.remove(0))
}

pub(crate) fn set(enabled: Option<bool>, rollout: Option<u8>) -> Desired<Attributes> {
    Desired::Attributes(Attributes { enabled, rollout })
}

pub(crate) fn request(operation: &Operation) -> &HttpWrite {
    let Write::Http(write) = &operation.write else { panic!("{operation:?}") };
    write
}

/// `METHOD path` of each operation, below the flag's environment.
pub(crate) fn lines(change: &Change) -> Vec<String> {
    let line = |operation| {
        let write = request(operation);
        format!("{} {}", write.method, write.path.strip_prefix(ENVIRONMENT).unwrap())
    };
    change.operations.iter().map(line).collect()
}
