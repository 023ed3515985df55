//! What a write's answer means.

use belay_sdk::{Answer, BodyTest};
use serde_json::{Value, json};

use crate::recorded::{at, plan, refusal, request, set};

fn recognises(answer: &Answer, status: u16, body: &Value) -> bool {
    let passes = |test: &BodyTest, found: &Value| match test {
        BodyTest::Present => true,
        BodyTest::Equals(value) => serde_json::from_str::<Value>(value).unwrap() == *found,
        BodyTest::Contains(part) => found.as_str().is_some_and(|text| text.contains(part)),
    };
    answer.status == status
        && answer
            .body
            .as_ref()
            .is_none_or(|(pointer, test)| body.pointer(pointer).is_some_and(|found| passes(test, found)))
}

#[test]
fn a_refusal_of_unleash_is_one_and_any_other_error_is_not() {
    let change = plan(&at("everybody"), vec![set(None, Some(10))]).unwrap().remove(0);
    let write = request(&change.operations[0]);
    let refused = |status, body: &Value| write.refused.iter().any(|answer| recognises(answer, status, body));
    for name in ["stale", "gone", "stranger", "client", "nonsense", "archived"] {
        let answer = refusal(name);
        assert!(refused(answer.status, &answer.body), "{name}: {} {}", answer.status, answer.body);
    }
    for (status, body) in [
        (500, json!({ "name": "UnknownError", "message": "connect ECONNREFUSED 127.0.0.1:5432" })),
        (404, json!({ "error": "no such backend" })),
        (502, json!({ "message": "Bad Gateway" })),
    ] {
        assert!(!refused(status, &body), "{status} {body}");
    }
    assert!(write.applied.iter().any(|answer| recognises(answer, 200, &json!({ "id": "x" }))));
}
