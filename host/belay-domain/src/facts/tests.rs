//! The document matches its schema, and `docs/facts.md` shows both as they are.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect_file;
use serde_json::Value;

use super::*;
use crate::assess::{Situation, assess};
use crate::digest::Digest;
use crate::id::Millis;
use crate::json::Json;
use crate::mandate::{self, Destination, Named};
use crate::plan::StagePlan;
use crate::{plan_check, sample};

fn facts(plan: &StagePlan) -> Facts {
    let connections = sample::connections();
    let examined = plan_check::examine(plan, &connections).unwrap();
    let feature_set = sample::ranker();
    let assessment = assess(&Situation {
        plan,
        examined: &examined,
        connections: &connections,
        feature_set: &feature_set,
        downstream: &[],
        now: sample::NOW,
        point_age_ms: Some(2 * sample::DAY_MS),
        max_point_age_ms: None,
        own: &BTreeSet::new(),
        factors: &[],
        around: crate::assess::Around::default(),
        weights: &crate::assess::weights::Weights::default(),
    });
    let captured_at = Millis(sample::NOW.0 - 2 * sample::DAY_MS);
    Facts::of(&Case {
        mode: Mode::Live,
        purpose: &mandate::Purpose::Rollback,
        now: sample::NOW,
        requester: "ana",
        incident: Some(&"INC-4211".parse().unwrap()),
        runbook: &Named { name: "standard-rollback".parse().unwrap(), digest: Digest::of(b"runbook") },
        feature_set: &feature_set,
        destination: &Destination::Point { id: "rp-0412".parse().unwrap(), digest: Digest::of(b"point"), captured_at },
        stages: &["contain".parse().unwrap(), "restore".parse().unwrap()],
        restored: &BTreeSet::from(["flag", "dataset", "model"].map(|name| name.parse().unwrap())),
        skipped: &BTreeSet::new(),
        pins: &plan.steps.iter().filter_map(|step| PinFacts::of(step.subject.target()?)).collect::<Vec<_>>(),
        plan,
        examined: &examined,
        assessment: &assessment,
        around: &crate::assess::Around::default(),
        quarantined: &BTreeSet::new(),
    })
}

/// Puts a text into the fenced block that follows a heading.
fn with_block(page: &str, heading: &str, text: &str) -> String {
    let heading = format!("\n## {heading}\n");
    let (before, rest) = page.split_once(&heading).unwrap();
    let (words, rest) = rest.split_once("```json\n").unwrap();
    let (_, after) = rest.split_once("```\n").unwrap();
    format!("{before}{heading}{words}```json\n{text}\n```\n{after}")
}

/// Keys in order, whatever order `serde_json` was built to keep.
fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(&sorted(value)).unwrap()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().collect();
            members.into_iter().map(|(key, member)| (key.clone(), sorted(member))).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// `UPDATE_EXPECT=1 cargo test -p belay-domain facts` rewrites the page and both files beside the contract.
#[test]
fn the_page_and_the_files_show_the_schema_and_an_example() {
    let example = pretty(&serde_json::to_value(facts(&sample::restore())).unwrap());
    let page = with_block(include_str!("../../../../docs/facts.md"), "An example", &example);
    expect_file!["../../../../docs/facts.md"].assert_eq(&page);
    expect_file!["../../../../wit/facts.example.json"].assert_eq(&format!("{example}\n"));
    let schema = pretty(schemars::schema_for!(Facts).as_value());
    expect_file!["../../../../wit/facts.schema.json"].assert_eq(&format!("{schema}\n"));
}

#[test]
fn facts_fit_the_schema_that_is_handed_out() {
    let schema: Value = serde_json::from_str(SCHEMA_TEXT).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for plan in [sample::contain(), sample::restore()] {
        let facts = serde_json::to_value(facts(&plan)).unwrap();
        assert!(validator.validate(&facts).is_ok(), "{facts}");
        let mut without = facts.clone();
        without["stage"].as_object_mut().unwrap().remove("operations");
        assert!(validator.validate(&without).is_err(), "a required member is missed");
    }
    assert!(validator.validate(&serde_json::from_str(EXAMPLE).unwrap()).is_ok());
}

#[test]
fn facts_are_canonical_and_survive_their_text() {
    for plan in [sample::contain(), sample::restore()] {
        let facts = facts(&plan);
        let json = Json::from(&facts).unwrap();
        assert_eq!(Json::parse(&json.canonical()).unwrap().to::<Facts>().unwrap(), facts);
    }
}

#[test]
fn no_body_is_shown() {
    let text = Json::from(&facts(&sample::restore())).unwrap().canonical();
    assert!(text.contains("mlflow/registered-models/alias"));
    assert!(!text.contains("commitInfo") && !text.contains(r#""version\""#), "{text}");
}

#[test]
fn what_is_made_from_what_is_written_is_said_to_be_restored_or_not() {
    let mut plan = sample::restore();
    plan.steps.truncate(1);
    let facts = facts(&plan);
    assert_eq!(facts.stage.resources, ["dataset"]);
    assert_eq!(facts.lineage.downstream, [DownstreamFacts { resource: "model".to_owned(), restored: true }]);
}

#[test]
fn a_moment_has_its_parts_in_utc() {
    let parts = |ms| {
        let moment = Moment::of(Millis(ms));
        (moment.weekday, moment.hour, moment.minute)
    };
    assert_eq!(parts(0), (Weekday::Thursday, 0, 0));
    assert_eq!(parts(sample::DAY_MS - 1), (Weekday::Thursday, 23, 59));
    assert_eq!(parts(4 * sample::DAY_MS), (Weekday::Monday, 0, 0));
    assert_eq!(parts(sample::NOW.0), (Weekday::Sunday, 2, 15));
}
