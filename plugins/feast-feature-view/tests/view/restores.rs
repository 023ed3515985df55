//! Where a feature view is, where it can go, and how it gets there.

use belay_sdk::{Change, Reference, Reversibility, Reverter as _};
use expect_test::expect;
use feast_feature_view::{Config, FeastFeatureView};
use serde_json::json;

use crate::recorded::{answer, answering, at, clicks, content, observe, only, plan, planned, present, version};

#[test]
fn a_view_is_what_it_says_and_whom_it_serves() {
    let told = |moment: &str| format!("{moment}: {}\n", observe(&at(moment)).unwrap().version);
    expect![[r#"
        good: v0
        released: v1, 2 of 2 services astray
        pinned: v0
        by hand: v1, 2 of 2 services astray
        changed: v0, changed since
    "#]]
    .assert_eq(&["good", "released", "pinned", "by hand", "changed"].map(told).concat());
    assert_eq!(content(&at("good")), content(&at("pinned")), "bound to v0 or not, v0 is served");
}

#[test]
fn a_bad_release_is_taken_back_with_its_services_and_brought_again() {
    let (good, released) = (present(&at("good")), present(&at("released")));
    let change = plan(&at("released"), &good).unwrap();
    let (operation, path, body) = only(&change);
    assert_eq!(path, "/v1/feature-views/clicks/pin");
    assert_eq!(operation.summary, "feature view clicks: v1, 2 of 2 services astray → v0");
    assert_eq!((operation.reversibility, operation.touches), (Reversibility::Reversible, 3));
    assert_eq!(operation.yields, observe(&at("pinned")).unwrap().content);
    assert_eq!((&body["version"], &body["expect"]), (&json!(0), &answer("released")["etag"]));
    assert_eq!(body["definition"], answer("good")["definition"]);
    // Exactly what the real sidecar made of it.
    assert_eq!(body["services"], answer("pinned")["services"]);
    assert_eq!(plan(&at("pinned"), &good).unwrap(), Change::nothing());

    let change = plan(&at("pinned"), &released).unwrap();
    let (operation, _, body) = only(&change);
    assert_eq!(operation.yields, observe(&at("released")).unwrap().content);
    assert_eq!(body["services"], answer("released")["services"], "undo puts them back as they were, right or wrong");
    assert_eq!(plan(&at("released"), &released).unwrap(), Change::nothing());
}

#[test]
fn what_a_service_loses_is_said() {
    let change = plan(&at("released"), &present(&at("good"))).unwrap();
    expect![[r#"
        feature service `clicks_all` no longer serves dwell
        feature service `clicks_some` no longer serves dwell
        the next `feast apply` of a repository with another definition of `clicks` makes a new version"#]]
    .assert_eq(&change.notes.join("\n"));
}

#[test]
fn services_that_were_left_behind_are_put_right_although_the_version_is() {
    let by_hand = version(&at("by hand"), "v1").unwrap();
    let body = only(&plan(&at("by hand"), &by_hand).unwrap()).2;
    assert_eq!(body["services"].as_object().unwrap().len(), 2);
    assert_eq!(body["services"]["clicks_all"][0]["version"], 1);
}

#[test]
fn a_service_that_came_later_goes_along_and_one_apart_stays() {
    let good = present(&at("good"));
    let mut later = answer("released");
    later["services"]["clicks_new"] = later["services"]["clicks_all"].clone();
    let change = plan(&answering(&later), &good).unwrap();
    let (_, _, body) = only(&change);
    assert_eq!(body["services"]["clicks_new"], answer("pinned")["services"]["clicks_all"]);

    let mut of = clicks();
    of.config = Config { apart: vec!["clicks_new".to_owned()] };
    let change = planned(&answering(&later), &of, &good).unwrap();
    let (_, _, body) = only(&change);
    assert_eq!(body["services"].get("clicks_new"), None);
    assert!(change.notes.contains(&"feature service `clicks_new` keeps what it serves".to_owned()), "{change:?}");
}

#[test]
fn an_exact_list_of_features_survives_the_way_there_and_back() {
    // Bound to v1 with two of its three features: nothing astray, so only the revision knows.
    let mut bound = answer("released");
    for service in ["clicks_all", "clicks_some"] {
        bound["services"][service][0]["version"] = json!(1);
    }
    let (reads, pin) = (answering(&bound), present(&answering(&bound)));
    assert_eq!(content(&reads)["astray"], json!({}));
    assert_eq!(only(&plan(&reads, &present(&at("good"))).unwrap()).2["services"], answer("pinned")["services"]);
    assert_eq!(only(&plan(&at("pinned"), &pin).unwrap()).2["services"], bound["services"]);
}

#[test]
fn versions_are_found_by_number_and_by_time() {
    let reads = at("released");
    let made = |place: usize| answer("released")["versions"][place]["at"].as_u64().unwrap();
    let when = |moment| FeastFeatureView::locate(&reads, &clicks(), Reference::At(moment)).map(|pin| pin.state.version);
    assert_eq!(when(made(0)), Ok("v0".to_owned()));
    assert_eq!(when(made(1) + 1), Ok("v1".to_owned()));
    assert!(when(made(0) - 1).is_err());
    assert_eq!(version(&reads, "0"), version(&reads, "v0"));
    assert_eq!(version(&reads, "v0").unwrap().state.content, present(&at("good")).state.content);

    let history = |limit| FeastFeatureView::history(&reads, &clicks(), limit).unwrap();
    let told: Vec<String> = history(9).iter().map(|past| format!("{} {}", past.version, past.summary)).collect();
    assert_eq!(told, ["v1 +dwell ~ctr · served now", "v0 2 features"]);
    assert_eq!(history(1).len(), 1);
    assert_eq!(history(1)[0].at, Some(made(1)));
}
