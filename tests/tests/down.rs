//! A system is down when a responder needs it: the plan names it, the run halts or skips what the runbook lets it skip,
//! and the one command that is named finishes it later. On files of this machine; a system that is down is a folder that
//! is not there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::Command;

use belay_tests::repository;
use belay_tests::workspace::{Said, Shop};
use expect_test::{Expect, expect};

const RUNBOOK: &str = "runbooks/standard-rollback.toml";

#[track_caller]
fn check(said: &Said, expected: &Expect) {
    assert!(!said.err.contains("panicked"), "{said}");
    expected.assert_eq(&said.redacted());
}

/// A shop after the bad release, whose runbook says this of the dataset's step.
fn shop(dataset: &str) -> Shop {
    let shop = Shop::released();
    shop.edit(RUNBOOK, "resource = \"dataset\"", &format!("resource = \"dataset\"\n{dataset}"));
    shop
}

/// The one command that a partial run names, typed as somebody pastes it.
fn finish(shop: &Shop, said: &Said) -> Said {
    let help = said.err.lines().find_map(|line| line.strip_prefix("help: belay ")?.split_once(" finishes it"));
    let (words, _) = help.expect("one command that finishes it");
    let mut shell = Command::new("/bin/sh");
    let line = format!("\"$BELAY\" {words}");
    shell.arg("-ec").arg(line).current_dir(shop.stage().workspace()).env("BELAY", repository::belay());
    shop.listen(shell)
}

#[test]
fn a_system_that_is_down_halts_the_run_unless_the_runbook_says_otherwise() {
    let shop = shop("");
    shop.goes_down("lake");
    check(
        &shop.roll_back("plan", &[]),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        demo · standard-rollback · checkout-ranker → rp-0001 ([ago], marked good by [user])

          contain risk 12 runs at once
            ~ flag flags/ranker-v9 on, 100 % → rollout = 0 reversible
          restore risk 18 the run halts before it
                        dataset: can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2)
            ? dataset lake/clicks can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2)
            ↩ model flags/ranker-model on, default v9 → on, default v8 reversible

          Changed since the point model: on, default v8 → on, default v9 (changed outside belay)
          Risk of contain 12 = writes 6 + 2 consumers 3 + critical tier 3
          Risk of restore 18 = writes 6 + 2 consumers 4 + runbook untried here 4 + critical tier 3 + changes since the point 1
          Guardrails blast-radius allow · change-window allow
          Not in this runbook search-page consumes this set · cart-upsell consumes this set
          Next belay run standard-rollback checkout-ranker --env demo --to latest-good --except dataset
        [0]
    "#]],
    );
    check(
        &shop.roll_back("run", &[]),
        &expect![[r#"
        $ belay run standard-rollback checkout-ranker --to latest-good --env demo
        r-1: ● working
        r-1 contain: ● planning
        r-1 contain/flag: ● writing
        r-1 contain/flag: ● confirming on, 100 %
        r-1 contain/flag: ✔ restored on, 0 %
        r-1 restore: ● planning
        r-1 restore: ◌ not begun
        r-1: ✘ halted

          flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
          dataset lake/clicks not touched
          model flags/ranker-model on, default v9 not touched

          Check ◌ not yet json-probe value below 0.02
          Service level not restored yet, promised within 5m
          Still affected search-page consumes this set · cart-upsell consumes this set
          Record belay audit log --run r-1
        decide: r-1 halted: dataset: can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2)
        changed: flag restored; dataset not touched; model not touched
        help: belay resume r-1 once dataset can be observed; or belay abort r-1 --reason …, then run again with --except dataset
        [6]
    "#]],
    );
    shop.comes_back("lake");
    shop.belay(["resume", "r-1"]).ends(0);
    shop.stage().is_rolled_back().unwrap();
    shop.is_sound();
}

#[test]
fn what_may_be_skipped_is_skipped_loudly_with_what_is_made_from_it() {
    let shop = shop("if_unreachable = \"skip\"");
    let models = shop.reads("flags/models.flagd.json");
    shop.goes_down("lake");
    check(
        &shop.roll_back("plan", &[]),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        demo · standard-rollback · checkout-ranker → rp-0001 ([ago], marked good by [user])

          contain risk 12 runs at once
            ~ flag flags/ranker-v9 on, 100 % → rollout = 0 reversible
          restore skipped
            ! dataset lake/clicks skipped: can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2)
            ! model flags/ranker-model skipped with dataset, which it is made from

          Risk of contain 12 = writes 6 + 2 consumers 3 + critical tier 3
          Guardrails blast-radius allow · change-window allow
          Not in this runbook search-page consumes this set · cart-upsell consumes this set
          Next belay run standard-rollback checkout-ranker --env demo --to latest-good
        [0]
    "#]],
    );
    let said = shop.roll_back("run", &[]);
    check(
        &said,
        &expect![[r#"
        $ belay run standard-rollback checkout-ranker --to latest-good --env demo
        r-1: ● working
        r-1 contain: ● planning
        r-1 contain/flag: ● writing
        r-1 contain/flag: ● confirming on, 100 %
        r-1 contain/flag: ✔ restored on, 0 %
        r-1 restore: ● planning
        r-1 restore/dataset: ! skipped can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2)
        r-1 restore/model: ! skipped with dataset, which it is made from
        r-1: ● restored, checks measure
        r-1 json-probe: ✔ passed value below 0.02: 0.004
        r-1: ✔ restored in part

          flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
          dataset lake/clicks skipped, its system is down
          model flags/ranker-model on, default v9 skipped with dataset

          Check ✔ passed json-probe value below 0.02: 0.004
          Service level ✘ missed: not restored, promised 5m
          Verified by a check, apart from the resources' own plugins
          Still affected search-page consumes this set · cart-upsell consumes this set
          Undo belay undo r-1
          Record belay audit log --run r-1
        partial: r-1 is restored except dataset (skipped: can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2)); model (skipped with dataset)
        changed: flag restored; dataset skipped, its system is down; model skipped with dataset
        help: belay run standard-rollback checkout-ranker --env demo --to rp-0001 --parameter rollout_to=0 finishes it, once what is down answers again
        [7]
    "#]],
    );
    assert_eq!(shop.reads("flags/models.flagd.json"), models, "not restored against a dataset that was not");
    check(
        &shop.belay(["status"]),
        &expect![[r#"
        $ belay status
        r-1 demo standard-rollback · checkout-ranker [user], [ago] ✔ restored in part
        [0]
    "#]],
    );
    let status = shop.belay(["status", "r-1", "--json"]);
    let step = &status.answer("run.status")["view"]["stages"][1]["steps"][1];
    assert_eq!(step["condition"]["kind"], "skipped", "{step:#}");
    assert_eq!(step["condition"]["with"], "dataset", "{step:#}");
    let mandate = shop.log().into_iter().find(|entry| entry["kind"] == "mandate").unwrap();
    let mandate = shop.belay(["audit", "show", &mandate["seq"].to_string(), "--json"]);
    mandate.says(r#"\"may_skip\":{\"dataset\":[\"model\"]}"#);

    let still = finish(&shop, &said);
    still.ends(7).says("skipped");
    shop.comes_back("lake");
    finish(&shop, &said).ends(0);
    shop.stage().is_rolled_back().unwrap();
    shop.is_sound();

    // What was skipped was not written, so it is not undone either.
    shop.belay(["undo", "r-1"]).ends(0);
    assert_eq!(
        shop.reads("flags/models.flagd.json"),
        fs::read_to_string(repository::root().join("runbooks/sample-data/flags/models.flagd.json")).unwrap()
    );
}

#[test]
fn a_step_can_say_that_it_goes_on_without_what_it_is_made_from() {
    let shop = shop("if_unreachable = \"skip\"");
    shop.edit(RUNBOOK, "resource = \"model\"", "resource = \"model\"\nif_upstream_skipped = \"restore\"");
    shop.goes_down("lake");
    let said = shop.roll_back("run", &[]);
    said.ends(7).says("changed: flag restored; dataset skipped, its system is down; model restored");
    shop.is_sound();
}

#[test]
fn what_is_gone_or_refused_is_not_down() {
    let shop = shop("if_unreachable = \"skip\"");
    fs::remove_dir_all(shop.system("lake/clicks")).unwrap();
    check(
        &shop.roll_back("run", &[]),
        &expect![[r#"
        $ belay run standard-rollback checkout-ranker --to latest-good --env demo
        r-1: ● working
        r-1 contain: ● planning
        r-1 contain/flag: ● writing
        r-1 contain/flag: ● confirming on, 100 %
        r-1 contain/flag: ✔ restored on, 0 %
        r-1 restore: ● planning
        r-1 restore: ◌ not begun
        r-1: ✘ halted

          flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
          dataset lake/clicks not touched
          model flags/ranker-model on, default v9 not touched

          Check ◌ not yet json-probe value below 0.02
          Service level not restored yet, promised within 5m
          Still affected search-page consumes this set · cart-upsell consumes this set
          Record belay audit log --run r-1
        decide: r-1 halted: dataset: can't be put back: delta-table: missing: there is no table, so `v3` can't be restored
        changed: flag restored; dataset not touched; model not touched
        help: belay resume r-1 once dataset can be observed; or belay abort r-1 --reason …, then run again with --except dataset
        [6]
    "#]],
    );
    let shop = self::shop("if_unreachable = \"skip\"");
    shop.edit("belay.toml", "lake = { path = \"../systems/demo/lake\" }\n", "");
    check(
        &shop.roll_back("run", &[]),
        &expect![[r#"
        $ belay run standard-rollback checkout-ranker --to latest-good --env demo
        r-1: ● working
        r-1 contain: ● planning
        r-1 contain/flag: ● writing
        r-1 contain/flag: ● confirming on, 100 %
        r-1 contain/flag: ✔ restored on, 0 %
        r-1 restore: ● planning
        r-1 restore: ◌ not begun
        r-1: ✘ halted

          flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
          dataset lake/clicks not touched
          model flags/ranker-model on, default v9 not touched

          Check ◌ not yet json-probe value below 0.02
          Service level not restored yet, promised within 5m
          Still affected search-page consumes this set · cart-upsell consumes this set
          Record belay audit log --run r-1
        decide: r-1 halted: dataset: can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: this environment has no connection `lake`
        changed: flag restored; dataset not touched; model not touched
        help: belay resume r-1 once dataset can be observed; or belay abort r-1 --reason …, then run again with --except dataset
        [6]
    "#]],
    );
}

#[test]
fn where_only_what_is_down_is_left_to_do_nothing_is_proposed() {
    let shop = shop("");
    shop.roll_back("run", &["--only", "contain"]).ends(0);
    shop.goes_down("lake");
    let said = shop.roll_back("plan", &["--except", "model"]);
    said.ends(0).says("nothing can be done before it can be observed; then plan again");
}

#[test]
fn a_runbook_says_only_what_can_be() {
    let shop = shop("if_unreachable = \"wait\"");
    check(
        &shop.belay(["lint"]),
        &expect![[r#"
        $ belay lint
        runbooks/standard-rollback.toml:25: unknown variant `wait`, expected `halt` or `skip`
        1 finding
        [2]
    "#]],
    );
    let shop = Shop::released();
    shop.edit(RUNBOOK, "resource = \"dataset\"", "manual = \"Ask the DBA\"\nif_unreachable = \"skip\"");
    check(
        &shop.belay(["lint"]),
        &expect![[r#"
        $ belay lint
        runbooks/standard-rollback.toml:23: a step has either `resource`, with what it sets, or `manual` alone
        1 finding
        [2]
    "#]],
    );
}
