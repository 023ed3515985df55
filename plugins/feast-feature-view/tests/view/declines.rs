//! What can't be restored, and answers that are none.

use belay_sdk::{Answer, BodyTest, Fault, Pin, Reversibility, Reverter as _, Write, fake};
use feast_feature_view::FeastFeatureView;
use serde_json::{Value, json};

use crate::recorded::{LINE, answer, answering, at, clicks, observe, only, plan, present, version};

fn missing<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    match result {
        Err(Fault::Missing(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_version_that_feast_does_not_keep_is_never_proposed() {
    let reads = at("released");
    assert_eq!(missing(version(&reads, "v7")), "Feast has no version v7 of `clicks`");
    let good = present(&at("good"));
    let mut gone = answer("released");
    gone["versions"].as_array_mut().unwrap().remove(0);
    assert_eq!(missing(plan(&answering(&gone), &good)), "Feast has no version v0 of `clicks`");
}

#[test]
fn a_version_of_another_definition_is_not_the_one_that_was_pinned() {
    let changed = present(&at("changed"));
    let why = missing(plan(&at("pinned"), &changed));
    assert!(why.starts_with("v0 of `clicks` as it was pinned is not in Feast's history"), "{why}");
    let away = plan(&at("changed"), &present(&at("good"))).unwrap();
    assert_eq!(only(&away).0.reversibility, Reversibility::Recoverable, "undo can't bring it back");
    assert!(away.notes[0].contains("undo can't bring it back"), "{away:?}");
}

#[test]
fn a_service_without_a_feature_in_common_is_named() {
    let mut strange = answer("released");
    let features = strange["services"]["clicks_some"][0]["features"].as_array_mut().unwrap();
    features.retain(|feature| feature["name"] == "dwell");
    let mut good = present(&at("good"));
    let mut then: Value = serde_json::from_str(&good.state.revision).unwrap();
    then["services"] = json!({});
    good.state.revision = then.to_string();
    match plan(&answering(&strange), &good) {
        Err(Fault::Unsupported(why)) => assert!(why.contains("`clicks_some`") && why.contains("`apart`"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_service_that_was_deleted_is_not_made_again() {
    let released = present(&at("released"));
    let mut fewer = answer("pinned");
    fewer["services"].as_object_mut().unwrap().remove("clicks_some");
    assert_eq!(missing(plan(&answering(&fewer), &released)), "feature service `clicks_some` uses `clicks` no more");
    plan(&answering(&answer("released")), &present(&at("good"))).unwrap();
}

#[test]
fn only_the_sidecars_own_answers_count() {
    let at_view = |status: u16, body: &str| observe(&fake::Reads::default().answer("features", LINE, status, body));
    let refusal = |code: &str| json!({ "api": 1, "code": code, "message": "why" }).to_string();
    assert_eq!(missing(at_view(404, &refusal("no_such_feature_view"))), "why");
    assert!(matches!(at_view(422, &refusal("unsupported")), Err(Fault::Unsupported(_))));
    assert!(matches!(at_view(401, &refusal("unauthorized")), Err(Fault::Unavailable(_))));
    assert!(matches!(at_view(503, &refusal("unreachable")), Err(Fault::Unavailable(_))));
    for (status, body) in [(200, "<html>Sign in</html>"), (200, "{}"), (404, "{}"), (404, ""), (200, r#"{"api":1}"#)] {
        assert!(matches!(at_view(status, body), Err(Fault::Unexpected(_))), "{status} {body}");
    }
    for status in [401, 403, 429, 502] {
        assert!(matches!(at_view(status, "<html>"), Err(Fault::Unavailable(_))), "{status}");
    }
    assert!(matches!(observe(&fake::Reads::default().unreachable("features")), Err(Fault::Unavailable(_))));
    match at_view(200, r#"{"api":2,"view":{}}"#) {
        Err(Fault::Unsupported(why)) => assert!(why.contains("a sidecar of another version"), "{why}"),
        other => panic!("{other:?}"),
    }

    let change = plan(&at("released"), &present(&at("good"))).unwrap();
    let Write::Http(write) = &change.operations[0].write else { panic!("{change:?}") };
    let applied = Answer { status: 200, body: Some(("/api".to_owned(), BodyTest::Equals("1".to_owned()))) };
    assert_eq!(write.applied, [applied]);
    assert!(write.refused.iter().all(|answer| answer.body.is_some() && answer.status < 500));
}

#[test]
fn nonsense_is_named() {
    for label in ["", "v", "latest", "-1", "+1", "1.0"] {
        assert!(matches!(version(&at("good"), label), Err(Fault::Invalid(_))), "{label}");
    }
    let mut nameless = clicks();
    nameless.id.clear();
    assert!(matches!(FeastFeatureView::observe(&at("good"), &nameless), Err(Fault::Invalid(_))));
    let mut older: Pin = present(&at("good"));
    older.state.content = r#"{"version":0}"#.to_owned();
    assert!(matches!(plan(&at("released"), &older), Err(Fault::Unsupported(_))));
}
