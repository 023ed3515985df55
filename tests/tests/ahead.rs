//! The stage that follows is planned while what was written only waits to be served, and what that found counts only while no
//! other run wrote anything.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::time::Duration;

use belay_tests::lab::desk::Desk;
use belay_tests::lab::shelf::Shelf;
use serde_json::{Value, json};

/// Two records on two shelves: the weights are put back first, then the prices. `upstream` is what prices are made from.
fn desk(weights: &Shelf, prices: &Shelf, upstream: &str) -> Desk {
    let desk = weights.desk();
    let change = |path: &str, change: &dyn Fn(&str) -> String| {
        let text = fs::read_to_string(desk.file(path)).unwrap();
        fs::write(desk.file(path), change(&text)).unwrap();
    };
    change("belay.toml", &|text| {
        let line = format!("prices = {{ url = \"http://{}\", allow = [\"loopback\"] }}", prices.address());
        text.replacen("settle = \"200ms\"", "settle = \"10s\"", 1)
            .replace("[environment.lab.connection]", &format!("[environment.lab.connection]\n{line}"))
            + "\n[connection.prices]\nkind = \"http\"\ntimeout = \"30s\"\n\
               writes = [{ match = \"PUT /v1/buckets/shop/collections/*/records/*\", at_best = \"reversible\" }]\n"
    });
    change("features/ranking.toml", &|text| {
        let from = text.find("[[resource]]").unwrap();
        let config = text[from..].replace("name = \"weights\"", &format!("name = \"prices\"\nupstream = {upstream}"));
        format!("{text}\n{}", config.replace("settings/shop/ranking/weights", "prices/shop/ranking/prices"))
    });
    change("runbooks/weights-back.toml", &|text| {
        format!("{text}\n[[stage]]\nname = \"prices\"\n\n[[stage.step]]\nresource = \"prices\"\n")
    });
    desk.capture("ranking");
    weights.put(json!({ "clicks": 90 }));
    prices.put(json!({ "price": 90 }));
    desk
}

/// Whether plugins were called between the locks of the second stage and its first write.
fn is_planned_in_its_turn(desk: &Desk) -> bool {
    let log = desk.log();
    let of_run = log.iter().filter(|entry| entry["run"] == "r-1");
    let mut turn = of_run.skip_while(|entry| entry["kind"] != "stage.locked" || entry["body"]["stage"] != 1);
    assert!(turn.next().is_some(), "the second stage's turn came");
    let before_write: Vec<&Value> = turn.take_while(|entry| entry["kind"] != "intent").collect();
    before_write.iter().any(|entry| entry["kind"] == "plugin.call")
}

const RUN: &str = "run weights-back ranking --to latest-good";

#[test]
fn the_next_stage_is_planned_while_a_write_waits_to_be_served() {
    let (weights, prices) = (Shelf::start(json!({ "clicks": 3 })), Shelf::start(json!({ "price": 3 })));
    let desk = desk(&weights, &prices, "[]");
    weights.serves_late(3);
    desk.belay(RUN).ends(0);
    assert_eq!((weights.get(), prices.get()), (json!({ "clicks": 3 }), json!({ "price": 3 })));
    assert!(!is_planned_in_its_turn(&desk));
    let moments = |kind: &str| -> Vec<u64> {
        let log = desk.log();
        log.iter().filter(|entry| entry["kind"] == kind).filter_map(|entry| entry["at"].as_u64()).collect()
    };
    let (locked, planned) = (moments("stage.locked"), moments("stage.planned"));
    assert_eq!((locked.len(), planned.len()), (2, 2));
    let in_turn = locked.iter().zip(&planned).all(|(locked, planned)| locked <= planned);
    assert!(in_turn, "the time that a write may take begins with its turn");
    desk.is_sound();
}

#[test]
fn what_is_made_from_a_write_that_waits_is_planned_in_its_turn() {
    let (weights, prices) = (Shelf::start(json!({ "clicks": 3 })), Shelf::start(json!({ "price": 3 })));
    let desk = desk(&weights, &prices, "[\"weights\"]");
    weights.serves_late(3);
    desk.belay(RUN).ends(0);
    assert!(is_planned_in_its_turn(&desk));
}

#[test]
fn where_nothing_waits_a_stage_is_planned_in_its_turn() {
    let (weights, prices) = (Shelf::start(json!({ "clicks": 3 })), Shelf::start(json!({ "price": 3 })));
    let desk = desk(&weights, &prices, "[]");
    desk.belay(RUN).ends(0);
    assert!(is_planned_in_its_turn(&desk));
}

#[test]
fn a_plan_made_ahead_does_not_count_once_another_run_has_written() {
    let (weights, prices) = (Shelf::start(json!({ "clicks": 3 })), Shelf::start(json!({ "price": 3 })));
    let desk = desk(&weights, &prices, "[]");
    weights.serves_late(u32::MAX);
    let mut run = desk.start(RUN);
    let is_confirmed_once = |entry: &Value| entry["run"] == "r-1" && entry["kind"] == "step.confirmed";
    while !desk.log().iter().any(is_confirmed_once) {
        std::thread::sleep(Duration::from_millis(20));
    }
    // The prices are nobody's yet; a run of their own puts them back.
    desk.belay("run weights-back ranking --to latest-good --only prices").ends(0);
    prices.put(json!({ "price": 91 }));
    weights.serves_at_once();
    assert!(run.wait().unwrap().success());
    assert!(is_planned_in_its_turn(&desk));
    assert_eq!(prices.get(), json!({ "price": 3 }));
}
