//! Online values of a real Feast with a real Redis: taken back by belay, and served right again.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use belay_tests::lab::desk::{Desk, left, writes};
use belay_tests::lab::feature_shop::{FeatureShop, feature_shop};
use belay_tests::lab::tier::is_left_out;
use belay_tests::lab::{Part, Tier};
use serde_json::{Value, json};

const NEEDS: [Part; 2] = [Part::Python, Part::Redis];
const PLAN: &str = "plan values-back clicks --to latest-good";
const RUN: &str = "run values-back clicks --to latest-good";
const ALL_RUN: &str = "run clicks-back clicks --to latest-good";

/// A view whose good values were captured.
fn captured(view: &str) -> (Desk, &'static FeatureShop) {
    let shop = feature_shop();
    shop.release_good(view);
    let desk = shop.desk(&shop.sidecar(), view);
    desk.capture("clicks");
    (desk, shop)
}

fn good() -> Value {
    json!([0.125, 0.25, null])
}

fn bad() -> Value {
    json!([9.5, 0.25, 9.5])
}

#[test]
fn pushed_values_are_cleared_and_materialised_although_feast_says_it_did() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop) = captured("pushed");
    shop.push_bad("pushed");
    shop.must_serve("pushed", "ctr", &Ok(bad()));

    let window =
        json!({ "start_ts": "2026-10-01T00:00:00Z", "end_ts": "2026-11-21T00:00:00Z", "feature_views": ["pushed"] });
    assert_eq!(shop.ask_serving("/materialize", &window).status, 200);
    assert_eq!(shop.serves("pushed", "ctr"), Ok(bad()), "the trap: materialised with 200, and nothing changed");

    desk.belay(PLAN).ends(0).says("clear 2 rows of pushed").says("materialise pushed").says("recoverable");
    assert_eq!(shop.serves("pushed", "ctr"), Ok(bad()), "a plan writes nothing");
    desk.belay(RUN).ends(0);
    assert_eq!(shop.serves("pushed", "ctr"), Ok(good()));
    desk.belay(PLAN).ends(0).says("nothing");
    desk.belay(RUN).ends(0).says("nothing to do");
    desk.is_sound();
}

#[test]
fn a_missing_value_is_present_of_1970_and_no_value() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop) = captured("missing");
    shop.must_serve("missing", "ctr", &Ok(good()));
    let asked = json!({ "features": ["missing:ctr"], "entities": { "user_id": [9] } });
    let answer: Value = serde_json::from_slice(&shop.ask_serving("/get-online-features", &asked).body).unwrap();
    let ctr = &answer["results"][1];
    assert_eq!(
        (&ctr["values"], &ctr["statuses"], &ctr["event_timestamps"]),
        (&json!([null]), &json!(["PRESENT"]), &json!(["1970-01-01T00:00:00Z"])),
        "the trap"
    );
    // A value that appears where there was none is a difference, and goes again.
    shop.pipeline("missing", "push", json!({ "user_id": [9], "ctr": [0.5], "clicks_7d": [5] }));
    desk.belay(RUN).ends(0);
    assert_eq!(shop.serves("missing", "ctr"), Ok(good()));
}

#[test]
fn undo_brings_back_what_was_materialised_before_and_refuses_what_was_pushed() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let shop = feature_shop();
    shop.release_good("undone");
    let desk = shop.desk(&shop.sidecar(), "undone");
    // A day later the batch source has newer rows, which are materialised and captured.
    shop.pipeline("undone", "release_next_day", json!({}));
    desk.capture("clicks");
    let newer = json!([0.625, 0.75, null]);
    shop.must_serve("undone", "ctr", &Ok(newer.clone()));
    shop.pipeline("undone", "back_to_first_day", json!({}));
    assert_eq!(shop.serves("undone", "ctr"), Ok(good()));
    desk.belay(RUN).ends(0);
    assert_eq!(shop.serves("undone", "ctr"), Ok(newer.clone()));
    desk.belay("undo r-1").ends(0);
    assert_eq!(shop.serves("undone", "ctr"), Ok(good()));

    shop.push_bad("undone");
    desk.belay(RUN).ends(0);
    assert_eq!(shop.serves("undone", "ctr"), Ok(newer));
    let said = desk.belay("undo r-3 --json");
    assert_eq!(said.status, Some(6), "{said}");
    said.says("other values than those that were pinned");
}

#[test]
fn a_point_and_a_batch_source_that_disagree_are_named_before_anything_is_cleared() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop) = captured("disagree");
    shop.push_bad("disagree");
    shop.pipeline("disagree", "write_batch", json!({ "user_id": [1, 2], "ctr": [0.5, 0.25], "clicks_7d": [10, 20] }));
    desk.belay(PLAN).says("user_id 1 would have ctr 0.5 instead of ctr 0.125");
    let said = desk.belay(&format!("{RUN} --json"));
    assert_eq!(left(&said.ends(6).answer("run"), "online"), "not_touched");
    said.says("put its batch source back first");
    assert_eq!(shop.serves("disagree", "ctr"), Ok(bad()), "nothing was cleared");

    let all = json!({ "user_id": [1, 2, 3], "ctr": [0.125, 0.25, 0.375], "clicks_7d": [10, 20, 30] });
    shop.pipeline("disagree", "write_batch", all);
    desk.belay("resume r-1").ends(0);
    assert_eq!(shop.serves("disagree", "ctr"), Ok(good()));
    desk.is_sound();
}

#[test]
fn values_that_no_batch_source_has_are_not_captured_as_good() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let shop = feature_shop();
    shop.release_good("streamed");
    shop.push_bad("streamed");
    let desk = shop.desk(&shop.sidecar(), "streamed");
    let said = desk.belay("point capture clicks -m good");
    assert_ne!(said.status, Some(0), "{said}");
    said.says("materialising can't bring these values back");
}

#[test]
fn definition_and_values_of_a_bad_release_go_back_together_and_a_check_proves_it_where_it_is_served() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop) = captured("together");
    // Wrong values for the good version, then the bad version.
    shop.push_bad("together");
    shop.release_bad("together");
    let released = shop.state("together");
    let said = desk.belay(&format!("{ALL_RUN} --json"));
    let run = said.ends(0).answer("run");
    assert_eq!((left(&run, "features").as_str(), left(&run, "online").as_str()), ("restored", "restored"));
    assert_eq!(run["receipt"]["checks"][0]["result"], json!({ "kind": "passed", "value": "100.00" }));
    assert_eq!(writes(&run, "online"), ["applied", "applied"], "cleared, then materialised");
    shop.must_serve("together", "ctr", &Ok(good()));
    shop.must_serve("together", "clicks_7d", &Ok(json!([10, 20, null])));
    desk.belay("plan clicks-back clicks --to latest-good").ends(0).says("nothing");

    // Undone: the bad version had no values, and its batch source has nothing for its new feature.
    desk.belay("undo r-1").ends(0);
    let undone = shop.state("together");
    assert_eq!((&undone["version"], &undone["services"]), (&released["version"], &released["services"]));
    desk.belay(ALL_RUN).ends(0);
    assert_eq!(shop.version("together"), 0);
    shop.must_serve("together", "ctr", &Ok(good()));
    desk.is_sound();
}

#[test]
fn undo_of_a_first_materialisation_takes_its_values_away_again() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop) = captured("wiped");
    shop.pipeline("wiped", "wipe", json!({}));
    shop.must_serve("wiped", "ctr", &Ok(json!([null, null, null])));
    desk.belay(RUN).ends(0);
    shop.must_serve("wiped", "ctr", &Ok(good()));
    desk.belay("undo r-1 --plan").ends(0).says("v0, no values").says("models get none");
    desk.belay("undo r-1").ends(0);
    shop.must_serve("wiped", "ctr", &Ok(json!([null, null, null])));
    desk.is_sound();
}

#[test]
fn a_writer_that_pushes_every_two_seconds_does_not_starve_the_run_once_its_source_is_off() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop) = captured("starved");
    let (over, pushes) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                // The pipeline looks at its flag, as it should.
                if desk.flags().contains("ENABLED") {
                    shop.push_bad("starved");
                    pushes.fetch_add(1, Ordering::Relaxed);
                }
                thread::sleep(Duration::from_secs(2));
            }
        });
        while pushes.load(Ordering::Relaxed) == 0 {
            thread::sleep(Duration::from_millis(50));
        }
        let said = desk.belay(ALL_RUN);
        over.store(true, Ordering::Relaxed);
        said.ends(0);
    });
    assert!(desk.flags().contains("DISABLED"));
    assert_eq!(shop.serves("starved", "ctr"), Ok(good()));
    desk.is_sound();
}
