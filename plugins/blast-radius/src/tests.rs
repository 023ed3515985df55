//! Each bound at its edge.

use belay_sdk::{Fault, Verdict, json};
use serde_json::{Value, json};

use super::*;

fn judge(config: &Value) -> Result<Verdict, Fault> {
    let facts = json!({
        "schema": 1,
        "feature_set": {"name": "ranker", "consumers": [{"name": "search", "tier": "critical"}, {"name": "cart"}]},
        "stage": {"resources": ["dataset", "model", "flag"], "operations": [{}, {}, {}, {}], "risk": 41},
    });
    let facts = json::configured(&facts.to_string(), "the facts")?;
    Ok(BlastRadius::judge(facts, json::configured(&config.to_string(), "the configuration")?)?.verdict)
}

#[test]
fn a_bound_allows_what_reaches_it_and_denies_what_exceeds_it() {
    for (config, denied) in [
        (json!({}), vec![]),
        (json!({"max_consumers": 2, "max_resources": 3, "max_operations": 4}), vec![]),
        (json!({"max_consumers": 1}), vec!["2 consumers, at most 1 are allowed"]),
        (json!({"max_resources": 2}), vec!["3 resources, at most 2 are allowed"]),
        (
            json!({"max_consumers": 0, "max_resources": 3, "max_operations": 3}),
            vec!["2 consumers, at most 0 are allowed", "4 operations, at most 3 are allowed"],
        ),
    ] {
        let expected = if denied.is_empty() {
            Verdict::Allow
        } else {
            Verdict::Deny(denied.into_iter().map(str::to_owned).collect())
        };
        assert_eq!(judge(&config), Ok(expected), "{config}");
    }
}

#[test]
fn a_misspelt_bound_is_no_bound_and_is_refused() {
    assert!(matches!(judge(&json!({"max_consumer": 1})), Err(Fault::Invalid(_))));
    assert!(matches!(judge(&json!({"max_consumers": -1})), Err(Fault::Invalid(_))));
}
