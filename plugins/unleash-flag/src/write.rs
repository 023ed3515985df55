//! The requests that change a flag, and how their answers are understood. Never sends one.

use belay_sdk::{Answer, BodyTest, HttpWrite, Write};
use serde_json::{Map, Value, json};

use crate::server::{Server, encoded};
use crate::strategy::Strategy;

/// Unleash answers a JSON Patch whose `test` failed with 500, and says this in its message. Any other 500 says nothing.
const TEST_FAILED: &str = "TEST_OPERATION_FAILED";

/// `POST …/on` and `POST …/off`.
pub(crate) fn switch(server: &Server, on: bool) -> Write {
    let word = if on { "on" } else { "off" };
    request(server, "POST", &format!("/{word}"), None)
}

/// `POST …/strategies`: a new one in a place of its own.
pub(crate) fn create(server: &Server, strategy: &Strategy, place: i64) -> Write {
    let body = json!({
        "name": strategy.name, "title": strategy.title, "disabled": strategy.disabled, "sortOrder": place,
        "parameters": strategy.parameters, "constraints": strategy.constraints,
        "segments": strategy.segments, "variants": strategy.variants,
    });
    request(server, "POST", "/strategies", Some(&body))
}

/// `PATCH …/strategies/ID`: takes a strategy from what it was when this was planned, and from nothing else.
pub(crate) fn patch(server: &Server, id: &str, from: &Strategy, to: &Strategy) -> Write {
    let mut steps = expectations(from);
    steps.extend(replacements(from, to));
    request(server, "PATCH", &format!("/strategies/{}", encoded(id)), Some(&Value::Array(steps)))
}

/// `POST …/strategies/set-sort-order`.
pub(crate) fn order(server: &Server, places: &[(String, i64)]) -> Write {
    let body: Vec<Value> = places.iter().map(|(id, place)| json!({ "id": id, "sortOrder": place })).collect();
    request(server, "POST", "/strategies/set-sort-order", Some(&Value::Array(body)))
}

/// `DELETE …/strategies/ID`.
pub(crate) fn delete(server: &Server, id: &str) -> Write {
    request(server, "DELETE", &format!("/strategies/{}", encoded(id)), None)
}

fn expectations(from: &Strategy) -> Vec<Value> {
    let test = |path: &str, value: Value| json!({ "op": "test", "path": path, "value": value });
    let mut tests = vec![
        test("/name", json!(from.name)),
        test("/title", json!(from.title)),
        test("/disabled", json!(from.disabled)),
        test("/parameters", json!(from.parameters)),
        test("/constraints", json!(from.constraints)),
        test("/variants", json!(from.variants)),
    ];
    // Several stand in whatever order the database gives them.
    if from.segments.len() < 2 {
        tests.push(test("/segments", json!(from.segments)));
    }
    tests
}

fn replacements(from: &Strategy, to: &Strategy) -> Vec<Value> {
    let parts = |strategy: &Strategy| {
        [
            ("/title", json!(strategy.title)),
            ("/constraints", json!(strategy.constraints)),
            ("/segments", json!(strategy.segments)),
            ("/variants", json!(strategy.variants)),
            ("/disabled", json!(strategy.disabled)),
        ]
    };
    let changed = parts(from).into_iter().zip(parts(to)).filter(|(old, new)| old != new);
    let replace = |(path, value): (&str, Value)| json!({ "op": "replace", "path": path, "value": value });
    parameters(&from.parameters, &to.parameters).into_iter().chain(changed.map(|(_, new)| replace(new))).collect()
}

fn parameters(from: &Map<String, Value>, to: &Map<String, Value>) -> Vec<Value> {
    // RFC 6901.
    let path = |name: &str| format!("/parameters/{}", name.replace('~', "~0").replace('/', "~1"));
    let set = to.iter().filter(|(name, value)| from.get(*name) != Some(value));
    let set = set.map(|(name, value)| {
        let op = if from.contains_key(name) { "replace" } else { "add" };
        json!({ "op": op, "path": path(name), "value": value })
    });
    let gone = from.keys().filter(|name| !to.contains_key(*name));
    set.chain(gone.map(|name| json!({ "op": "remove", "path": path(name) }))).collect()
}

fn request(server: &Server, method: &str, below: &str, body: Option<&Value>) -> Write {
    // Unleash says why it refuses; the same status without words is a proxy's.
    let said = |status| Answer { status, body: Some(("/message".to_owned(), BodyTest::Present)) };
    let guard = ("/message".to_owned(), BodyTest::Contains(TEST_FAILED.to_owned()));
    let mut refused: Vec<Answer> = [400, 401, 403, 404, 409, 415, 429].map(said).into();
    refused.push(Answer { status: 500, body: Some(guard) });
    Write::Http(HttpWrite {
        connection: server.connection.to_owned(),
        method: method.to_owned(),
        path: format!("{}{below}", server.environment()),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        applied: vec![Answer { status: 200, body: None }],
        refused,
    })
}
