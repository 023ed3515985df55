//! A sidecar that answers as the recorded one did at each moment of a bad release.

use belay_sdk::{
    Change, Context, Desired, Fault, NoAttributes, Operation, Pin, Reference, Resource, Reverter as _, State, Write,
    fake,
};
use feast_feature_view::{Config, FeastFeatureView};
use serde_json::Value;

pub(crate) const LINE: &str = "GET /v1/feature-views/clicks";

/// What the sidecar answered at a moment: `good`, `released`, `pinned`, `by hand`, `changed`.
pub(crate) fn answer(moment: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../fixtures/answers.json")).unwrap();
    assert!(all[moment].is_object(), "{moment}");
    all[moment].clone()
}

pub(crate) fn at(moment: &str) -> fake::Reads {
    answering(&answer(moment))
}

pub(crate) fn answering(answer: &Value) -> fake::Reads {
    fake::Reads::default().answer("features", LINE, 200, answer.to_string())
}

pub(crate) fn clicks() -> Resource<Config> {
    Resource { connection: "features".to_owned(), id: "clicks".to_owned(), config: Config::default() }
}

pub(crate) fn observe(reads: &fake::Reads) -> Result<State, Fault> {
    FeastFeatureView::observe(reads, &clicks())
}

pub(crate) fn content(reads: &fake::Reads) -> Value {
    serde_json::from_str(&observe(reads).unwrap().content).unwrap()
}

pub(crate) fn present(reads: &fake::Reads) -> Pin {
    FeastFeatureView::locate(reads, &clicks(), Reference::Present).unwrap()
}

pub(crate) fn version(reads: &fake::Reads, label: &str) -> Result<Pin, Fault> {
    FeastFeatureView::locate(reads, &clicks(), Reference::Version(label.to_owned()))
}

pub(crate) fn plan(reads: &fake::Reads, pin: &Pin) -> Result<Change, Fault> {
    planned(reads, &clicks(), pin)
}

pub(crate) fn planned(reads: &fake::Reads, of: &Resource<Config>, pin: &Pin) -> Result<Change, Fault> {
    let moment = Context { now: 1, key: "r-77".to_owned() };
    let path = vec![Desired::<NoAttributes>::Pinned(pin.clone())];
    let observed = FeastFeatureView::observe(reads, of)?;
    Ok(FeastFeatureView::plan(reads, &moment, of, observed, path)?.remove(0))
}

/// The only operation, its path and its body.
pub(crate) fn only(change: &Change) -> (&Operation, String, Value) {
    let [operation] = change.operations.as_slice() else { panic!("{change:?}") };
    let Write::Http(write) = &operation.write else { panic!("{operation:?}") };
    assert_eq!((write.connection.as_str(), write.method.as_str()), ("features", "POST"));
    (operation, write.path.clone(), serde_json::from_slice(&write.body).unwrap())
}
