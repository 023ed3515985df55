//! What the probe says of answers as Prometheus 2.42 gives them.

use belay_sdk::{Context, Fault, fake};
use serde_json::{Value, json};

use super::*;

const RATE: &str = "GET /api/v1/query?query=errors";
const AGE: &str = "GET /api/v1/query?query=min%28time%28%29%20-%20timestamp%28requests%29%29";

fn vector(values: &[&str]) -> String {
    let result: Vec<Value> =
        values.iter().map(|value| json!({ "metric": { "job": "lab" }, "value": [1_795_372_447.281, value] })).collect();
    json!({ "status": "success", "data": { "resultType": "vector", "result": result } }).to_string()
}

fn measure(reads: &fake::Reads, config: &Value) -> Result<Option<String>, Fault> {
    let moment = Context { now: 0, key: String::new() };
    let config = belay_sdk::json::configured(&config.to_string(), "the configuration")?;
    let [measurement] = Prometheus::measure(reads, &moment, config, None)?.try_into().unwrap();
    Ok(measurement.value)
}

fn errors(status: u16, body: &str) -> Result<Option<String>, Fault> {
    let reads = fake::Reads::default().answer("metrics", RATE, status, body);
    measure(&reads, &json!({ "connections": ["metrics"], "query": "errors" }))
}

#[test]
fn one_number_keeps_its_digits_and_nothing_is_never_one() {
    let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1795372447.281,"1e-05"]}}"#;
    for (body, expected) in [
        (vector(&["0.020"]), Some("0.020")),
        (scalar.to_owned(), Some("1e-05")),
        (vector(&[]), None),
        (vector(&["NaN"]), None),
        (vector(&["+Inf"]), None),
    ] {
        assert_eq!(errors(200, &body).unwrap().as_deref(), expected, "{body}");
    }
}

#[test]
fn what_is_no_single_number_is_refused() {
    let matrix = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
    let parse = r#"{"status":"error","errorType":"bad_data","error":"1:3: parse error: unexpected end of input"}"#;
    let busy = r#"{"status":"error","errorType":"execution","error":"query timed out"}"#;
    for (status, body) in [(200, vector(&["1", "2"])), (200, matrix.to_owned()), (400, parse.to_owned())] {
        assert!(matches!(errors(status, &body), Err(Fault::Invalid(_))), "{body}");
    }
    assert!(matches!(errors(422, busy), Err(Fault::Unavailable(_))));
    assert!(matches!(errors(503, ""), Err(Fault::Unavailable(_))));
    assert!(matches!(errors(200, "<html>"), Err(Fault::Unexpected(_))));
}

#[test]
fn a_series_without_fresh_samples_takes_the_value_away() {
    let config = json!({ "connections": ["metrics"], "query": "errors", "series": ["requests"], "max_age_s": 10 });
    for (age, expected) in [(vector(&["0.7"]), Some("0.5")), (vector(&["10.1"]), None), (vector(&[]), None)] {
        let reads = fake::Reads::default().answer("metrics", RATE, 200, vector(&["0.5"]));
        let reads = reads.answer("metrics", AGE, 200, &age);
        assert_eq!(measure(&reads, &config).unwrap().as_deref(), expected, "{age}");
    }
}

#[test]
fn a_query_that_invents_a_number_says_what_it_rests_on() {
    let config = json!({ "connections": ["metrics"], "query": "sum(errors) or vector(0)" });
    let fault = measure(&fake::Reads::default(), &config).unwrap_err();
    assert!(matches!(&fault, Fault::Invalid(why) if why.contains("series")), "{fault:?}");
}
