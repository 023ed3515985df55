//! Flags of a real Unleash server, taken back by belay. Each trap of the server is a test; what a network, a kill and
//! other people add is in `unleash_faults.rs`.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::thread;
use std::time::{Duration, Instant};

use belay_tests::lab::desk::{Desk, left, writes};
use belay_tests::lab::tier::is_left_out;
use belay_tests::lab::unleash::{self, Flag, gradual, segment};
use belay_tests::lab::{Part, Tier};
use serde_json::json;

const NEEDS: [Part; 2] = [Part::Postgres, Part::Unleash];
const PLAN: &str = "plan flag-back ranker --to latest-good";
const RUN: &str = "run flag-back ranker --to latest-good";

/// A desk whose feature set `ranker` is this flag.
fn desk(flag: &Flag) -> Desk {
    Desk::at_unleash(&format!("http://{}", unleash::address()), flag.name())
}

#[test]
fn a_release_is_taken_back_undone_and_taken_back_again() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let flag = Flag::at("whole", 25);
    let desk = desk(&flag);
    desk.capture("ranker");
    flag.roll_out(100);
    desk.belay(PLAN).ends(0).says("on, 100 % → on, 25 %").says("reversible");
    assert_eq!(flag.now(), "on 100", "a plan writes nothing");
    desk.belay(RUN).ends(0);
    assert_eq!((flag.now().as_str(), flag.served("on 25").as_str()), ("on 25", "on 25"));
    desk.belay(PLAN).ends(0).says("nothing");
    desk.belay(RUN).ends(0).says("nothing to do");
    desk.belay("undo r-1").ends(0);
    assert_eq!(flag.now(), "on 100");
    desk.belay(RUN).ends(0);
    assert_eq!(flag.now(), "on 25");
    desk.is_sound();
}

#[test]
fn it_is_confirmed_only_when_clients_are_served_it() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let flag = Flag::at("served", 25);
    let desk = desk(&flag);
    assert_eq!(flag.served("on 25"), "on 25");
    // An SDK that asks all the time: the server keeps the answer for it.
    let sdk = |etag: Option<&str>| unleash::sdk_asks(unleash::address(), unleash::CLIENT_TOKEN, etag);
    let known: serde_json::Value = serde_json::from_slice(&sdk(None).body).unwrap();
    let etag = known["meta"]["etag"].as_str().unwrap();
    assert_eq!(sdk(Some(etag)).status, 304, "{known}");
    desk.belay("run flag-off ranker").ends(0);
    // Whatever belay calls done is served already: no waiting here.
    let answer = sdk(Some(etag));
    assert_eq!(answer.status, 200, "the SDK would go on with {known}");
    let served: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let found = served["features"].as_array().unwrap().iter().find(|feature| feature["name"] == "served").unwrap();
    assert_eq!(found["enabled"], false, "{served}");
    let answer = unleash::ask(
        unleash::address(),
        unleash::CLIENT_TOKEN,
        "GET",
        "/api/client/features?namePrefix=served",
        &json!(null),
    );
    let served: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(served["features"][0]["enabled"], false, "{served}");

    // A client of another environment would confirm nothing.
    let token = unleash::client_token("development");
    desk.client_token(&token);
    let said = desk.belay("run flag-on ranker --json");
    assert_eq!(left(&said.ends(1).answer("run"), "flag"), "changed", "{said}");
    said.says("development");
    assert_eq!(flag.now(), "on 25");
}

#[test]
fn what_somebody_wrote_a_moment_ago_is_waited_for_and_not_called_out_of_reach() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let flag = Flag::at("momentary", 25);
    let desk = desk(&flag);
    assert_eq!(flag.served("on 25"), "on 25");
    // A person turns it off in the console, then the responder's run finds that there is nothing to do.
    flag.off();
    desk.belay("run flag-off ranker").ends(0).says("nothing to do");
    flag.on();
    flag.off();
    desk.belay("plan flag-off ranker").ends(0).says("nothing");
    desk.is_sound();
}

#[test]
fn a_flag_without_a_strategy_in_use_is_never_turned_on() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let flag = Flag::new("bare");
    let desk = desk(&flag);
    let said = desk.belay("run flag-on ranker --json");
    assert_eq!(left(&said.ends(6).answer("run"), "flag"), "not_touched");
    said.says("for everybody");
    let unused = flag.add(&json!({ "name": "flexibleRollout", "disabled": true, "parameters": { "rollout": "5" } }));
    desk.belay("run flag-on ranker --json").ends(6).says("for everybody");
    assert_eq!(flag.now(), "off");
    flag.on();
    assert_eq!(flag.now(), "on 5 100", "the trap: Unleash adds one for everybody");
    flag.remove(&unused);
}

#[test]
fn a_strategy_that_was_removed_comes_back_with_another_id_and_the_same_content() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let flag = Flag::new("again");
    let one = segment("again");
    flag.add(&gradual("again", 10));
    let second = flag.add(&json!({
        "name": "flexibleRollout", "title": "staff", "segments": [one],
        "parameters": { "rollout": "100", "stickiness": "userId", "groupId": "again" },
        "constraints": [{ "contextName": "appName", "operator": "IN", "values": ["shop"] }],
        "variants": [{ "name": "a", "weight": 1000, "weightType": "variable", "stickiness": "default" }],
    }));
    flag.on();
    let desk = desk(&flag);
    desk.capture("ranker");
    flag.remove(&second);
    flag.roll_out(90);
    flag.add(&json!({ "name": "default" }));
    let said = desk.belay(&format!("{RUN} --json"));
    let run = said.ends(0).answer("run");
    assert_eq!(flag.now(), "on 10 100");
    assert!(flag.strategies().iter().all(|strategy| strategy["id"] != second.as_str()), "it has another id");
    assert_eq!(writes(&run, "flag").len(), 3, "changed, added, removed: {said}");
    desk.belay(PLAN).ends(0).says("nothing");
    desk.belay("undo r-1").ends(0);
    assert_eq!(flag.now(), "on 90 -");
    desk.is_sound();
}

#[test]
fn removing_the_last_strategy_turns_a_flag_off_and_belay_turns_it_on_again() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let flag = Flag::new("last");
    let only = flag.add(&gradual("last", 40));
    flag.on();
    let desk = desk(&flag);
    desk.capture("ranker");
    flag.remove(&only);
    assert_eq!(flag.now(), "off", "the trap: Unleash turns it off by itself");
    desk.belay(RUN).ends(0);
    assert_eq!((flag.now().as_str(), flag.served("on 40").as_str()), ("on 40", "on 40"));

    // Replacing the only one must not pass through that state.
    let only = flag.strategies()[0]["id"].as_str().unwrap().to_owned();
    let other = flag.add(&json!({ "name": "default" }));
    flag.remove(&only);
    let before = flag.events().first().unwrap().0;
    desk.belay(RUN).ends(0);
    assert_eq!(flag.now(), "on 40");
    let since: Vec<String> =
        flag.events().into_iter().take_while(|(id, _)| *id > before).map(|(_, kind)| kind).collect();
    assert_eq!(since, ["feature-strategy-remove", "feature-strategy-add"], "{other}");
    desk.is_sound();
}

#[test]
fn the_order_of_strategies_is_part_of_the_flag() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let flag = Flag::new("order");
    let ids: Vec<String> = [1, 2, 3].iter().map(|share| flag.add(&gradual("order", *share))).collect();
    flag.on();
    let desk = desk(&flag);
    desk.capture("ranker");
    flag.order(&[&ids[2], &ids[0], &ids[1]]);
    assert_eq!(flag.now(), "on 3 1 2");
    desk.belay(RUN).ends(0);
    assert_eq!(flag.now(), "on 1 2 3");
    flag.remove(&ids[0]);
    desk.belay(RUN).ends(0);
    assert_eq!(flag.now(), "on 1 2 3");
    desk.is_sound();
}

#[test]
fn an_archived_flag_is_absent_and_refused_by_name() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let flag = Flag::at("archived", 25);
    let desk = desk(&flag);
    desk.capture("ranker");
    flag.off();
    flag.archive();
    assert_eq!(flag.now(), "off", "the trap: its environment answers as if it were there");
    desk.belay(PLAN).says("archived");
    let said = desk.belay(&format!("{RUN} --json"));
    assert_eq!(left(&said.ends(6).answer("run"), "flag"), "not_touched");
    said.says("revive");
}

#[test]
fn earlier_states_are_found_by_event_and_by_time() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let flag = Flag::new("past");
    let one = segment("past");
    let staff = flag.add(&json!({ "name": "default", "segments": [one] }));
    flag.add(&gradual("past", 10));
    flag.on();
    let good = flag.events().first().unwrap().0;
    flag.roll_out(20);
    flag.order(&[flag.strategies()[1]["id"].as_str().unwrap(), &staff]);
    // The trap: the event of a removal has no segments.
    flag.remove(&staff);
    flag.off();
    let desk = desk(&flag);
    desk.belay(&format!("run flag-back ranker --at flag=e{good}")).ends(0);
    assert_eq!(flag.now(), "on - 10");
    assert_eq!(flag.strategies()[0]["segments"], json!([one]));
    desk.belay("run flag-back ranker --at flag=e1").ends(1).says("event 1");
    desk.belay("run flag-back ranker --at flag=yesterday").ends(1).says("e14");
    desk.is_sound();
}

#[test]
fn a_share_is_set_as_an_attribute() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let flag = Flag::at("share", 100);
    let desk = desk(&flag);
    desk.belay("run flag-share ranker").ends(0);
    assert_eq!((flag.now().as_str(), flag.served("on 10").as_str()), ("on 10", "on 10"));
    desk.belay("undo r-1").ends(0);
    assert_eq!(flag.now(), "on 100");
    desk.is_sound();
}

#[test]
fn a_share_is_taken_down_by_parts_that_clients_are_served_with_a_pause_and_a_continue_between_them() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let flag = Flag::at("ramped", 100);
    let desk = desk(&flag);
    desk.belay("plan flag-down ranker").ends(0).says("on, 100 % → 50 → 10 → 0, held 30s each");
    let mut run = desk.start("run flag-down ranker");
    holds(&desk, 1);
    assert_eq!(flag.served("on 50"), "on 50", "what is held is what clients get");
    desk.belay("pause r-1 --reason lunch").ends(0);
    assert_eq!(run.wait().unwrap().code(), Some(6));
    desk.belay("status r-1").ends(0).says("paused by").says("lunch");
    assert_eq!(flag.now(), "on 50");

    // What is left of the hold is held; the next one is cut short.
    let mut run = desk.start("continue r-1");
    holds(&desk, 2);
    assert_eq!(flag.served("on 10"), "on 10");
    desk.belay("continue r-1").ends(0);
    assert_eq!(run.wait().unwrap().code(), Some(0));
    assert_eq!((flag.now().as_str(), flag.served("on 0").as_str()), ("on 0", "on 0"));
    desk.belay("run flag-down ranker").ends(0).says("nothing to do");
    desk.belay("undo r-1").ends(0);
    assert_eq!(flag.now(), "on 100");
    desk.is_sound();
}

/// Waits until the run r-1 holds its so-manieth part.
fn holds(desk: &Desk, part: u64) {
    let began = Instant::now();
    loop {
        let said = desk.belay("status r-1 --json");
        if said.status == Some(0) {
            let step = said.answer("run.status")["view"]["stages"][0]["steps"][0].clone();
            if step["display"]["kind"] == "holding" && step["ramp"]["reached"] == part {
                return;
            }
        }
        assert!(began.elapsed() < Duration::from_secs(90), "part {part} is not held: {said}");
        thread::sleep(Duration::from_millis(100));
    }
}
