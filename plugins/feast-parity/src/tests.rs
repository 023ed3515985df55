//! Answers as Feast's server 0.67 gave them.

use belay_sdk::{Context, Fault, Measurement, Pin, Probe as _, State, fake};
use serde_json::{Value, json};

use crate::{Config, FeastParity};

fn captured() -> Pin {
    let row = |user: &str, ctr: Value, clicks: Value, at: Value| json!({ "entity": { "user_id": user }, "values": { "ctr": ctr, "clicks_7d": clicks }, "at": at });
    let at = "2026-11-20T00:00:00Z";
    let rows = [
        row("1", json!("0.125"), json!("10"), json!(at)),
        row("3", Value::Null, json!("30"), json!(at)),
        row("9", Value::Null, Value::Null, Value::Null),
    ];
    Pin::without_proof(State::of("v0", &json!({ "version": 0, "rows": rows }), &json!({ "latest": 1 })).unwrap())
}

fn column(values: Value, at: &[&str; 3]) -> Value {
    json!({ "values": values, "statuses": ["PRESENT", "PRESENT", "PRESENT"], "event_timestamps": at })
}

const STORED: [&str; 3] = ["2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z", "1970-01-01T00:00:00Z"];
const NOTHING: [&str; 3] = ["1970-01-01T00:00:00Z"; 3];
const LATER: [&str; 3] = ["2026-11-22T02:07:00Z"; 3];

/// What the server answers for a service that is bound to version 0.
fn answer(ctr: Value, clicks: Value, at: &[&str; 3]) -> String {
    let names = ["user_id", "clicks@v0__clicks_7d", "clicks@v0__ctr"];
    let results = [column(json!([1, 3, 9]), &NOTHING), column(clicks, at), column(ctr, at)];
    json!({ "results": results, "metadata": { "feature_names": names } }).to_string()
}

fn config() -> Config {
    serde_json::from_value(json!({ "view": "clicks", "service": "ranking", "connections": ["serving"] })).unwrap()
}

fn measure(status: u16, body: &str, pin: Option<&Pin>) -> Result<Vec<Measurement>, Fault> {
    let reads = fake::Reads::default().answer("serving", "POST /get-online-features", status, body);
    FeastParity::measure(&reads, &Context { now: 1, key: "r-77".to_owned() }, config(), pin)
}

/// Accuracy, moments, and what is said of the first.
fn found(body: &str) -> (Option<String>, Option<String>, String) {
    let [accuracy, moments] = measure(200, body, Some(&captured())).unwrap().try_into().unwrap();
    assert_eq!((accuracy.name.as_str(), moments.name.as_str(), accuracy.unit.as_str()), ("accuracy", "moments", "%"));
    (accuracy.value, moments.value, accuracy.detail)
}

fn figures(body: &str) -> [Option<String>; 2] {
    let (accuracy, moments, _) = found(body);
    [accuracy, moments]
}

fn percent(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn all_that_was_captured_is_served_again() {
    let body = answer(json!([0.125, null, null]), json!([10, 30, null]), &STORED);
    assert_eq!(found(&body), (percent("100.00"), percent("100.00"), "3 of 3 values are as captured".to_owned()));
}

#[test]
fn what_differs_is_counted_and_named() {
    let body = answer(json!([9.5, null, null]), json!([10, 30, null]), &STORED);
    let (accuracy, _, detail) = found(&body);
    assert_eq!(accuracy, percent("66.66"), "rounded down: all is 100");
    assert_eq!(detail, "2 of 3 values are as captured; ctr of user_id 1 is 9.5, was 0.125");
    let appeared = answer(json!([0.125, 0.5, null]), json!([10, 30, null]), &STORED);
    assert_eq!(figures(&appeared), [percent("75.00"), percent("75.00")]);
}

#[test]
fn the_same_values_of_another_moment_are_told_apart() {
    let body = answer(json!([0.125, null, null]), json!([10, 30, null]), &LATER);
    assert_eq!(figures(&body), [percent("100.00"), percent("0.00")]);
}

#[test]
fn values_that_are_missing_are_no_pass_although_feast_calls_them_present() {
    let body = answer(json!([null, null, null]), json!([null, null, null]), &NOTHING);
    assert_eq!(figures(&body), [percent("0.00"), percent("0.00")]);
}

#[test]
fn nothing_to_compare_is_no_value() {
    let other =
        json!({ "results": [column(json!([1, 2, 3]), &STORED)], "metadata": { "feature_names": ["other__ctr"] } });
    let (accuracy, moments, detail) = found(&other.to_string());
    assert_eq!((accuracy, moments), (None, None));
    assert_eq!(detail, "no value was captured or is served: nothing to compare");

    let without = measure(200, &answer(json!([1, 2, 3]), json!([1, 2, 3]), &STORED), None).unwrap();
    assert!(without.iter().all(|measurement| measurement.value.is_none()), "{without:?}");
    assert!(without[0].detail.contains("restores no pinned values"));
}

#[test]
fn a_service_that_answers_500_has_no_value() {
    let said =
        "\"The projection for clicks cannot be applied because it contains ctr which the FeatureView doesn't have.\"";
    let measured = measure(500, said, Some(&captured())).unwrap();
    assert!(measured.iter().all(|measurement| measurement.value.is_none()), "{measured:?}");
    assert!(measured[0].detail.contains("500: \"The projection for clicks"), "{measured:?}");
}

#[test]
fn numbers_are_compared_as_numbers_and_large_ones_by_their_digits() {
    let pin = |text: &str| {
        let mut pin = captured();
        pin.state.content = pin.state.content.replace("0.125", text);
        pin
    };
    let accuracy = |captured: &str, served: Value| {
        let body = answer(json!([served, null, null]), json!([10, 30, null]), &STORED);
        measure(200, &body, Some(&pin(captured))).unwrap()[0].value.clone()
    };
    for (captured, served, equal) in [
        ("1.0", json!(1), true),
        ("1e-07", json!(0.0000001), true),
        ("9007199254740993", json!(9_007_199_254_740_992_u64), false),
        ("9007199254740993", json!(9_007_199_254_740_993_u64), true),
        ("text", json!("text"), true),
        ("true", json!(true), true),
        ("true", json!("false"), false),
        ("nan", json!(0), false),
    ] {
        let expected = if equal { "100.00" } else { "66.66" };
        assert_eq!(accuracy(captured, served.clone()), percent(expected), "{captured} {served}");
    }
}

#[test]
fn an_answer_for_others_or_from_others_is_none() {
    let short =
        json!({ "results": [{ "values": [1], "event_timestamps": [] }], "metadata": { "feature_names": ["a"] } });
    for body in ["<html>Sign in</html>", "{}", &short.to_string()] {
        assert!(matches!(measure(200, body, Some(&captured())), Err(Fault::Unexpected(_))), "{body}");
    }
    let down = fake::Reads::default().unreachable("serving");
    let moment = Context { now: 1, key: "r-77".to_owned() };
    let measured = FeastParity::measure(&down, &moment, config(), Some(&captured()));
    assert!(matches!(measured, Err(Fault::Unavailable(_))));
    let several: Config = serde_json::from_value(json!({ "view": "clicks", "connections": ["a", "b"] })).unwrap();
    assert!(matches!(FeastParity::measure(&down, &moment, several, None), Err(Fault::Invalid(_))));
}

#[test]
fn a_view_is_asked_by_its_features_or_by_its_service() {
    let by_name = r#"POST /get-online-features {"entities":{"user_id":["1","3","9"]},"features":["clicks:clicks_7d","clicks:ctr"],"full_feature_names":true}"#;
    let by_service = r#"POST /get-online-features {"entities":{"user_id":["1","3","9"]},"feature_service":"ranking","full_feature_names":true}"#;
    let body = answer(json!([0.125, null, null]), json!([10, 30, null]), &STORED);
    for (service, line) in [(None, by_name), (Some("ranking"), by_service)] {
        let reads = fake::Reads::default().answer("serving", line, 200, &body);
        let config: Config =
            serde_json::from_value(json!({ "view": "clicks", "service": service, "connections": ["serving"] }))
                .unwrap();
        let moment = Context { now: 1, key: "r-77".to_owned() };
        let measured = FeastParity::measure(&reads, &moment, config, Some(&captured())).unwrap();
        assert_eq!(measured[0].value, percent("100.00"), "{service:?}");
    }
}
