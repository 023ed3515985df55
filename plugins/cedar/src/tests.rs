//! What is permitted, forbidden and asked for; and each way in which a policy, the schema or an entity can be wrong.

use belay_sdk::{Fault, Judgement, json};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;

/// The case of the contract: `ana` restores a critical feature set of team `ranking` at 02:15 UTC, risk 41.
const FACTS: &str = include_str!("../../../wit/facts.example.json");

fn facts() -> Value {
    serde_json::from_str(FACTS).unwrap()
}

fn judge(facts: &Value, config: &Value) -> Result<Judgement, Fault> {
    let config = json::configured(&config.to_string(), "the configuration")?;
    Cedar::judge(json::configured(&facts.to_string(), "the facts")?, config)
}

fn told(judged: Result<Judgement, Fault>) -> String {
    match judged {
        Ok(Judgement { verdict, factors: _, notes }) => {
            let notes = notes.iter().map(|note| format!("\nnote {note}"));
            format!("{verdict:?}{}", notes.collect::<String>())
        }
        Err(fault) => format!("{fault:?}"),
    }
}

fn people() -> Value {
    serde_json::from_str(include_str!("../fixtures/people.json")).unwrap()
}

fn team() -> Value {
    json!({
        "policies": [{"file": "team.cedar", "text": include_str!("../fixtures/team.cedar")}],
        "entities": people(),
    })
}

/// The fixture's policies in the case of the contract with one value replaced.
fn check_case(pointer: &str, value: Value, expected: &Expect) {
    let mut facts = facts();
    *facts.pointer_mut(pointer).unwrap() = value;
    expected.assert_eq(&told(judge(&facts, &team())));
}

/// One policy in `p.cedar`.
fn check(policy: &str, expected: &Expect) {
    expected.assert_eq(&told(judge(&facts(), &json!({"policies": [{"file": "p.cedar", "text": policy}]}))));
}

#[test]
fn who_is_permitted_may_and_what_a_permit_asks_for_is_asked() {
    check_case("/now/hour", json!(12), &expect!["Verdict::Allow"]);
    // Two permits apply: that one asks for nothing takes nothing from the other.
    check_case(
        "/now/hour",
        json!(2),
        &expect![[r#"
        Verdict::NeedsApprovals([Quorum { approvals: 2, role: "approver", because: "a critical feature set at night" }])
        note the data team is not awake"#]],
    );
}

#[test]
fn what_is_forbidden_or_not_permitted_is_denied() {
    check_case(
        "/stage/worst",
        json!("irreversible"),
        &expect![[r#"Verdict::Deny(["it can't be taken back, so it is not for a rollback"])"#]],
    );
    check_case("/purpose", json!("undo"), &expect![[r#"Verdict::Deny(["no policy permits it"])"#]]);
    let mut stranger = facts();
    stranger["requester"] = json!("mallory");
    stranger["now"]["hour"] = json!(12);
    expect![[r#"Verdict::Deny(["no policy permits it"])"#]].assert_eq(&told(judge(&stranger, &team())));
    let mut config = team();
    config["entities"][0]["tags"] = json!({"leave": "until Monday"});
    expect![[r#"Verdict::Deny(["forbidden by frozen"])"#]].assert_eq(&told(judge(&facts(), &config)));
}

#[test]
fn a_policy_without_an_id_is_called_by_its_place() {
    check(
        "permit (principal, action, resource);\n\nforbid (principal, action, resource)\nwhen { context.stage.rows_set_aside > 10000 };",
        &expect![[r#"Verdict::Deny(["forbidden by p.cedar line 3"])"#]],
    );
    check(
        "\npermit (principal, action, resource)\nwhen { context.stage.resources.contains(\"flag\") };",
        &expect![[r#"Verdict::Deny(["no policy permits it"])"#]],
    );
    check(
        "@approvals(\"1\")\npermit (principal, action, resource);",
        &expect![[
            r#"Verdict::NeedsApprovals([Quorum { approvals: 1, role: "approver", because: "p.cedar line 1" }])"#
        ]],
    );
}

#[test]
fn every_value_of_the_schema_is_told() {
    for condition in [
        "principal == Belay::Person::\"ana\"",
        "resource == Belay::FeatureSet::\"checkout-ranker\" && resource in Belay::Team::\"ranking\"",
        "resource.owner == Belay::Team::\"ranking\" && resource.tier == \"critical\" && resource.tier_rank == 3",
        "resource.resources == 3 && resource.consumers.containsAll([\"search-page\", \"cart-upsell\"])",
        "resource.consumers_rank == 1",
        "context.environment == \"prod\" && context.mode == \"live\" && context.runbook == \"standard-rollback\"",
        "context has incident && context.incident == \"INC-4211\"",
        "context.now.ms == 1795313700000 && context.now.weekday == \"sunday\" && context.now.hour == 2",
        "context.now.minute == 15",
        "context.destination.kind == \"point\" && context.destination.id == \"rp-0412\"",
        "context.destination has age_hours && context.destination.age_hours == 48",
        "context.stages.contains(\"contain\") && context.stage.name == \"restore\" && context.stage.index == 1",
        "context.stage.risk == 41 && context.stage.worst == \"reversible\" && context.stage.worst_rank == 0",
        "context.stage.touches == 9 && context.stage.writes == 2",
        "context.stage.resources.containsAll([\"dataset\", \"model\"])",
        "context.stage.connections.containsAll([\"lake\", \"registry\"])",
        "context.stage.plugins.containsAll([\"delta-table\", \"mlflow-alias\"])",
        "context.stage.rows_set_aside == 12031 && context.stage.changes_set_aside == 4",
        "context.stage.manual == 0 && context.stage.blind == 0",
        "context.skipped.isEmpty() && context.left_downstream.isEmpty()",
    ] {
        // An access to what may be absent is checked where it is made.
        let guarded = condition
            .replace("context.destination.id", "context.destination has id && context.destination.id")
            .replace("context.stage.worst ", "context.stage has worst && context.stage.worst ");
        let policy = format!("permit (principal, action, resource) when {{ {guarded} }};");
        let judged = judge(&facts(), &json!({"policies": [{"file": "p.cedar", "text": policy}]}));
        assert_eq!(told(judged), "Verdict::Allow", "{condition}");
    }
}

#[test]
fn a_mistake_names_its_file_and_line_and_is_no_verdict() {
    check(
        "permit (principal, action, resource)\nwhen { context.stage.risk < };",
        &expect![[r#"Fault::Invalid("the policy p.cedar, line 2: unexpected token `}`")"#]],
    );
    // Which of the actions it names first is Cedar's own business.
    let mistaken = "permit (principal, action, resource);\n\nforbid (principal, action, resource)\nwhen { context.stage.rsk > 3 };";
    let said = told(judge(&facts(), &json!({"policies": [{"file": "p.cedar", "text": mistaken}]})));
    let begins =
        "Fault::Invalid(\"the policy p.cedar, line 4: for policy `p.cedar:3:39`, attribute `stage.rsk` in context for ";
    assert!(said.starts_with(begins) && said.ends_with("(did you mean `risk`?)\")"), "{said}");
    check(
        "permit (principal, action, resource)\nwhen { context.stage.name > 3 };",
        &expect![[
            r#"Fault::Invalid("the policy p.cedar, line 2: for policy `p.cedar:1:0`, unexpected type: expected Long but saw String")"#
        ]],
    );
    check(
        "permit (principal, action, resource)\nwhen { context.incident == \"INC-1\" };",
        &expect![[
            r#"Fault::Invalid("the policy p.cedar, line 2: for policy `p.cedar:1:0`, unable to guarantee safety of access to optional attribute `incident` in context for Belay::Action::\"rollback\" (try testing for the attribute's presence with `context has incident && ..`)")"#
        ]],
    );
    check(
        "permit (principal == Belay::Persn::\"ana\", action, resource);",
        &expect![[
            r#"Fault::Invalid("the policy p.cedar, line 1: for policy `p.cedar:1:0`, unrecognized entity type `Belay::Persn` (did you mean `Belay::Person`?)")"#
        ]],
    );
    check(
        "permit (principal == ?principal, action, resource);",
        &expect![[
            r#"Fault::Invalid("the policy p.cedar, line 1: it has a slot, such as ?principal, that nothing fills")"#
        ]],
    );
    check(
        "// nothing",
        &expect![[r#"Fault::Invalid("there is no policy: files = { policies = \"policies/*.cedar\" }")"#]],
    );
}

#[test]
fn an_error_in_one_policy_denies_whatever_others_permit() {
    check(
        "permit (principal, action, resource);\n@id(\"overflow\")\nforbid (principal, action, resource)\nwhen { context.now.ms * 9223372036854775807 > 0 };",
        &expect![[
            r#"Fault::Invalid("the policy overflow: integer overflow while attempting to multiply the values `1795313700000` and `9223372036854775807`")"#
        ]],
    );
}

#[test]
fn an_annotation_that_asks_for_nobody_is_a_mistake() {
    check(
        "@approval(\"2\")\npermit (principal, action, resource);",
        &expect![[
            r#"Fault::Invalid("the policy p.cedar, line 1: no annotation is called @approval; there are @id, @reason, @approvals, @role, @note")"#
        ]],
    );
    check(
        "\n@approvals(\"two\")\npermit (principal, action, resource);",
        &expect![[r#"Fault::Invalid("the policy p.cedar, line 2: @approvals(\"two\") is no number of people")"#]],
    );
    check(
        "@approvals(\"0\")\npermit (principal, action, resource);",
        &expect![[r#"Fault::Invalid("the policy p.cedar, line 1: @approvals(\"0\") is no number of people")"#]],
    );
    check(
        "@role(\"admin\")\npermit (principal, action, resource);",
        &expect![[r#"Fault::Invalid("the policy p.cedar, line 1: it names a @role, but no @approvals")"#]],
    );
    check(
        "@approvals(\"1\")\nforbid (principal, action, resource);",
        &expect![[
            r#"Fault::Invalid("the policy p.cedar, line 1: what is forbidden can't be approved: write a permit")"#
        ]],
    );
}

#[test]
fn policies_of_several_files_are_one_set() {
    let same = "permit (principal, action, resource);";
    let files = json!([
        {"file": "a.cedar", "text": same},
        {"file": "b.cedar", "text": format!("{same}\n\n{same}\nforbid (principal, action, resource);")},
    ]);
    expect![[r#"Verdict::Deny(["forbidden by b.cedar line 4"])"#]]
        .assert_eq(&told(judge(&facts(), &json!({"policies": files}))));
}

#[test]
fn a_schema_of_ones_own_takes_the_place_of_ours() {
    let ours = include_str!("../belay.cedarschema");
    let wider =
        ours.replace("entity Person in [Team, Group] tags String;", "entity Person in [Team, Group] { senior: Bool };");
    let policy = "permit (principal, action, resource) when { principal.senior };";
    let config = |schema: &str, entities: Value| {
        json!({
            "policies": [{"file": "p.cedar", "text": policy}],
            "schema": [{"file": "mine.cedarschema", "text": schema}],
            "entities": entities,
        })
    };
    let ana = json!([{"uid": {"type": "Belay::Person", "id": "ana"}, "attrs": {"senior": true}, "parents": []}]);
    assert_eq!(told(judge(&facts(), &config(&wider, ana.clone()))), "Verdict::Allow");
    expect![[r#"Fault::Invalid("the entities: entity does not conform to the schema: expected entity `Belay::Person::\"ana\"` to have attribute `senior`, but it does not")"#]].assert_eq(&told(judge(&facts(), &config(&wider, json!([])))));
    expect![[r#"Fault::Invalid("the policy p.cedar, line 1: for policy `p.cedar:1:0`, attribute `senior` on entity type `Belay::Person` not found")"#]].assert_eq(&told(judge(&facts(), &config(ours, ana.clone()))));
    expect![[r#"Fault::Invalid("the schema mine.cedarschema, line 3: error parsing schema: unexpected token `}`")"#]]
        .assert_eq(&told(judge(&facts(), &config("namespace Belay {\n  entity Person\n}", ana.clone()))));
    let narrower = wider.replace("    blind: Long,\n", "");
    expect![[r#"Fault::Invalid("the case does not fit the schema: while parsing context, record attribute `blind` should not exist according to the schema")"#]].assert_eq(&told(judge(&facts(), &config(&narrower, ana))));
}

#[test]
fn an_entity_that_makes_no_sense_is_a_mistake() {
    let policies = json!([{"file": "p.cedar", "text": "permit (principal, action, resource);"}]);
    let with = |entities: Value| told(judge(&facts(), &json!({"policies": policies, "entities": entities})));
    expect![[r#"Fault::Invalid("the entities: error during entity deserialization: entity `Belay::Persn::\"ana\"` has type `Belay::Persn` which is not declared in the schema")"#]].assert_eq(&with(json!([{"uid": {"type": "Belay::Persn", "id": "ana"}, "attrs": {}, "parents": []}])));
    expect![[r#"Fault::Invalid("the entities: feature sets come from the catalog")"#]]
        .assert_eq(&with(json!([{"uid": {"type": "Belay::FeatureSet", "id": "x"}, "attrs": {}, "parents": []}])));
    expect![[r#"Fault::Invalid("the entities: error during entity deserialization: invalid type: integer `7`, expected struct EntityJson")"#]].assert_eq(&with(json!([7])));
}

#[test]
fn a_misspelt_key_of_the_configuration_is_refused() {
    assert!(matches!(judge(&facts(), &json!({"policies": [], "entites": []})), Err(Fault::Invalid(_))));
}
