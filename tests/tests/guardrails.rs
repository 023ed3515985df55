//! Guardrails that judge by files of the workspace, on the real binary: what denies, what warns, what asks for people,
//! and whose fault it is where nothing could be judged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::Command;

use belay_tests::repository;
use belay_tests::workspace::{Said, Shop};
use expect_test::{Expect, expect};
use serde_json::Value;

const REGO: &str = r#"package belay

deny contains msg if {
	input.stage.risk > data.limits.risk
	msg := sprintf("risk %d, at most %d", [input.stage.risk, data.limits.risk])
}

warn contains sprintf("%s is made from what is written, and stays", [left.resource]) if {
	some left in input.lineage.downstream
	not left.restored
}

warn contains "a rollback of a critical feature set" if input.feature_set.tier == "critical"
"#;

const CEDAR: &str = r#"@id("owners")
permit (principal, action == Belay::Action::"rollback", resource) when { principal in resource.owner };

@id("restore")
@reason("data is put back")
@approvals("1")
permit (principal, action, resource) when { context.stage.resources.contains("dataset") };

@id("lake")
@reason("nobody writes to the lake on a Sunday")
forbid (principal, action, resource)
when { context.stage.connections.contains("lake") && context.now.weekday == "never" };
"#;

/// Version 9 is live, and harmful; these guardrails judge beside the sample's, by these files.
fn shop(guardrails: &str, files: &[(&str, &str)]) -> Shop {
    let shop = Shop::released();
    for (file, text) in files {
        shop.write(file, text);
    }
    let judging: Vec<&str> = PLUGINS.into_iter().filter(|name| guardrails.contains(&format!("\"{name}\""))).collect();
    let file = |name: &str| format!("plugins/{}.wasm", name.replace('-', "_"));
    let plugins: String = judging.iter().map(|name| format!("{name} = {{ path = \"{}\" }}\n", file(name))).collect();
    shop.edit("belay.toml", "[risk]\nbands", &format!("{plugins}\n[risk]\nbands"));
    let config = fs::read_to_string(shop.file("belay.toml")).unwrap();
    shop.write("belay.toml", format!("{config}\n{guardrails}"));
    for name in judging {
        shop.belay(["plugin", "add", &file(name)]).ends(0);
    }
    shop
}

const PLUGINS: [&str; 5] = ["rego", "cedar", "point-age", "scope", "tag-match"];

fn with_rego(limit: u32) -> Shop {
    shop(
        "[[guardrail]]\nplugin = \"rego\"\nfiles = { policies = \"policies/*.rego\", data = \"policies/data.json\" }\n",
        &[("policies/rollback.rego", REGO), ("policies/data.json", &limits(limit))],
    )
}

fn limits(risk: u32) -> String {
    format!("{{\"limits\": {{\"risk\": {risk}}}}}")
}

fn with_cedar() -> Shop {
    let people = format!(
        "[{{\"uid\": {{\"type\": \"Belay::Person\", \"id\": \"{}\"}}, \"attrs\": {{}}, \
         \"parents\": [{{\"type\": \"Belay::Team\", \"id\": \"ranking\"}}]}}]",
        user()
    );
    shop(
        "[[guardrail]]\nplugin = \"cedar\"\nfiles = { policies = \"policies/*.cedar\", entities = \"policies/people.json\" }\n",
        &[("policies/rollback.cedar", CEDAR), ("policies/people.json", &people)],
    )
}

/// Who types the commands.
fn user() -> String {
    let said = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

/// What a command says of guardrails, and how it ends.
fn said_of_guardrails(said: &Said) -> String {
    let lines = said.redacted();
    let about: Vec<&str> = lines
        .lines()
        .filter(|line| {
            ["Guardrails", "rego", "cedar", "scope", "point-age", "tag-match"].iter().any(|word| line.contains(word))
        })
        .filter(|line| !line.starts_with('$'))
        .map(str::trim)
        .collect();
    format!("{}\n[{}]\n", about.join("\n"), said.status.unwrap_or(-1))
}

#[track_caller]
fn check(said: &Said, expected: &Expect) {
    assert!(!said.err.contains("panicked"), "{said}");
    expected.assert_eq(&said_of_guardrails(said));
}

/// The verdicts of a guardrail in the ledger, the oldest first.
fn verdicts(shop: &Shop, plugin: &str) -> Vec<Value> {
    let plans = shop.log().into_iter().filter(|entry| entry["kind"] == "stage.planned");
    plans.map(|entry| entry["body"]["finding"]["verdicts"][plugin].clone()).collect()
}

#[test]
fn a_rego_policy_denies_and_warns() {
    let shop = with_rego(90);
    check(
        &shop.roll_back("plan", &[]),
        &expect![[r#"
        Guardrails blast-radius allow · change-window allow · rego allow (a rollback of a critical feature set)
        [0]
    "#]],
    );
    shop.write("policies/data.json", limits(20));
    check(
        &shop.roll_back("plan", &[]),
        &expect![[r#"
        rego: risk 30, at most 20
        Guardrails blast-radius allow · change-window allow · rego allow (a rollback of a critical feature set) [contain] · rego deny (a rollback of a critical feature set) [restore]
        [3]
    "#]],
    );
    let before = shop.reads("flags/models.flagd.json");
    shop.roll_back("run", &[]).ends(3).says("risk 30, at most 20");
    assert_eq!(shop.reads("flags/models.flagd.json"), before, "the stage that was denied wrote nothing");
    shop.is_sound();
}

#[test]
fn a_cedar_policy_permits_asks_and_forbids() {
    let shop = with_cedar();
    check(
        &shop.roll_back("plan", &[]),
        &expect![[r#"
        Guardrails blast-radius allow · change-window allow · cedar allow [contain] · cedar asks for approvals [restore]
        [0]
    "#]],
    );
    shop.edit("policies/rollback.cedar", "context.now.weekday == \"never\"", "true");
    check(
        &shop.roll_back("plan", &[]),
        &expect![[r#"
        cedar: nobody writes to the lake on a Sunday
        Guardrails blast-radius allow · change-window allow · cedar allow [contain] · cedar deny [restore]
        [3]
    "#]],
    );
    shop.write("policies/people.json", "[]");
    shop.edit("policies/rollback.cedar", "@id(\"restore\")", "@id(\"nobody\")\n@note(\"unused\")");
    check(
        &shop.roll_back("plan", &["--only", "contain"]),
        &expect![[r#"
        cedar: no policy permits it
        Guardrails blast-radius allow · change-window allow · cedar deny
        [3]
    "#]],
    );
}

#[test]
fn a_broken_policy_denies_and_is_told_from_a_broken_plugin() {
    let rego = with_rego(90);
    rego.edit("policies/rollback.rego", "sprintf(\"risk", "sprint(\"risk");
    rego.write("policies/data.json", limits(1));
    check(
        &rego.roll_back("plan", &[]),
        &expect![[r#"
        rego: the policy or its configuration is wrong (rego: invalid: the policy policies/rollback.rego, line 5: could not find function sprint); doubt denies
        rego: the policy or its configuration is wrong (rego: invalid: the policy policies/rollback.rego, line 5: could not find function sprint); doubt denies
        Guardrails blast-radius allow · change-window allow · rego no answer, so denied: rego: invalid: the policy policies/rollback.rego, line 5: could not find function sprint
        [3]
    "#]],
    );
    rego.edit("policies/rollback.rego", "deny contains msg if {", "deny contains msg if");
    check(
        &rego.roll_back("plan", &[]),
        &expect![[r#"
        rego: the policy or its configuration is wrong (rego: invalid: the policy policies/rollback.rego, line 6: expecting identifier. Failed to parse rule-ref.); doubt denies
        rego: the policy or its configuration is wrong (rego: invalid: the policy policies/rollback.rego, line 6: expecting identifier. Failed to parse rule-ref.); doubt denies
        Guardrails blast-radius allow · change-window allow · rego no answer, so denied: rego: invalid: the policy policies/rollback.rego, line 6: expecting identifier. Failed to parse rule-ref.
        [3]
    "#]],
    );
    rego.write("plugins/rego.wasm", "no component");
    check(
        &rego.roll_back("plan", &["--only", "contain"]),
        &expect![[r#"
        rego: the plugin failed, whatever its policy says ([folder]/workspace/plugins/rego.wasm is [short], but `rego` is pinned as [short] in belay.lock); doubt denies
        Guardrails blast-radius allow · change-window allow · rego no answer, so denied: [folder]/workspace/plugins/rego.wasm is [short], but `rego` is pinned as [short] in belay.lock
        [3]
    "#]],
    );
    let cedar = with_cedar();
    cedar.edit("policies/rollback.cedar", "context.now.weekday", "context.now.wekday");
    // Which of the actions it names first is Cedar's own business.
    let said = cedar.roll_back("plan", &["--only", "contain"]);
    said.ends(3).says("cedar: the policy or its configuration is wrong (cedar: invalid: ");
    said.says("the policy policies/rollback.cedar, line 12: ").says("attribute `now.wekday` in context");
}

#[test]
fn a_policy_file_that_is_not_there_is_found_before_anything_is_judged() {
    let shop = with_rego(90);
    fs::remove_file(shop.file("policies/rollback.rego")).unwrap();
    let said = shop.roll_back("plan", &[]);
    said.ends(2).says("policies/*.rego: no file has such a name");
}

#[test]
fn a_denial_in_monitor_mode_is_recorded_and_shown_and_binds_nobody() {
    let shop = with_rego(1);
    shop.edit("belay.toml", "plugin = \"rego\"", "plugin = \"rego\"\nmode = \"monitor\"");
    check(
        &shop.roll_back("plan", &[]),
        &expect![[r#"
        Guardrails blast-radius allow · change-window allow · rego (monitor) deny (a rollback of a critical feature set)
        [0]
    "#]],
    );
    shop.roll_back("run", &[]).ends(0);
    shop.stage().is_rolled_back().unwrap();
    let recorded = verdicts(&shop, "rego");
    assert!(recorded.len() >= 2 && recorded.iter().all(|verdict| verdict == "deny"), "{recorded:?}");
    shop.is_sound();
}

#[test]
fn a_change_of_a_policys_file_is_a_change_of_the_rules() {
    let shop = with_rego(90);
    shop.roll_back("plan", &[]).ends(0);
    let rules = |shop: &Shop| {
        let changes = shop.log().into_iter().filter(|entry| entry["kind"] == "configuration.changed");
        changes.filter(|entry| entry["body"]["what"] == "governance").count()
    };
    let before = rules(&shop);
    shop.roll_back("run", &["--only", "contain"]).ends(0);
    let opened = rules(&shop);
    shop.edit("policies/rollback.rego", "a critical feature set", "an important feature set");
    shop.roll_back("run", &[]).ends(0);
    assert!(rules(&shop) > opened, "from {before} to {opened} to {}", rules(&shop));
}

#[test]
fn age_scope_and_pins_that_belong_together_are_judged() {
    let shop = shop(
        "[[guardrail]]\nplugin = \"point-age\"\nconfig = { oldest = { critical = \"7d\" } }\n\n\
         [[guardrail]]\nplugin = \"scope\"\nconfig = { allow = [{ owners = [\"ranking\"], connections = [\"flags\"] }] }\n\n\
         [[guardrail]]\nplugin = \"tag-match\"\nconfig = { pairs = [{ resource = \"model\", recorded = { input = \"clicks\" }, of = \"dataset\" }] }\n",
        &[],
    );
    check(
        &shop.roll_back("plan", &[]),
        &expect![[r#"
        scope: dataset of checkout-ranker through lake in demo is not in the scope of standard-rollback by [user]; tag-match: whether model on, default v8 fits dataset is unknown: it records no inputs
        Guardrails blast-radius allow · change-window allow · point-age allow · scope allow [contain] · tag-match allow [contain] · scope deny [restore] · tag-match deny [restore]
        [3]
    "#]],
    );
    shop.edit("belay.toml", "connections = [\"flags\"]", "connections = [\"flags\", \"lake\"]");
    shop.edit("belay.toml", "of = \"dataset\" }]", "of = \"dataset\" }], unknown = \"note\"");
    check(
        &shop.roll_back("plan", &[]),
        &expect![[r#"
        Guardrails blast-radius allow · change-window allow · point-age allow · scope allow · tag-match allow [contain] · tag-match allow (whether model on, default v8 fits dataset is unknown: it records no inputs) [restore]
        [0]
    "#]],
    );
}

#[test]
fn a_guardrail_shows_the_schema_of_its_configuration() {
    let shop = Shop::bare();
    for plugin in ["rego", "point_age", "scope", "tag_match"] {
        let file = repository::target(&format!("plugins/{plugin}.wasm"));
        let said = shop.belay(["plugin", "inspect", &file.display().to_string(), "--json"]);
        said.ends(0);
        assert!(said.out.contains("additionalProperties"), "{plugin}: {said}");
    }
}
