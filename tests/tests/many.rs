//! A ledger that knows many runs.

use std::fs;

use belay_tests::lab::shelf::Shelf;
use serde_json::json;

/// More than are looked through at once.
const MANY: usize = 205;

#[test]
fn a_runbook_that_ran_long_before_many_others_is_not_said_to_have_never_run() {
    let (_shelf, desk) = Shelf::released();
    desk.belay("run weights-back ranking --to latest-good").ends(0);
    let text = fs::read_to_string(desk.file("runbooks/weights-back.toml")).unwrap();
    let (often, never) =
        (text.replace("\"weights-back\"", "\"often\""), text.replace("\"weights-back\"", "\"unused\""));
    fs::write(desk.file("runbooks/often.toml"), often).unwrap();
    fs::write(desk.file("runbooks/unused.toml"), never).unwrap();
    for _ in 0..MANY {
        desk.belay("run often ranking --to latest-good").ends(0);
    }
    let runbooks = desk.belay("runbook list --json").ends(0).answer("runbooks");
    let last = |name: &str| {
        let found = runbooks.as_array().unwrap().iter().find(|summary| summary["runbook"]["name"] == name);
        found.unwrap()["last_run"]["run"].clone()
    };
    assert_eq!((last("weights-back"), last("often"), last("unused")), (json!("r-1"), json!("r-206"), json!(null)));
}
