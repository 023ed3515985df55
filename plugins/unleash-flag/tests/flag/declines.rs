//! What the plugin doesn't do, and how it says so.

use belay_sdk::{Fault, Reverter as _};
use serde_json::json;
use unleash_flag::UnleashFlag;

use crate::recorded::{EVENTS, FEATURE, SERVED, at, body, flag, observe, pin, plan, restore, set};

#[test]
fn nothing_is_turned_on_that_has_no_strategy() {
    let fault = plan(&at("bare"), vec![set(Some(true), None)]).unwrap_err();
    assert!(matches!(&fault, Fault::Unsupported(why) if why.contains("for everybody")), "{fault:?}");
    let fault = plan(&at("bare"), vec![set(None, Some(10))]).unwrap_err();
    assert!(matches!(&fault, Fault::Unsupported(why) if why.contains("none")), "{fault:?}");
    let fault = plan(&at("released"), vec![set(None, Some(10))]).unwrap_err();
    assert!(matches!(&fault, Fault::Unsupported(why) if why.contains("staff")), "{fault:?}");
}

#[test]
fn a_flag_is_as_desired_only_when_clients_are_served_it() {
    let good = pin("everybody");
    let stale = at("everybody").answer("clients", SERVED, 200, body("off", "clients", SERVED).to_string());
    let fault = restore(&stale, &good).unwrap_err();
    assert!(matches!(&fault, Fault::Unavailable(why) if why.contains("still served")), "{fault:?}");
    let other = at("everybody").answer("clients", SERVED, 200, body("released", "clients", SERVED).to_string());
    assert!(matches!(restore(&other, &good).unwrap_err(), Fault::Unavailable(_)));
    let silent = at("everybody").unreachable("clients");
    assert!(matches!(restore(&silent, &good).unwrap_err(), Fault::Unavailable(_)));

    let mut elsewhere = body("everybody", "clients", SERVED);
    elsewhere["query"]["environment"] = json!("development");
    let elsewhere = at("everybody").answer("clients", SERVED, 200, elsewhere.to_string());
    let fault = restore(&elsewhere, &good).unwrap_err();
    assert!(matches!(&fault, Fault::Invalid(why) if why.contains("development")), "{fault:?}");
    // SDKs are told that nothing has changed until the server has seen the last event.
    let told = |change: fn(&mut serde_json::Value)| {
        let mut answer = body("everybody", "clients", SERVED);
        change(&mut answer["meta"]);
        at("everybody").answer("clients", SERVED, 200, answer.to_string())
    };
    let behind = told(|meta| meta["revisionId"] = json!(13));
    let fault = restore(&behind, &good).unwrap_err();
    assert!(
        matches!(&fault, Fault::Unavailable(why) if why.ends_with("at event 13, and event 14 changed the flag")),
        "{fault:?}"
    );
    // A server that names no revision can't be asked for one.
    for silent in [told(|meta| *meta = json!({})), told(|meta| meta["revisionId"] = json!(0))] {
        assert!(restore(&silent, &good).unwrap().operations.is_empty());
    }
    // Nobody is served a change that waits for its review: no revision ever follows it.
    let mut latest = body("everybody", "flags", EVENTS);
    let (mut waiting, last) = (latest["events"][0].clone(), EVENTS.replace("limit=1", "limit=1000"));
    let all = body("everybody", "flags", &last);
    (waiting["id"], waiting["type"]) = (json!(99), json!("change-added"));
    latest["events"][0] = waiting;
    let reads =
        at("everybody").answer("flags", EVENTS, 200, latest.to_string()).answer("flags", &last, 200, all.to_string());
    assert!(restore(&reads, &good).unwrap().operations.is_empty());

    // Containment does not wait for whoever confirms it.
    assert_eq!(plan(&silent, vec![set(Some(false), None)]).unwrap().remove(0).operations.len(), 1);
}

#[test]
fn an_archived_flag_is_absent_and_neither_changed_nor_made() {
    assert!(observe(&at("archived")).is_absent());
    for fault in [
        restore(&at("archived"), &pin("released")).unwrap_err(),
        plan(&at("archived"), vec![set(Some(false), None)]).unwrap_err(),
    ] {
        assert!(matches!(&fault, Fault::Missing(why) if why.contains("archived")), "{fault:?}");
    }
    assert!(restore(&at("archived"), &pin("archived")).unwrap().operations.is_empty());
    assert!(matches!(restore(&at("released"), &pin("archived")).unwrap_err(), Fault::Unsupported(_)));
}

#[test]
fn a_segment_that_is_gone_is_named_before_anything_is_written() {
    let gone = json!({ "name": "NotFoundError", "message": "No segment" }).to_string();
    let reads = at("everybody").answer("flags", "GET /api/admin/segments/1", 404, gone);
    let fault = restore(&reads, &pin("released")).unwrap_err();
    assert!(matches!(&fault, Fault::Missing(why) if why.contains("segment 1")), "{fault:?}");
}

#[test]
fn what_is_no_answer_of_unleash_is_a_fault() {
    let observe = |status, body: &str| UnleashFlag::observe(&at("off").answer("flags", FEATURE, status, body), &flag());
    assert!(matches!(observe(200, "<html>"), Err(Fault::Unexpected(_))));
    assert!(matches!(observe(404, "<html>"), Err(Fault::Unexpected(_))));
    assert!(matches!(
        observe(200, r#"{"environments":[{"name":"production","enabled":true,"#),
        Err(Fault::Unexpected(_))
    ));
    assert!(matches!(observe(404, r#"{"name":"OtherError","message":"?"}"#), Err(Fault::Unexpected(_))));
    assert!(matches!(observe(401, ""), Err(Fault::Unavailable(why)) if why.contains("token")));
    assert!(matches!(observe(502, "<html>"), Err(Fault::Unavailable(_))));
    let mut elsewhere = flag();
    elsewhere.config.environment = "prod".to_owned();
    let line = "GET /api/admin/search/events?feature=IS%3Aranker&environment=IS%3Aprod&limit=1";
    let reads = at("off").answer("flags", line, 200, json!({ "events": [] }).to_string());
    let fault = UnleashFlag::observe(&reads, &elsewhere).unwrap_err();
    assert!(matches!(&fault, Fault::Missing(why) if why.contains("production")), "{fault:?}");
}

#[test]
fn a_flag_that_changed_meanwhile_is_not_planned_for() {
    let moment = belay_sdk::Context { now: 1, key: "r-77".to_owned() };
    let observed = observe(&at("released"));
    let fault = UnleashFlag::plan(&at("off"), &moment, &flag(), observed, vec![set(Some(false), None)]).unwrap_err();
    assert!(matches!(&fault, Fault::Unavailable(why) if why.contains("changed")), "{fault:?}");
}
