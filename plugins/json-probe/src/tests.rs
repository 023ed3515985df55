//! What the probe says of documents, present and absent.

use belay_sdk::{Context, Fault, fake};
use serde_json::{Value, json};

use super::*;

fn measure(reads: &fake::Reads, config: &Value) -> Result<(Option<String>, String), Fault> {
    let moment = Context { now: 0, key: String::new() };
    let config = json::configured(&config.to_string(), "the configuration")?;
    let [measurement] = JsonProbe::measure(reads, &moment, config, None)?.try_into().unwrap();
    assert_eq!(measurement.name, "value");
    Ok((measurement.value, measurement.detail))
}

fn value(document: &str, pointer: &str) -> Option<String> {
    let reads = fake::Reads::default().object("metrics", "ranker.json", document);
    let config = json!({"connections": ["metrics"], "path": "/ranker.json", "pointer": pointer});
    measure(&reads, &config).unwrap().0
}

#[test]
fn a_number_keeps_its_digits() {
    for (document, expected) in [
        (r#"{"error_ratio": 0.020}"#, Some("0.020")),
        (r#"{"error_ratio": 0.1000000000000000055511151231257827}"#, Some("0.1000000000000000055511151231257827")),
        (r#"{"error_ratio": -12}"#, Some("-12")),
        (r#"{"error_ratio": 2e-3}"#, Some("2e-3")),
        (r#"{"error_ratio": "0.02"}"#, Some("0.02")),
        (r#"{"error_ratio": "NaN"}"#, None),
        (r#"{"error_ratio": " 1"}"#, None),
        (r#"{"error_ratio": "1 "}"#, None),
        (r#"{"error_ratio": "-"}"#, None),
        (r#"{"error_ratio": null}"#, None),
        (r#"{"error_ratio": true}"#, None),
        (r#"{"error_ratio": {"a": 1}}"#, None),
        ("{}", None),
        ("[]", None),
    ] {
        assert_eq!(value(document, "/error_ratio").as_deref(), expected, "{document}");
    }
    let prometheus = r#"{"data":{"result":[{"value":[1763778000.123,"0.031"]}]}}"#;
    assert_eq!(value(prometheus, "/data/result/0/value/1").as_deref(), Some("0.031"));
    assert_eq!(value(r#"{"data":{"result":[]}}"#, "/data/result/0/value/1"), None);
}

#[test]
fn a_service_is_read_over_http() {
    let reads = fake::Reads::default().service("metrics").answer("metrics", "GET /ranker.json", 200, "7");
    for kind in [Value::Null, json!("http")] {
        let config = json!({"connections": ["metrics"], "path": "/ranker.json", "pointer": "", "kind": kind});
        assert_eq!(measure(&reads, &config).unwrap().0.as_deref(), Some("7"), "{config}");
    }
}

#[test]
fn no_document_is_no_data_but_no_answer_is_a_fault() {
    let config = json!({"connections": ["metrics"], "path": "/ranker.json", "pointer": "/x"});
    let service = || fake::Reads::default().service("metrics");
    assert_eq!(measure(&fake::Reads::default(), &config).unwrap().0, None);
    assert_eq!(measure(&service(), &config).unwrap().0, None);
    let answer = |status, body| measure(&service().answer("metrics", "GET /ranker.json", status, body), &config);
    assert!(matches!(answer(503, ""), Err(Fault::Unavailable(_))));
    assert!(matches!(answer(302, ""), Err(Fault::Unexpected(_))));
    assert!(matches!(answer(200, "<html>"), Err(Fault::Unexpected(_))));
    let unreachable = fake::Reads::default().unreachable("metrics");
    assert!(matches!(measure(&unreachable, &config), Err(Fault::Unavailable(_))));
}

#[test]
fn a_configuration_that_leaves_a_choice_is_refused() {
    let reads = fake::Reads::default().object("b", "x", "1");
    let config = |more: Value| {
        let mut config = json!({"connections": ["a", "b"], "path": "x", "pointer": ""});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        measure(&reads, &config)
    };
    assert!(matches!(config(json!({})), Err(Fault::Invalid(text)) if text.contains("2 connections")));
    assert_eq!(config(json!({"connection": "b"})).unwrap().0.as_deref(), Some("1"));
    assert!(matches!(config(json!({"connection": "b", "pointr": ""})), Err(Fault::Invalid(_))));
    assert!(matches!(config(json!({"connection": "b", "pointer": "x"})), Err(Fault::Invalid(_))));
}
