//! Each rule that is asked, each shape it can have, and each way in which a policy can be wrong.

use belay_sdk::{Fault, Judgement, json};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;

/// The case of the contract: a restore of a critical feature set at 02:15 UTC, risk 41.
const FACTS: &str = include_str!("../../../wit/facts.example.json");

fn judge(config: &Value) -> Result<Judgement, Fault> {
    let config = json::configured(&config.to_string(), "the configuration")?;
    Rego::judge(json::configured(FACTS, "the facts")?, config)
}

fn told(judged: Result<Judgement, Fault>) -> String {
    match judged {
        Ok(Judgement { verdict, factors, notes }) => {
            let mut lines = vec![format!("{verdict:?}")];
            lines.extend(factors.iter().map(|factor| format!("risk {} {}", factor.score, factor.cause)));
            lines.extend(notes.iter().map(|note| format!("note {note}")));
            lines.join("\n")
        }
        Err(fault) => format!("{fault:?}"),
    }
}

fn check_with(config: &Value, expected: &Expect) {
    expected.assert_eq(&told(judge(config)));
}

/// One policy in `p.rego`, below its package.
fn check(policy: &str, expected: &Expect) {
    check_with(&json!({"policies": [file("p.rego", &format!("package belay\n\n{policy}"))]}), expected);
}

fn file(name: &str, text: &str) -> Value {
    json!({"file": name, "text": text})
}

#[test]
fn denials_and_warnings_come_from_files_with_their_data() {
    let freeze = include_str!("../fixtures/freeze.rego");
    let owners = json!({"owners": {"ranking": "#ranking-incidents"}});
    check_with(
        &json!({"policies": [file("freeze.rego", freeze)], "data": owners}),
        &expect![[r#"
            Verdict::Allow
            note ask #ranking-incidents"#]],
    );
    let strict = freeze.replace("> 60", "> 40").replace("\"irreversible\"", "\"reversible\"");
    check_with(
        &json!({"policies": [file("freeze.rego", &strict)], "data": owners}),
        &expect![[r#"
        Verdict::Deny(["dataset can't be taken back: clicks: v31 → content of v27", "model can't be taken back: alias champion: 9 → 8", "risk 41 for a critical feature set; at most 60"])
        note ask #ranking-incidents"#]],
    );
}

#[test]
fn a_verdict_in_parts_asks_for_people_and_adds_risk() {
    check_with(
        &json!({"policies": [file("approvals.rego", include_str!("../fixtures/approvals.rego"))]}),
        &expect![[r#"
            Verdict::NeedsApprovals([Quorum { approvals: 2, role: "approver", because: "12031 rows are set aside at night" }])
            risk 5 a restore at night
            note the data team is not awake"#]],
    );
}

#[test]
fn policies_in_several_files_are_one_set_of_rules() {
    let helper = file("lib/night.rego", "package lib.night\n\nis_night(now) if now.hour < 6\n");
    let first =
        file("a.rego", "package belay\nimport data.lib.night\ndeny contains \"night\" if night.is_night(input.now)\n");
    let second = file("b.rego", "package belay\ndeny contains \"always\"\n");
    check_with(&json!({"policies": [second, helper, first]}), &expect![[r#"Verdict::Deny(["always", "night"])"#]]);
}

#[test]
fn a_denial_counts_above_whatever_else_was_said() {
    check(
        "deny contains \"no\"\nverdict := {\"allow\": true, \"approvals\": [{\"role\": \"approver\", \"count\": 1, \"because\": \"x\"}]}",
        &expect![[r#"Verdict::Deny(["no"])"#]],
    );
}

#[test]
fn rules_can_have_each_shape_that_means_something() {
    for (policy, said) in [
        ("deny := \"one text\"", r#"Verdict::Deny(["one text"])"#),
        ("deny := [\"a\", {\"msg\": \"b\", \"code\": 7}]", r#"Verdict::Deny(["a", "b"])"#),
        ("deny if input.stage.risk > 10", r#"Verdict::Deny(["data.belay.deny is true"])"#),
        ("deny if input.stage.risk > 90", "Verdict::Allow"),
        ("deny contains \"never\" if false", "Verdict::Allow"),
        ("allow if input.stage.risk < 50", "Verdict::Allow"),
        ("allow if input.stage.risk < 10", r#"Verdict::Deny(["data.belay.allow is undefined"])"#),
        ("default allow := false", r#"Verdict::Deny(["data.belay.allow is false"])"#),
        ("verdict := {\"allow\": false}", r#"Verdict::Deny(["data.belay.verdict.allow is false"])"#),
        ("verdict := {\"allow\": false, \"deny\": {\"why\"}}", r#"Verdict::Deny(["why"])"#),
        ("verdict := {}", "Verdict::Allow"),
        ("warn contains \"w\"", "Verdict::Allow\nnote w"),
    ] {
        let config = json!({"policies": [file("p.rego", &format!("package belay\n{policy}"))]});
        assert_eq!(told(judge(&config)), said, "{policy}");
    }
}

#[test]
fn another_package_and_the_older_language_can_be_named() {
    let old = file("old.rego", "package main\n\ndeny[msg] { input.mode == \"live\"; msg := \"live\" }\n");
    check_with(
        &json!({"policies": [old], "package": "main", "language": "v0"}),
        &expect![[r#"Verdict::Deny(["live"])"#]],
    );
    check_with(
        &json!({"policies": [old], "package": "main"}),
        &expect![[r#"Fault::Invalid("the policy old.rego, line 3: `if` keyword is required before rule body")"#]],
    );
}

#[test]
fn the_only_clock_is_the_plans_moment() {
    check(
        "deny contains sprintf(\"%d\", [time.now_ns() / 1000000])",
        &expect![[r#"Verdict::Deny(["1795313700000"])"#]],
    );
}

#[test]
fn a_mistake_names_its_file_and_line_and_is_no_verdict() {
    check(
        "deny contains msg if {\n\tmsg := \"x\"\n",
        &expect![[r#"Fault::Invalid("the policy p.rego, line 5: expecting `}` while parsing query")"#]],
    );
    check(
        "deny contains msg if {\n\tmsg := frobnicate(input)\n}",
        &expect![[r#"Fault::Invalid("the policy p.rego, line 4: could not find function frobnicate")"#]],
    );
    check(
        "deny contains msg if {\n\tresponse := http.send({\"url\": \"x\"})\n\tmsg := response.body\n}",
        &expect![[r#"Fault::Invalid("the policy p.rego, line 4: could not find function http.send")"#]],
    );
    check(
        "deny contains msg if {\n\tx := to_number(input.mode)\n\tmsg := sprintf(\"%d\", [x])\n}",
        &expect![[r#"Fault::Invalid("the policy p.rego, line 4: could not parse string as number")"#]],
    );
    check(
        "deny contains msg if msg := undeclared",
        &expect![[
            r#"Fault::Invalid("the policy p.rego, line 3: var undeclared is unsafe (path [\"belay\", \"undeclared\"], scopes [{}])")"#
        ]],
    );
    check(
        "verdict := 1 if input.mode == \"live\"\n\nverdict := 2 if input.mode == \"live\"",
        &expect![[r#"Fault::Invalid("the policy p.rego, line 5: rule conflicts with rule at p.rego:3:1")"#]],
    );
    check(
        "deny contains msg if msg := helper(1)\n\nhelper(x) := frobnicate(x)",
        &expect![[r#"Fault::Invalid("the policy p.rego, line 5: could not find function frobnicate")"#]],
    );
}

#[test]
fn a_policy_that_judges_nothing_is_a_mistake() {
    check(
        "denied contains \"no\"",
        &expect![[
            r#"Fault::Invalid("no rule `deny`, `warn`, `allow` or `verdict` in package `belay` of p.rego: nothing would be judged")"#
        ]],
    );
    check_with(
        &json!({"policies": []}),
        &expect![[r#"Fault::Invalid("there is no policy: files = { policies = \"policies/*.rego\" }")"#]],
    );
    check(
        "verdict := {\"allow\": true} if input.mode == \"drill\"",
        &expect![[r#"Fault::Invalid("data.belay.verdict: it is undefined for this case; give it a default")"#]],
    );
}

#[test]
fn what_has_the_wrong_shape_is_a_mistake() {
    check("deny := 7", &expect![[r#"Fault::Invalid("data.belay.deny: it is no set of texts")"#]]);
    check(
        "deny contains {\"message\": \"x\"}",
        &expect![[r#"Fault::Invalid("data.belay.deny: each message must be a text, or an object with a text `msg`")"#]],
    );
    check("allow := \"yes\"", &expect![[r#"Fault::Invalid("data.belay.allow: it is neither true nor false")"#]]);
    check(
        "verdict := {\"allwo\": false}",
        &expect![[
            r#"Fault::Invalid("data.belay.verdict: unknown field `allwo`, expected one of `allow`, `deny`, `approvals`, `risk`, `notes`")"#
        ]],
    );
    check(
        "verdict := {\"approvals\": [{\"role\": \"approver\", \"count\": 0, \"because\": \"x\"}]}",
        &expect![[r#"Fault::Invalid("data.belay.verdict: approvals need a count of at least 1, and a role")"#]],
    );
    check(
        "verdict := {\"approvals\": [{\"role\": \"approver\"}]}",
        &expect![[r#"Fault::Invalid("data.belay.verdict: missing field `count`")"#]],
    );
}

#[test]
fn a_misspelt_key_of_the_configuration_is_refused() {
    assert!(matches!(judge(&json!({"policies": [], "packge": "x"})), Err(Fault::Invalid(_))));
}
