//! Each tier's bound at its edge, and who is exempt.

use belay_sdk::{Fault, Judgement, Verdict, json};
use serde_json::{Value, json};

use super::*;

const HOUR: u64 = 3_600_000;

fn judge(tier: &str, destination: &Value, to: &Value, config: &Value) -> Result<Judgement, Fault> {
    let facts = json!({
        "schema": 1,
        "now": {"ms": 1_000 * HOUR, "hour": 3},
        "feature_set": {"tier": tier, "name": "ranker"},
        "destination": destination,
        "stage": {"steps": [{"step": 0, "work": {"kind": "nothing", "found": "v1"}}, {"step": 1, "work": {"kind": "change", "to": to}}]},
    });
    let facts = json::configured(&facts.to_string(), "the facts").unwrap();
    PointAge::judge(facts, json::configured(&config.to_string(), "the configuration")?)
}

fn point(age_ms: u64) -> Value {
    json!({"kind": "point", "id": "rp-7", "age_ms": age_ms, "captured_at": 0, "digest": "d"})
}

fn pinned() -> Value {
    json!({"pinned": {"version": "v27", "content": "c"}})
}

fn denial(tier: &str, destination: &Value, config: &Value) -> Option<String> {
    match judge(tier, destination, &pinned(), config).unwrap().verdict {
        Verdict::Deny(reasons) => Some(reasons.join("; ")),
        Verdict::Allow => None,
        Verdict::NeedsApprovals(_) => panic!("it asks for nobody"),
    }
}

#[test]
fn a_bound_allows_what_reaches_it_and_denies_what_exceeds_it() {
    let config = json!({"oldest": {"critical": "7d"}});
    assert_eq!(denial("critical", &point(7 * 24 * HOUR), &config), None);
    let said = "rp-7 is 7days 1h old; at most 7days is allowed";
    assert_eq!(denial("critical", &point(7 * 24 * HOUR + HOUR), &config).as_deref(), Some(said));
    assert!(denial("critical", &point(7 * 24 * HOUR + 1), &config).is_some());
}

#[test]
fn a_tier_is_bound_by_the_strictest_of_its_own_and_lower_ones() {
    let config = json!({"oldest": {"standard": "30d", "important": "60d", "critical": "2d"}});
    for (tier, days, allowed) in [
        ("experimental", 1_000, true),
        ("standard", 30, true),
        ("standard", 31, false),
        ("important", 31, false),
        ("critical", 2, true),
        ("critical", 3, false),
    ] {
        assert_eq!(denial(tier, &point(days * 24 * HOUR), &config).is_none(), allowed, "{tier} {days}");
    }
}

#[test]
fn a_moment_has_an_age_and_versions_have_none() {
    let config = json!({"oldest": {"standard": "10h"}});
    assert_eq!(denial("standard", &json!({"kind": "before", "at": 990 * HOUR}), &config), None);
    assert!(denial("standard", &json!({"kind": "before", "at": 989 * HOUR}), &config).unwrap().contains("11h old"));
    let versions = json!({"kind": "versions", "versions": [{"resource": "model", "version": "8"}]});
    assert!(denial("standard", &versions, &config).unwrap().contains("isn't known"));
    let lenient = json!({"oldest": {"standard": "10h"}, "without_age": "allow"});
    let judged = judge("standard", &versions, &pinned(), &lenient).unwrap();
    assert_eq!((judged.verdict, judged.notes.len()), (Verdict::Allow, 1));
}

#[test]
fn containment_and_undo_need_no_young_point() {
    let config = json!({"oldest": {"experimental": "1h"}});
    let attributes = json!({"attributes": {"enabled": false}});
    assert_eq!(judge("critical", &point(1_000 * HOUR), &attributes, &config).unwrap().verdict, Verdict::Allow);
    let undo = json!({"kind": "undo_point", "run": "r-7", "digest": "d"});
    assert_eq!(denial("critical", &undo, &config), None);
}

#[test]
fn a_bound_that_makes_no_sense_is_a_fault_whatever_the_tier() {
    for (config, why) in [
        (json!({"oldest": {"critical": "soon"}}), "the bound for `critical`: `soon`"),
        (json!({"oldest": {"criticl": "7d"}}), "unknown field"),
        (json!({"older": {}}), "unknown field"),
    ] {
        let fault = judge("experimental", &point(0), &pinned(), &config).unwrap_err();
        assert!(matches!(&fault, Fault::Invalid(text) if text.contains(why)), "{fault:?}");
    }
}

#[test]
fn the_example_of_the_contract_is_judged() {
    let facts = json::configured(include_str!("../../../wit/facts.example.json"), "the facts").unwrap();
    let config = json::configured(r#"{"oldest": {"critical": "1d"}}"#, "the configuration").unwrap();
    let judged = PointAge::judge(facts, config).unwrap();
    assert_eq!(judged.verdict, Verdict::Deny(vec!["rp-0412 is 2days old; at most 1day is allowed".to_owned()]));
}
