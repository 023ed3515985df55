//! What hangs together, what was active when, and what is not left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use belay_tests::workspace::{Said, Shop};
use expect_test::{Expect, expect};

#[track_caller]
fn check(said: &Said, expected: &Expect) {
    assert!(!said.err.contains("panicked"), "{said}");
    expected.assert_eq(&said.redacted());
}

/// A runbook that restores the dataset and forgets the model that is made from it.
fn with_forgetful_runbook(more: &str) -> Shop {
    let shop = Shop::released();
    let text = format!(
        "[runbook]\nname = \"data-only\"\nsummary = \"Put the data back\"\n\n{more}[[stage]]\nname = \"restore\"\n\n\
         [[stage.step]]\nresource = \"dataset\"\n"
    );
    shop.write("runbooks/data-only.toml", text);
    shop
}

const DATA_ONLY: [&str; 7] = ["plan", "data-only", "checkout-ranker", "--to", "latest-good", "--env", "demo"];

/// What lint says of a runbook with these stages, each a list of restored resources.
fn lint_of(shop: &Shop, stages: &[(&str, &[&str])]) -> Said {
    let stage = |(name, resources): &(&str, &[&str])| {
        let steps = resources.iter().map(|resource| format!("\n[[stage.step]]\nresource = \"{resource}\"\n"));
        format!("\n[[stage]]\nname = \"{name}\"\n{}", steps.collect::<String>())
    };
    let stages: String = stages.iter().map(stage).collect();
    shop.write(
        "runbooks/ordered.toml",
        format!("[runbook]\nname = \"ordered\"\nsummary = \"In this order\"\n{stages}"),
    );
    shop.belay(["lint"])
}

#[test]
fn what_is_restored_before_what_it_is_made_from_is_found() {
    let shop = Shop::good();
    lint_of(&shop, &[("restore", &["model", "dataset"])]).ends(0);
    lint_of(&shop, &[("data", &["dataset"]), ("models", &["model"])]).ends(0);
    check(
        &lint_of(&shop, &[("models", &["model"]), ("data", &["dataset"])]),
        &expect![[r#"
        $ belay lint
        runbooks/ordered.toml:8: the stage `models` restores `model` before `data` restores `dataset` (runbooks/ordered.toml:14), which it is made from: put the step of `dataset` into `models`, where it comes first, or into an earlier stage
        1 finding environments: 2 · feature sets: 1 · guardrails: 2 · plugins: 5 · runbooks: 3
        [2]
    "#]],
    );
}

#[test]
fn a_plan_that_reads_what_its_own_stage_restores_is_found() {
    let shop = Shop::good();
    shop.edit(
        "features/checkout-ranker.toml",
        "[[resource]]\nname = \"model\"",
        "[[resource]]\nname = \"definition\"\nplugin = \"feast-feature-view\"\nat = \"lake/view\"\nupstream = [\"dataset\"]\n\n\
         [[resource]]\nname = \"online\"\nplugin = \"feast-online\"\nat = \"lake/view\"\n\
         upstream = [\"dataset\", \"definition\"]\nconfig = { entities = [{ user = \"1\" }] }\n\n\
         [[resource]]\nname = \"model\"",
    );
    let plugins = "feast-feature-view = { path = \"plugins/feast_feature_view.wasm\" }\n\
                   feast-online = { path = \"plugins/feast_online.wasm\" }\ndelta-table = ";
    shop.edit("belay.toml", "delta-table = ", plugins);
    shop.belay(["plugin", "add", "plugins/feast_feature_view.wasm"]).ends(0);
    shop.belay(["plugin", "add", "plugins/feast_online.wasm"]).ends(0);
    // The view at the same address is the thing itself, as another plugin sees it.
    lint_of(&shop, &[("data", &["dataset"]), ("restore", &["online", "definition"])]).ends(0);
    check(
        &lint_of(&shop, &[("restore", &["online", "dataset", "definition"])]),
        &expect![[r#"
        $ belay lint
        runbooks/ordered.toml:8: the stage `restore` restores `online` beside `dataset` (runbooks/ordered.toml:11), and feast-online plans from what that holds: a stage is planned before any of it is written, so put the step of `dataset` into an earlier [[stage]]
        1 finding environments: 2 · feature sets: 1 · guardrails: 2 · plugins: 7 · runbooks: 3
        [2]
    "#]],
    );
}

#[test]
fn steps_of_one_stage_are_done_in_the_order_of_lineage() {
    let shop = Shop::released();
    let runbook = "runbooks/standard-rollback.toml";
    let steps = |first: &str, second: &str| {
        format!("[[stage.step]]\nresource = \"{first}\"\n\n[[stage.step]]\nresource = \"{second}\"\n")
    };
    shop.edit(runbook, &steps("dataset", "model"), &steps("model", "dataset"));
    shop.roll_back("run", &[]).ends(0);
    let log = shop.log();
    let place = |kind: &str, step: u64| {
        let of = |entry: &&serde_json::Value| {
            let found = &entry["body"]["step"];
            entry["kind"] == kind && found["stage"] == 1 && found["step"] == step
        };
        log.iter().find(of).unwrap()["seq"].as_u64().unwrap()
    };
    assert!(
        place("step.confirmed", 1) < place("intent", 0),
        "the model waits for the dataset, which is named after it"
    );
}

#[test]
fn impact_shows_both_ways_who_uses_it_and_which_runbooks_cover_it() {
    let shop = Shop::good();
    check(
        &shop.belay(["impact", "lake/clicks"]),
        &expect![[r#"
        $ belay impact lake/clicks
        Is lake/clicks dataset of checkout-ranker
        Made from none
        Makes flags/ranker-model model of checkout-ranker
        Used by cart-upsell (standard), of checkout-ranker
                   search-page (standard), of checkout-ranker
        Runbooks standard-rollback restores dataset of checkout-ranker
        [0]
    "#]],
    );
    check(
        &shop.belay(["impact", "search-page"]),
        &expect![[r#"
        $ belay impact search-page
        Is lake/clicks dataset of checkout-ranker
                   flags/ranker-v9 flag of checkout-ranker
                   flags/ranker-model model of checkout-ranker
        Made from none
        Makes none
        Used by cart-upsell (standard), of checkout-ranker
                   search-page (standard), of checkout-ranker
        Runbooks standard-rollback restores dataset of checkout-ranker, flag of checkout-ranker, model of checkout-ranker
                   turn-off restores flag of checkout-ranker
        [0]
    "#]],
    );
    shop.belay(["impact", "nobody"]).ends(2);
}

#[test]
fn features_shows_what_was_active_and_when_that_is_known_from() {
    let shop = Shop::released();
    shop.roll_back("run", &[]).ends(0);
    check(
        &shop.belay(["features", "--env", "demo"]),
        &expect![[r#"
        $ belay features --env demo
        demo at [moment]

        checkout-ranker newest point then rp-0001
          flag flags/ranker-v9 on, 0 % last seen [moment], left by r-1 not seen since
          dataset lake/clicks v6 last seen [moment], left by r-1 not seen since
          model flags/ranker-model on, default v8 last seen [moment], left by r-1 not seen since
        [0]
    "#]],
    );
    shop.belay(["features", "--env", "demo", "--at", "2020-01-01T00:00:00Z"]).ends(0).says("not seen until then");
}

#[test]
fn what_is_made_from_what_goes_back_is_not_left_behind() {
    let shop = with_forgetful_runbook("");
    check(
        &shop.belay(DATA_ONLY),
        &expect![[r#"
        $ belay plan data-only checkout-ranker --to latest-good --env demo
        demo · data-only · checkout-ranker → rp-0001 ([ago], marked good by [user])

          restore risk 0 refused
                        `model` would stay at on, default v9, where on, default v8 belongs to what `dataset` would go back to: restore it in this run, or say that it may be left, by --except model or by the runbook's `leaves`
            ↩ dataset lake/clicks v5 → v3 reversible
                        2 changes, 200 rows since v3 ([time]) are set aside
                        undo works until a VACUUM past the table's retention (a week by default)

          Changed since the point dataset by 2 changes: v3 → v5 (changed outside belay)
          Not in this runbook model is made from what is restored · search-page consumes this set · cart-upsell consumes this set
          Next nothing would run: remove the cause, then plan again
        [3]
    "#]],
    );
    shop.belay([&DATA_ONLY[..], &["--except", "model"]].concat()).ends(0).says("runs at once");
    let shop = with_forgetful_runbook("[[leaves]]\nresource = \"model\"\nbecause = \"it reads a snapshot\"\n\n");
    shop.belay(DATA_ONLY).ends(0).says("runs at once");
}
