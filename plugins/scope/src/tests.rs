//! Each key of a line, and what is told of what no line covers.

use belay_sdk::{Fault, Judgement, Verdict, json};
use serde_json::{Value, json};

use super::*;

/// `ana` restores `checkout-ranker` of team `ranking` in `prod`: its dataset through `lake`, its model through
/// `registry`.
const FACTS: &str = include_str!("../../../wit/facts.example.json");

fn judge(allow: &Value) -> Result<Judgement, Fault> {
    let facts = json::configured(FACTS, "the facts").unwrap();
    Scope::judge(facts, json::configured(&json!({ "allow": allow }).to_string(), "the configuration")?)
}

fn denials(allow: &Value) -> Vec<String> {
    match judge(allow).unwrap().verdict {
        Verdict::Allow => Vec::new(),
        Verdict::Deny(reasons) => reasons,
        Verdict::NeedsApprovals(_) => panic!("it asks for nobody"),
    }
}

#[test]
fn each_key_of_a_line_can_leave_the_run_out() {
    assert_eq!(denials(&json!([{}])), Vec::<String>::new());
    for (key, fits, other) in [
        ("requesters", "ana", "ben"),
        ("runbooks", "standard-*", "contain-*"),
        ("environments", "prod", "staging"),
        ("feature_sets", "*-ranker", "search-*"),
        ("owners", "ranking", "search"),
        ("resources", "*", "flag"),
        ("connections", "*", "flags"),
    ] {
        assert_eq!(denials(&json!([{ key: [fits] }])).len(), 0, "{key}");
        assert_eq!(denials(&json!([{ key: [other] }])).len(), 2, "{key}");
        assert_eq!(denials(&json!([{ key: [] }])).len(), 2, "{key}");
    }
}

#[test]
fn each_write_needs_one_line_that_covers_it_whole() {
    let apart = json!([{"resources": ["dataset"], "connections": ["lake"]}, {"resources": ["model"]}]);
    assert_eq!(denials(&apart), Vec::<String>::new());
    let crossed = json!([{"resources": ["dataset"], "connections": ["registry"]}, {"connections": ["lake"], "resources": ["model"]}]);
    assert_eq!(denials(&crossed).len(), 2);
    assert_eq!(
        denials(&json!([{"resources": ["dataset"]}])),
        ["model of checkout-ranker through registry in prod is not in the scope of standard-rollback by ana"]
    );
}

#[test]
fn an_empty_list_covers_nothing_and_a_misspelt_key_is_refused() {
    assert_eq!(denials(&json!([])).len(), 2);
    assert!(matches!(judge(&json!([{"resource": ["dataset"]}])), Err(Fault::Invalid(_))));
}
