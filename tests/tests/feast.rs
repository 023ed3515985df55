//! Feature views of a real Feast, taken back by belay, and served right again. Each trap of Feast is a test; values have
//! `feast_online.rs`, what a network and a kill add have `feast_faults.rs`.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use belay_tests::lab::desk::{Desk, left};
use belay_tests::lab::feast::TOKEN;
use belay_tests::lab::feature_shop::{FeatureShop, feature_shop};
use belay_tests::lab::http1::{Answer, Request};
use belay_tests::lab::tier::is_left_out;
use belay_tests::lab::{Part, Tier};
use serde_json::{Value, json};

const NEEDS: [Part; 2] = [Part::Python, Part::Redis];
const PLAN: &str = "plan features-back clicks --to latest-good";
const RUN: &str = "run features-back clicks --to latest-good";

/// A view whose good version was captured.
fn captured(view: &str) -> (Desk, &'static FeatureShop) {
    let shop = feature_shop();
    shop.release_good(view);
    let desk = shop.desk(&shop.sidecar(), view);
    desk.capture("clicks");
    (desk, shop)
}

#[test]
fn a_bad_release_is_taken_back_undone_and_taken_back_again() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop) = captured("whole");
    shop.release_bad("whole");
    let released = shop.state("whole");
    desk.belay(PLAN).ends(0).says("→ v0").says("no longer serves dwell").says("reversible");
    assert_eq!(shop.state("whole"), released, "a plan writes nothing");

    desk.belay(RUN).ends(0);
    assert_eq!(shop.version("whole"), 0);
    shop.must_serve("whole", "ctr", &Ok(json!([0.125, 0.25, null])));
    desk.belay(PLAN).ends(0).says("nothing");
    desk.belay(RUN).ends(0).says("nothing to do");

    desk.belay("undo r-1").ends(0);
    let undone = shop.state("whole");
    assert_eq!(
        (&undone["version"], &undone["definition"], &undone["services"]),
        (&released["version"], &released["definition"], &released["services"]),
        "exactly as the bad release had left them"
    );
    desk.belay("run features-back clicks --at features=v0").ends(0);
    shop.must_serve("whole", "clicks_7d", &Ok(json!([10, 20, null])));
    desk.is_sound();
}

#[test]
fn a_version_that_does_not_exist_is_refused_although_feast_would_publish_it() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop) = captured("absent");
    shop.release_bad("absent");
    let released = shop.state("absent");
    desk.belay("run features-back clicks --at features=v7").ends(1).says("no version v7 of `absent`");
    desk.belay("run features-back clicks --before 00:00").ends(1);
    assert_eq!(shop.state("absent"), released);

    shop.pipeline("absent", "pin_by_hand", json!({ "version": "v7" }));
    let published = shop.state("absent");
    let kept: Vec<&Value> = published["versions"].as_array().unwrap().iter().map(|kept| &kept["version"]).collect();
    assert_eq!(kept, [&json!(0), &json!(1), &json!(7)], "the trap: Feast publishes what is there under that name");
    desk.belay(RUN).ends(0);
    assert_eq!(shop.version("absent"), 0);
}

#[test]
fn services_that_a_pin_by_hand_broke_are_served_again() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop) = captured("broken");
    shop.release_bad("broken");
    // The trap: with 200, the first version's values, under the second one's names.
    shop.pipeline("broken", "push", json!({ "user_id": [1], "ctr": ["bad"], "clicks_7d": [-1], "dwell": [0.5] }));
    shop.must_serve("broken", "dwell", &Ok(json!([null, null, null])));
    assert_eq!(shop.serves("broken", "ctr"), Ok(json!([0.125, 0.25, null])));

    shop.pipeline("broken", "pin_by_hand", json!({ "version": "v0" }));
    shop.must_serve("broken", "ctr", &Err(500));
    desk.belay(PLAN).ends(0).says("2 of 2 services astray");
    desk.belay(RUN).ends(0);
    shop.must_serve("broken", "ctr", &Ok(json!([0.125, 0.25, null])));
    desk.is_sound();
}

#[test]
fn a_definition_that_changed_without_a_version_is_left_and_not_gone_back_to() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop) = captured("quiet");
    let good = shop.state("quiet");
    shop.pipeline("quiet", "change_quietly", json!({}));
    assert_ne!(shop.state("quiet")["definition"], good["definition"]);
    desk.belay(PLAN).ends(0).says("changed since").says("recoverable").says("undo can't bring it back");
    desk.belay(RUN).ends(0);
    assert_eq!(shop.state("quiet")["definition"], good["definition"]);
    let said = desk.belay("undo r-1 --json");
    assert_eq!(said.status, Some(6), "{said}");
    said.says("is not in Feast's history");
    assert_eq!(shop.state("quiet")["definition"], good["definition"]);
}

/// What Feast's own REST registry says of a view.
fn described(shop: &FeatureShop, view: &str) -> Value {
    let path = format!("/api/v1/feature_views/{view}?project=shop&allow_cache=false");
    let answer = Request::new("GET", &path, b"").send(shop.feast.registry().address()).unwrap();
    let answer = Answer::parse(&answer).unwrap();
    assert_eq!(answer.status, 200);
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn a_view_that_feasts_own_rest_registry_maimed_is_put_back() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop) = captured("maimed");
    let good = described(shop, "maimed");
    assert_eq!(good["meta"].get("currentVersionNumber"), None, "left out for the first version: {good}");
    assert!(good["spec"]["streamSource"].is_object() && good["spec"]["entityColumns"].is_array(), "{good}");

    let features = json!([{ "name": "ctr", "value_type": 5 }, { "name": "clicks_7d", "value_type": 4 }]);
    let body = json!({
        "name": "maimed", "project": "shop", "entities": ["user"], "features": features,
        "batch_source": "maimed_batch", "ttl_seconds": 315_360_000, "version": "v0",
    });
    let mut request = Request::new("POST", "/api/v1/feature_views", body.to_string().as_bytes());
    request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
    let answer = Answer::parse(&request.send(shop.feast.registry().address()).unwrap()).unwrap();
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    let maimed = described(shop, "maimed");
    let lost = |name: &str| maimed["spec"].get(name).is_none_or(|found| found.as_array().is_some_and(Vec::is_empty));
    assert!(lost("streamSource") && lost("entityColumns"), "the trap: {maimed}");

    desk.belay(RUN).ends(0);
    let back = described(shop, "maimed");
    for member in ["streamSource", "entityColumns", "features", "batchSource"] {
        assert_eq!(back["spec"][member], good["spec"][member], "{member}");
    }
    desk.is_sound();
}

#[test]
fn a_sidecar_without_the_right_token_tells_nothing() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop) = captured("token");
    shop.release_bad("token");
    let released = shop.state("token");
    let token = desk.systems().join("token");
    std::fs::write(&token, "canary-of-yesterday").unwrap();
    desk.belay(PLAN).says("features").says("401");
    let said = desk.belay(&format!("{RUN} --json"));
    assert_eq!(left(&said.ends(6).answer("run"), "features"), "not_touched");
    assert_eq!(shop.state("token"), released);
    std::fs::write(&token, TOKEN).unwrap();
    desk.belay("resume r-1").ends(0);
    assert_eq!(shop.version("token"), 0);
    assert_eq!(desk.files_with(TOKEN.as_bytes()), ["systems/token"]);
}
