//! Several reads, pages, several writes, attributes, and paths of wanted states.

use belay_sdk::{Fault, Reference, Reverter, fake};
use http_resource::HttpResource;
use serde_json::json;

use super::{content, moment, observe, operations, pinned, resource, set, shown};

const FLAG: &str = r#"
content = { enabled = "/flag/enabled", rollout = "/rules/0/percent", owner = "/flag/owner?" }
attributes = { enabled = "boolean", rollout = "number" }
read = [
  { as = "flag", request = "GET /flags/{id}" },
  { as = "rules", request = "GET /rules?of={/flag/key}" },
]
write = [
  { request = "POST /flags/{id}/on", sets = ["enabled"], when = { enabled = true } },
  { request = "POST /flags/{id}/off", sets = ["enabled"], when = { enabled = false } },
  { request = "PATCH /rules/{/rules/0/id}", sets = ["rollout"], body = [{ op = "test", path = "/percent", value = "{observed/rollout}" }, { op = "replace", path = "/percent", value = "{desired/rollout}" }] },
  { request = "PUT /flags/{id}/owner", sets = ["owner"], body = { owner = "{desired/owner?}" } },
]
"#;

fn flag(enabled: bool, percent: &str) -> fake::Reads {
    fake::Reads::default()
        .answer("api", "GET /flags/new%20ranker", 200, format!(r#"{{"enabled":{enabled},"key":"k&1"}}"#))
        .answer("api", "GET /rules?of=k%261", 200, format!(r#"[{{"id":"r1","percent":{percent}}}]"#))
}

#[test]
fn each_member_has_the_write_that_fits() {
    let of = resource("new ranker", FLAG);
    let (on, off) = (flag(true, "25.5"), flag(false, "10"));
    assert_eq!(
        content(&observe(&on, &of)),
        json!({"#numbers": ["/rollout"], "enabled": true, "rollout": "25.5", "owner": null})
    );
    let back = operations(&on, &of, pinned(&observe(&off, &of))).unwrap();
    let lines: Vec<_> = back.iter().map(shown).collect();
    assert_eq!(
        lines,
        [
            "POST /flags/new%20ranker/off ",
            r#"PATCH /rules/r1 [{"op":"test","path":"/percent","value":25.5},{"op":"replace","path":"/percent","value":10}]"#
        ]
    );
    assert_eq!(back.last().unwrap().yields, observe(&off, &of).content);
}

#[test]
fn a_ramp_is_planned_as_one_path() {
    let of = resource("new ranker", FLAG);
    let reads = flag(true, "50");
    let path = [json!({"rollout": 50}), json!({"rollout": "12.5"}), json!({"rollout": 0})].iter().map(set).collect();
    let changes = HttpResource::plan(&reads, &moment(), &of, observe(&reads, &of), path).unwrap();
    let lines: Vec<Vec<_>> = changes.iter().map(|change| change.operations.iter().map(shown).collect()).collect();
    assert_eq!(
        lines,
        [
            vec![],
            vec![r#"PATCH /rules/r1 [{"op":"test","path":"/percent","value":50},{"op":"replace","path":"/percent","value":12.5}]"#.to_owned()],
            vec![r#"PATCH /rules/r1 [{"op":"test","path":"/percent","value":12.5},{"op":"replace","path":"/percent","value":0}]"#.to_owned()],
        ]
    );
}

#[test]
fn a_guard_that_moves_with_each_write_allows_one_write_at_a_time() {
    let guarded = r#"
        content = { a = "/a", b = "/b" }
        attributes = { a = "integer" }
        read = [{ request = "GET /x" }]
        write = [{ request = "PUT /x", body = "{result}" }]
    "#;
    let of = resource("x", guarded);
    let reads = fake::Reads::default().answer("api", "GET /x", 200, r#"{"a":1,"b":2,"_rev":"1-a"}"#);
    let first = operations(&reads, &of, set(&json!({"a": 5}))).unwrap();
    assert_eq!(shown(&first[0]), r#"PUT /x {"_rev":"1-a","a":5,"b":2}"#);
    let path = vec![set(&json!({"a": 5})), set(&json!({"a": 6}))];
    let planned = HttpResource::plan(&reads, &moment(), &of, observe(&reads, &of), path);
    assert!(
        matches!(planned, Err(Fault::Unsupported(text)) if text.contains("guard")),
        "the second could not be known"
    );
}

#[test]
fn an_attribute_that_makes_no_sense_is_refused_before_anything_is_read() {
    let of = resource("new ranker", FLAG);
    let down = fake::Reads::default().unreachable("api");
    let unseen = belay_sdk::State { version: String::new(), content: "null".to_owned(), revision: "null".to_owned() };
    let refused =
        |attributes| HttpResource::plan(&down, &moment(), &of, unseen.clone(), vec![set(&attributes)]).unwrap_err();
    for (attributes, why) in [
        (json!({"owner": "ana"}), "can't be set"),
        (json!({"rolout": 5}), "enabled, rollout"),
        (json!({"enabled": "yes"}), "true or false"),
        (json!({"rollout": "many"}), "is a number"),
        (json!({"rollout": "25"}), "without quotes"),
    ] {
        assert!(matches!(refused(attributes), Fault::Invalid(text) if text.contains(why)), "{why}");
    }
    assert!(matches!(refused(json!({"rollout": 5})), Fault::Missing(_)));
}

const PAGED: &str = r#"
content = { items = "/items" }
sort = { "/items" = "/id" }
read = [{ request = "GET /items", list = "/items", next = "/items?page={/next}", total = "/count" }]
write = [{ request = "PUT /items", body = "{desired/items}" }]
"#;

#[test]
fn pages_are_put_together_and_a_short_list_is_no_list() {
    let of = resource("x", PAGED);
    let first = r#"{"items":[{"id":3}],"next":2,"count":2}"#;
    let reads = |second: &str| {
        fake::Reads::default().answer("api", "GET /items", 200, first).answer("api", "GET /items?page=2", 200, second)
    };
    let whole = observe(&reads(r#"{"items":[{"id":1}],"next":null}"#), &of);
    assert_eq!(content(&whole), json!({"items": [{"id": 1}, {"id": 3}]}));
    for (second, why) in [
        (r#"{"items":[],"next":null}"#, "cut short"),
        (r#"{"next":null}"#, "no list"),
        (r#"{"items":[{"id":1}],"next":2}"#, "leads to"),
        ("<html>", "no JSON"),
    ] {
        let fault = HttpResource::observe(&reads(second), &of).unwrap_err();
        assert!(matches!(&fault, Fault::Unexpected(text) if text.contains(why)), "{second}: {fault:?}");
    }
}

#[test]
fn without_a_history_points_and_attributes_are_left() {
    let of = resource("new ranker", FLAG);
    let at = HttpResource::locate(&flag(true, "1"), &of, Reference::At(0));
    assert!(matches!(at, Err(Fault::Unsupported(text)) if text.contains("no `history`")), "there is one");
}

#[test]
fn a_pin_of_another_configuration_is_named() {
    let of = resource("new ranker", FLAG);
    let other = belay_sdk::State {
        version: "x".to_owned(),
        content: r#"{"enabled":true}"#.to_owned(),
        revision: "1".to_owned(),
    };
    let planned = operations(&flag(true, "1"), &of, pinned(&other));
    assert!(
        matches!(planned, Err(Fault::Unsupported(text)) if text.contains("another `content`")),
        "planned all the same"
    );
}
