//! A sidecar that answers as the recorded one did at each moment of a bad push and its repair.

use belay_sdk::{
    Change, Context, Desired, Fault, NoAttributes, Pin, Reference, Resource, Reverter as _, State, Write, fake,
};
use feast_online::{Config, FeastOnline};
use serde_json::{Value, json};

/// What the sidecar answered at a moment: `good`, `released`, `pinned`, `pushed`, `cleared`, `materialised`.
pub(crate) fn answers(moment: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../fixtures/answers.json")).unwrap();
    assert!(all[moment].is_object(), "{moment}");
    all[moment].clone()
}

pub(crate) fn at(moment: &str) -> fake::Reads {
    answering(&answers(moment))
}

pub(crate) fn answering(answers: &Value) -> fake::Reads {
    ["online/read", "online/compare", "source/read"].iter().fold(fake::Reads::default(), |reads, what| {
        reads.answer("features", &format!("POST /v1/feature-views/clicks/{what}"), 200, answers[what].to_string())
    })
}

fn entities() -> Value {
    json!([{ "user_id": "1" }, { "user_id": "2" }, { "user_id": "9" }])
}

pub(crate) fn clicks() -> Resource<Config> {
    let config = serde_json::from_value(json!({ "entities": entities() })).unwrap();
    Resource { connection: "features".to_owned(), id: "clicks".to_owned(), config }
}

pub(crate) fn observe(reads: &fake::Reads) -> Result<State, Fault> {
    FeastOnline::observe(reads, &clicks())
}

pub(crate) fn locate(reads: &fake::Reads, reference: Reference) -> Result<Pin, Fault> {
    FeastOnline::locate(reads, &clicks(), reference)
}

pub(crate) fn present(reads: &fake::Reads) -> Pin {
    locate(reads, Reference::Present).unwrap()
}

pub(crate) fn plan(reads: &fake::Reads, pin: &Pin) -> Result<Change, Fault> {
    let moment = Context { now: 1, key: "r-77".to_owned() };
    let path = vec![Desired::<NoAttributes>::Pinned(pin.clone())];
    Ok(FeastOnline::plan(reads, &moment, &clicks(), observe(reads)?, path)?.remove(0))
}

/// Each operation's path and body.
pub(crate) fn writes(change: &Change) -> Vec<(String, Value)> {
    let writes = change.operations.iter().map(|operation| {
        let Write::Http(write) = &operation.write else { panic!("{operation:?}") };
        assert_eq!((write.connection.as_str(), write.method.as_str()), ("features", "POST"));
        (write.path.replace("/v1/feature-views/clicks/", ""), serde_json::from_slice(&write.body).unwrap())
    });
    writes.collect()
}
