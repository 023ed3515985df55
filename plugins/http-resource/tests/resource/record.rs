//! A record with an ETag and a history: observed, restored, made, taken away.

use belay_sdk::{Fault, Reference, Resource, Reverter, fake};
use expect_test::expect;
use http_resource::HttpResource;
use serde_json::json;

use super::{content, observe, operations, pinned, resource, shown};

const CONFIG: &str = r#"
id = "{place}/{record}"
content = { record = "/data" }
ignore = ["/record/at"]
sort = { "/record/tags" = "" }
revision = "{header/etag}"
version = "v{/data/at}"
read = [{ request = "GET /{place}/{record}", absent = ["404 /errno is 110"] }]
write = [{ request = "PUT /{place}/{record}", headers = { if-match = "{header/etag}" }, body = { data = "{desired/record}" } }]
create = { request = "PUT /{place}/{record}", headers = { if-none-match = "*" }, body = { data = "{desired/record}" } }
delete = { request = "DELETE /{place}/{record}", headers = { if-match = "{header/etag}" } }
history = { request = "GET /history?of={record}", list = "/data", version = "v{/target/data/at}", at = "/date", summary = "{/action}", state = "/target", absent = "/action is delete" }
"#;

fn of() -> Resource<http_resource::Config> {
    resource("shop/weights", CONFIG)
}

fn holding(etag: &str, body: &str) -> fake::Reads {
    fake::Reads::default().answer_with("api", "GET /shop/weights", 200, &[("etag", etag)], body)
}

fn gone() -> fake::Reads {
    fake::Reads::default().answer("api", "GET /shop/weights", 404, r#"{"errno":110}"#)
}

fn good() -> fake::Reads {
    holding("\"7\"", r#"{"data":{"at":7,"rate":0.50,"tags":["b","a"]}}"#)
}

fn bad() -> fake::Reads {
    holding("\"9\"", r#"{"data":{"at":9,"rate":"0.50","tags":["a"]},"by":"bob"}"#)
}

#[test]
fn a_record_is_put_back_under_its_etag_with_its_types() {
    let good_state = observe(&good(), &of());
    assert_eq!((good_state.version.as_str(), good_state.revision.as_str()), ("v7", r#""\"7\"""#));
    let [operation] = operations(&bad(), &of(), pinned(&good_state)).unwrap().try_into().unwrap();
    expect![[r#"PUT /shop/weights if-match="9" {"data":{"rate":0.50,"tags":["a","b"]}}"#]]
        .assert_eq(&shown(&operation));
    assert_eq!(operation.yields, good_state.content);
    assert!(observe(&bad(), &of()).content != good_state.content, "a number is no text");
    let moved = holding("\"12\"", r#"{"data":{"at":12,"rate":0.50,"tags":["a","b"]}}"#);
    assert_eq!(operations(&moved, &of(), pinned(&good_state)), Ok(Vec::new()), "the same content");
}

#[test]
fn a_change_while_it_is_planned_is_noticed() {
    let (good_state, observed) = (observe(&good(), &of()), observe(&bad(), &of()));
    let other = holding("\"10\"", r#"{"data":{"at":10,"rate":1,"tags":[]}}"#);
    let planned = HttpResource::plan(&other, &super::moment(), &of(), observed, vec![pinned(&good_state)]);
    assert!(matches!(planned, Err(Fault::Unavailable(text)) if text.contains("changed while")), "planned all the same");
}

#[test]
fn absence_is_a_state_where_the_api_says_so() {
    let (good_state, absent) = (observe(&good(), &of()), observe(&gone(), &of()));
    assert!(absent.is_absent());
    let made = operations(&gone(), &of(), pinned(&good_state)).unwrap();
    assert_eq!(shown(&made[0]), r#"PUT /shop/weights if-none-match=* {"data":{"rate":0.50,"tags":["a","b"]}}"#);
    let taken = operations(&bad(), &of(), pinned(&absent)).unwrap();
    assert_eq!(
        (shown(&taken[0]).as_str(), taken[0].yields.as_str()),
        (r#"DELETE /shop/weights if-match="9" "#, "null")
    );
    for (status, body) in [(404, r#"{"errno":111}"#), (404, "<html>"), (404, ""), (410, "{}")] {
        let reads = fake::Reads::default().answer("api", "GET /shop/weights", status, body);
        assert!(HttpResource::observe(&reads, &of()).is_err(), "{status} {body}");
    }
}

#[test]
fn what_is_no_answer_of_this_api_is_a_fault() {
    let fault = |status, body: &str| {
        let reads = fake::Reads::default().answer("api", "GET /shop/weights", status, body);
        HttpResource::observe(&reads, &of()).unwrap_err()
    };
    assert!(matches!(fault(200, "<html>"), Fault::Unexpected(_)));
    assert!(matches!(fault(200, ""), Fault::Unexpected(_)));
    assert!(matches!(fault(200, r#"{"login":true}"#), Fault::Unexpected(_)));
    assert!(matches!(fault(200, r#"{"data":{"a":1,"a":2}}"#), Fault::Unexpected(_)));
    assert!(matches!(fault(302, ""), Fault::Unexpected(_)));
    for status in [401, 403, 408, 429, 500, 502, 503, 504] {
        assert!(matches!(fault(status, "{}"), Fault::Unavailable(_)), "{status}");
    }
    assert!(matches!(HttpResource::observe(&holding("x", r#"{"data":{}}"#), &of()), Err(Fault::Unexpected(_))));
}

const HISTORY: &str = r#"{"data":[
    {"action":"delete","date":"2026-11-22T12:00:00+00:00","target":{"data":{"at":9}}},
    {"action":"update","date":"2026-11-22T11:00:00Z","target":{"data":{"at":8,"rate":1,"tags":[]}}},
    {"action":"create","date":"2026-11-22T10:00:00Z","target":{"data":{"at":7,"rate":0.50,"tags":["a","b"]}}}]}"#;
const TEN: u64 = 1_795_341_600_000;

#[test]
fn earlier_states_are_found_by_label_and_by_time() {
    let reads = good().answer("api", "GET /history?of=weights", 200, HISTORY);
    let past = HttpResource::history(&reads, &of(), 2).unwrap();
    let told: Vec<_> = past.iter().map(|past| (past.version.as_str(), past.at, past.summary.as_str())).collect();
    assert_eq!(told, [("v9", Some(TEN + 7_200_000), "delete"), ("v8", Some(TEN + 3_600_000), "update")]);
    let at = |reference| HttpResource::locate(&reads, &of(), reference).map(|pin| pin.state);
    let seven = at(Reference::Version("v7".to_owned())).unwrap();
    assert_eq!(seven.content, observe(&good(), &of()).content);
    assert_eq!(at(Reference::At(TEN + 1)).unwrap(), seven);
    assert_eq!(content(&at(Reference::At(TEN + 3_600_000)).unwrap()), json!({"record": {"rate": 1, "tags": []}}));
    assert!(at(Reference::At(u64::MAX)).unwrap().is_absent());
    assert!(matches!(at(Reference::At(TEN - 1)), Err(Fault::Missing(_))));
    assert!(matches!(at(Reference::Version("v1".to_owned())), Err(Fault::Missing(_))));
}
