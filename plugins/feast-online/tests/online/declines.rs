//! What can't be brought back, and configurations that make no sense.

use belay_sdk::{Change, Fault, Pin, Reference, Reverter as _};
use feast_online::{Config, FeastOnline};
use serde_json::json;

use crate::recorded::{answering, answers, at, clicks, locate, observe, plan, present};

#[test]
fn values_that_were_pushed_are_not_captured_as_good() {
    match locate(&at("pushed"), Reference::Present) {
        Err(Fault::Unsupported(why)) => assert!(
            why.ends_with("user_id 1 would have clicks_7d 10, ctr 0.125, values of 2026-11-20T00:00:00Z instead of clicks_7d -1, ctr 9.5, values of 2026-12-21T00:00:00Z"),
            "{why}"
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_batch_source_that_gives_other_values_is_named_before_anything_is_cleared() {
    let mut answers = answers("pushed");
    answers["online/compare"]["rows"][1]["values"]["ctr"] = "0.5".into();
    match plan(&answering(&answers), &present(&at("good"))) {
        Err(Fault::Missing(why)) => {
            assert!(why.contains("user_id 2 would have ctr 0.5 instead of ctr 0.25"), "{why}");
            assert!(why.contains("put its batch source back first"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    answers["source/read"]["count"] = 0.into();
    assert!(matches!(locate(&answering(&answers), Reference::At(1)), Err(Fault::Missing(_))));
}

#[test]
fn an_undo_to_pushed_values_is_refused() {
    let pushed = Pin::without_proof(observe(&at("pushed")).unwrap());
    assert!(matches!(plan(&at("materialised"), &pushed), Err(Fault::Missing(_))));
}

#[test]
fn rows_of_others_that_may_have_been_there_before_are_not_cleared_away() {
    let nothing = Pin::without_proof(observe(&at("released")).unwrap());
    let mut answers = answers("released");
    answers["online/compare"]["standing"] = 4.into();
    assert_eq!(plan(&answering(&answers), &nothing).unwrap(), Change::nothing(), "as it was found");
    // The view went to another version meanwhile; nobody wrote the rows of this one.
    answers["online/compare"]["stored"] = answers["online/read"]["rows"].clone();
    answers["online/read"]["version"] = 0.into();
    match plan(&answering(&answers), &nothing) {
        Err(Fault::Unsupported(why)) => assert!(why.contains("4 others have values of it"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_entities_than_those_that_were_pinned_are_refused() {
    let good = present(&at("good"));
    let mut pin = good.clone();
    pin.state.content = pin.state.content.replace(r#""user_id":"9""#, r#""user_id":"8""#);
    assert!(matches!(plan(&at("pushed"), &pin), Err(Fault::Unsupported(why)) if why.contains("capture a point again")));
}

#[test]
fn answers_for_others_are_no_answers() {
    let mut fewer = answers("good");
    fewer["online/read"]["rows"].as_array_mut().unwrap().pop();
    assert!(matches!(observe(&answering(&fewer)), Err(Fault::Unexpected(_))));
    let mut shorter = answers("pushed");
    shorter["online/compare"]["stands"].as_array_mut().unwrap().pop();
    assert!(matches!(plan(&answering(&shorter), &present(&at("good"))), Err(Fault::Unexpected(_))));
}

#[test]
fn a_configuration_that_makes_no_sense_is_named() {
    for (config, why) in [
        (json!({ "entities": [] }), "has 0"),
        (json!({ "entities": [{ "user_id": "1" }, { "user_id": "1" }] }), "twice"),
        (json!({ "entities": [{ "user_id": "1" }], "days": 0 }), "`days` is 0"),
        (json!({ "entities": [{ "user_id": "1" }], "days": 40_000 }), "`days` is 40000"),
    ] {
        let mut of = clicks();
        of.config = serde_json::from_value::<Config>(config).unwrap();
        match FeastOnline::observe(&at("good"), &of) {
            Err(Fault::Invalid(found)) => assert!(found.contains(why), "{found}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(serde_json::from_value::<Config>(json!({ "entities": [{ "user_id": 1 }] })).is_err());
}
