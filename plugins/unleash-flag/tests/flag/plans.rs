//! How a flag gets to where it is wanted.

use belay_sdk::{Change, Reversibility, json};
use serde_json::{Value, json};

use crate::recorded::{FEATURE, at, body, lines, pin, plan, request, restore, set};

/// The id of the only strategy that is left when everybody has the flag.
fn share() -> String {
    let feature = body("everybody", "flags", FEATURE);
    let environments = feature["environments"].as_array().unwrap();
    let production = environments.iter().find(|found| found["name"] == "production").unwrap();
    production["strategies"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_release_is_taken_back_with_what_was_removed_added_first() {
    let good = pin("released");
    let change = restore(&at("everybody"), &good).unwrap();
    assert_eq!(
        lines(&change),
        [
            "POST /strategies/set-sort-order".to_owned(),
            "POST /strategies".to_owned(),
            format!("PATCH /strategies/{}", share())
        ]
    );
    assert!(json::same(&change.operations.last().unwrap().yields, &good.state.content));
    assert_eq!(restore(&at("released"), &good).unwrap(), Change::nothing());
}

#[test]
fn a_patch_changes_only_what_it_was_planned_from() {
    let change = plan(&at("everybody"), vec![set(None, Some(10))]).unwrap().remove(0);
    let [patch] = change.operations.as_slice() else { panic!("{change:?}") };
    let steps: Vec<Value> = serde_json::from_slice(&request(patch).body).unwrap();
    let (tests, replacements): (Vec<&Value>, Vec<&Value>) = steps.iter().partition(|step| step["op"] == "test");
    assert_eq!(replacements, [&json!({ "op": "replace", "path": "/parameters/rollout", "value": "10" })]);
    let tested: Vec<&str> = tests.iter().map(|test| test["path"].as_str().unwrap()).collect();
    let all = ["/name", "/title", "/disabled", "/parameters", "/constraints", "/variants", "/segments"];
    assert_eq!(tested, all);
    assert_eq!(tests[3]["value"]["rollout"], "100");
}

#[test]
fn what_may_only_take_callers_away_comes_last_and_turning_off_first() {
    // From the other side: staff has a strategy that must go.
    let change = restore(&at("released"), &pin("everybody")).unwrap();
    let methods: Vec<String> = lines(&change).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(methods, ["PATCH", "DELETE"]);
    assert_eq!(change.operations.last().unwrap().reversibility, Reversibility::Recoverable);

    let change = restore(&at("released"), &pin("off")).unwrap();
    assert_eq!(lines(&change).first().map(String::as_str), Some("POST /off"));
    let change = restore(&at("off"), &pin("released")).unwrap();
    assert_eq!(lines(&change).last().map(String::as_str), Some("POST /on"));
}

#[test]
fn each_part_of_a_path_starts_where_the_one_before_ends() {
    let path = [1, 10, 50].map(|percent| set(Some(true), Some(percent)));
    let changes = plan(&at("off"), path.to_vec()).unwrap();
    let operations: Vec<usize> = changes.iter().map(|change| change.operations.len()).collect();
    assert_eq!(operations, [2, 1, 1]);
    let tested = |change: &Change| {
        let steps: Vec<Value> = serde_json::from_slice(&request(&change.operations[0]).body).unwrap();
        let parameters = steps.iter().find(|step| step["path"] == "/parameters").unwrap();
        parameters["value"]["rollout"].as_str().unwrap().to_owned()
    };
    assert_eq!(changes.iter().map(tested).collect::<Vec<_>>(), ["100", "1", "10"]);
    let yields: Value = serde_json::from_str(&changes[2].operations[0].yields).unwrap();
    assert_eq!((&yields["enabled"], &yields["rollout"]), (&json!(true), &json!(50)));
    // What is there already is no part to do.
    let changes = plan(&at("off"), vec![set(Some(false), Some(100)), set(None, Some(5))]).unwrap();
    assert_eq!(changes.iter().map(|change| change.operations.len()).collect::<Vec<_>>(), [0, 1]);
}
