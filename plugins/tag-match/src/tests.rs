//! A model beside its dataset and its features: together, apart, and not known.

use belay_sdk::{Fault, Judgement, Verdict, json};
use serde_json::{Value, json};

use super::*;

fn facts() -> Value {
    serde_json::from_str(include_str!("../fixtures/together.json")).unwrap()
}

fn judge(facts: &Value, config: &Value) -> Result<Judgement, Fault> {
    let facts = json::configured(&facts.to_string(), "the facts")?;
    TagMatch::judge(facts, json::configured(&config.to_string(), "the configuration")?)
}

fn pairs() -> Value {
    json!([
        {"resource": "model", "recorded": {"input": "clicks"}, "of": "dataset"},
        {"resource": "model", "recorded": {"input": "clicks-files"}, "of": "dataset", "is": "files_sha256"},
        {"resource": "model", "recorded": {"tag": "feature_view.clicks"}, "of": "view"},
    ])
}

fn denials(facts: &Value) -> Vec<String> {
    match judge(facts, &json!({"pairs": pairs()})).unwrap().verdict {
        Verdict::Allow => Vec::new(),
        Verdict::Deny(reasons) => reasons,
        Verdict::NeedsApprovals(_) => panic!("it asks for nobody"),
    }
}

/// The fixture with one value replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut facts = facts();
    *facts.pointer_mut(pointer).unwrap() = value;
    facts
}

#[test]
fn pins_that_belong_together_are_allowed() {
    assert_eq!(denials(&facts()), Vec::<String>::new());
}

#[test]
fn a_mismatch_denies_and_says_which() {
    assert_eq!(
        denials(&with("/pins/2/inputs/0/digest", json!("31"))),
        ["model v8 was made from dataset with version `31`, but dataset goes back to v27 with `v27`"]
    );
    assert_eq!(
        denials(&with("/pins/0/members/files_sha256", json!("ffeeddccbbaa99887766"))),
        ["model v8 was made from dataset with files_sha256 `4be1f0e2a4`, but dataset goes back to v27 with \
             `ffeeddccbbaa…`"]
    );
    assert_eq!(
        denials(&with("/pins/2/tags/feature_view.clicks", json!("v4"))),
        ["model v8 was made from view with version `v4`, but view goes back to v3 with `v3`"]
    );
}

#[test]
fn one_of_several_recorded_states_is_enough() {
    let both = json!([{"name": "clicks", "digest": "26"}, {"name": "clicks", "digest": "v27"}, {"name": "clicks-files", "digest": "4be1f0e2a4"}]);
    assert_eq!(denials(&with("/pins/2/inputs", both)), Vec::<String>::new());
}

#[test]
fn what_is_unknown_is_said_to_be_unknown() {
    let mut facts_without_view = facts();
    facts_without_view["pins"].as_array_mut().unwrap().remove(1);
    for (facts, why) in [
        (with("/pins/2/inputs", json!(null)), "whether model v8 fits dataset is unknown: it records no inputs"),
        (
            with("/pins/2/inputs/0/name", json!("views")),
            "whether model v8 fits dataset is unknown: it records no input `clicks`",
        ),
        (with("/pins/2/tags", json!(null)), "whether model v8 fits view is unknown: it records no tags"),
        (
            with("/pins/2/tags", json!({})),
            "whether model v8 fits view is unknown: it records no tag `feature_view.clicks`",
        ),
        (facts_without_view, "whether model v8 fits view is unknown: this run does not put view back"),
        (
            with("/pins/0/members", json!({})),
            "whether model v8 fits dataset is unknown: the pin of dataset v27 has no `files_sha256`",
        ),
    ] {
        assert!(denials(&facts).contains(&why.to_owned()), "{why}: {:?}", denials(&facts));
        let judged = judge(&facts, &json!({"pairs": pairs(), "unknown": "note"})).unwrap();
        assert_eq!(judged.verdict, Verdict::Allow, "{why}");
        assert!(judged.notes.contains(&why.to_owned()), "{:?}", judged.notes);
    }
}

#[test]
fn a_mismatch_denies_where_the_unknown_is_only_noted() {
    let mut facts = with("/pins/2/inputs/0/digest", json!("31"));
    facts["pins"][2]["tags"] = json!(null);
    let judged = judge(&facts, &json!({"pairs": pairs(), "unknown": "note"})).unwrap();
    assert!(matches!(&judged.verdict, Verdict::Deny(reasons) if reasons.len() == 1), "{judged:?}");
    assert_eq!(judged.notes.len(), 1);
}

#[test]
fn a_stage_that_writes_neither_is_not_held_up() {
    let facts = with("/stage/resources", json!(["flag"]));
    let mut apart = facts.clone();
    apart["pins"][2]["inputs"] = json!(null);
    assert_eq!(denials(&apart), Vec::<String>::new());
}

#[test]
fn a_dataset_that_is_put_back_below_a_model_that_stays_is_unknown() {
    let mut facts = facts();
    facts["pins"].as_array_mut().unwrap().truncate(2);
    assert_eq!(denials(&facts)[0], "whether model fits dataset v27 is unknown: this run does not put model back");
    facts["pins"] = json!([]);
    assert_eq!(denials(&facts), Vec::<String>::new());
}

#[test]
fn facts_that_tell_nothing_of_pins_are_no_facts() {
    let facts = json!({"stage": {"resources": ["model"]}});
    assert!(matches!(judge(&facts, &json!({"pairs": pairs()})), Err(Fault::Invalid(_))));
}

#[test]
fn a_misspelt_key_is_refused() {
    for config in [
        json!({"pairs": [], "unkown": "deny"}),
        json!({"pairs": [{"resource": "model", "recorded": {"output": "x"}, "of": "dataset"}]}),
    ] {
        assert!(matches!(judge(&facts(), &config), Err(Fault::Invalid(_))), "{config}");
    }
}
