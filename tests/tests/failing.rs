//! A run fails, and what its runbook says of that follows: what was written is put back, or another runbook is restored,
//! or it halts. On files of this machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use belay_tests::workspace::{Said, Shop};
use expect_test::{Expect, expect};

const RUNBOOK: &str = "runbooks/standard-rollback.toml";

#[track_caller]
fn check(said: &Said, expected: &Expect) {
    assert!(!said.err.contains("panicked"), "{said}");
    expected.assert_eq(&said.redacted());
}

/// A shop after the bad release, whose runbook says this of failures.
fn shop(on_failure: &str) -> Shop {
    let shop = Shop::released();
    let name = "name = \"standard-rollback\"";
    shop.edit(RUNBOOK, name, &format!("{name}\non_failure = {on_failure}"));
    shop
}

#[test]
fn what_was_written_is_put_back() {
    let shop = shop("\"undo\"");
    let flags = shop.reads("flags/shop.flagd.json");
    shop.goes_down("lake");
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
        r-1: ● stopping: what is under way ends, nothing starts
        r-1: ✘ failed, what was written is put back restore: dataset: can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2)
        r-1 undo.contain: ● planning
        r-1: ● working
        r-1 undo.contain/flag: ● writing
        r-1 undo.contain/flag: ● confirming on, 0 %
        r-1 restore: ◌ pending
        r-1 undo.contain/flag: ✔ restored on, 100 %
        r-1: ✘ failed; what it wrote was put back

          flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
          dataset lake/clicks not touched
          model flags/ranker-model on, default v9 not touched
          flag flags/ranker-v9 on, 0 % → on, 100 % put back [span] entry [number]

          Failed restore: dataset: can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2)
          What followed what was written was to be put back
          Check - not made json-probe value below 0.02
          Service level ✘ missed: not restored, promised 5m
          Verified by its own plugin only
          Still affected search-page consumes this set · cart-upsell consumes this set
          Undo belay undo r-1
          Record belay audit log --run r-1
        error: r-1 failed in restore: dataset: can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2); what it wrote was put back
        changed: flag put back; dataset not touched; model not touched
        help: belay run standard-rollback checkout-ranker --env demo --to rp-0001 --parameter rollout_to=0 once the cause is gone
        [1]
    "#]],
    );
    assert_eq!(shop.reads("flags/shop.flagd.json"), flags, "as it was before the run, byte for byte");
    check(
        &shop.belay(["status", "r-1"]),
        &expect![[r#"
        $ belay status r-1
        r-1 · demo · ✘ failed; what it wrote was put back
        ├─ contain
        │ └─ flag ✔ restored [span] on, 0 %
        ├─ restore ◌ pending
        │ ├─ dataset ◌ pending
        │ └─ model ◌ pending
        ├─ undo.contain
        │ └─ flag ✔ restored [span] on, 100 %
        └─ checks
           └─ json-probe ◌ not yet value below 0.02

          flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
          dataset lake/clicks not touched
          model flags/ranker-model on, default v9 not touched
          flag flags/ranker-v9 on, 0 % → on, 100 % put back [span] entry [number]

          Failed restore: dataset: can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2)
          What followed what was written was to be put back
          Check - not made json-probe value below 0.02
          Service level ✘ missed: not restored, promised 5m
          Verified by its own plugin only
          Still affected search-page consumes this set · cart-upsell consumes this set
          Undo belay undo r-1
          Record belay audit log --run r-1
        error: r-1 failed in restore: dataset: can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2); what it wrote was put back
        changed: flag put back; dataset not touched; model not touched
        help: belay run standard-rollback checkout-ranker --env demo --to rp-0001 --parameter rollout_to=0 once the cause is gone
        [0]
    "#]],
    );
    let log = shop.belay(["audit", "log", "--run", "r-1", "--kind", "run.fell_back"]);
    log.ends(0).says("what was written is put back");
    shop.comes_back("lake");
    // The help is one command that does it once the cause is gone.
    said.says("help: belay run standard-rollback checkout-ranker --env demo --to rp-0001");
    shop.roll_back("run", &[]).ends(0);
    shop.stage().is_rolled_back().unwrap();
    shop.is_sound();
}

#[test]
fn a_check_that_does_not_pass_is_undone_too() {
    let shop = shop("\"undo\"");
    shop.edit(RUNBOOK, "within = \"20s\"", "within = \"100ms\"");
    shop.reports("0.31");
    let before = shop.systems();
    let said = shop.roll_back("run", &[]);
    said.ends(1).says("changed: flag put back; dataset put back; model put back");
    for file in ["flags/shop.flagd.json", "flags/models.flagd.json"] {
        assert!(shop.systems()[file] == before[file], "{file} is what it was before, byte for byte");
    }
    shop.is_sound();
}

#[test]
fn another_runbook_follows() {
    let shop = shop("{ runbook = \"switch-off\" }");
    shop.write(
        "runbooks/switch-off.toml",
        "[runbook]\nname = \"switch-off\"\nsummary = \"Turn the flag off\"\n\n[[stage]]\nname = \"contain\"\n\n\
         [[stage.step]]\nresource = \"flag\"\nset = { enabled = false }\n",
    );
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

        If it fails: switch-off

          switch-off.contain risk 12 runs at once
            ~ flag flags/ranker-v9 on, 100 % → enabled = false reversible
                               callers take their own default for a disabled flag

          Changed since the point model: on, default v8 → on, default v9 (changed outside belay)
          Risk of contain 12 = writes 6 + 2 consumers 3 + critical tier 3
          Risk of restore 18 = writes 6 + 2 consumers 4 + runbook untried here 4 + critical tier 3 + changes since the point 1
          Guardrails blast-radius allow · change-window allow
          Not in this runbook search-page consumes this set · cart-upsell consumes this set
          Next belay run standard-rollback checkout-ranker --env demo --to latest-good --except dataset
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
        r-1: ● stopping: what is under way ends, nothing starts
        r-1: ✘ failed, switch-off follows restore: dataset: can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2)
        r-1 switch-off.contain: ● planning
        r-1: ● working
        r-1 switch-off.contain/flag: ● writing
        r-1 switch-off.contain/flag: ● confirming on, 0 %
        r-1 restore: ◌ pending
        r-1 switch-off.contain/flag: ✔ restored off
        r-1: ✔ failed; restored by switch-off instead

          flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
          dataset lake/clicks not touched
          model flags/ranker-model on, default v9 not touched
          flag flags/ranker-v9 on, 0 % → off restored [span] entry [number]

          Failed restore: dataset: can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2)
          What followed the runbook switch-off
          Check - not made json-probe value below 0.02
          Service level ✘ missed: not restored, promised 5m
          Verified by its own plugin only
          Still affected search-page consumes this set · cart-upsell consumes this set
          Undo belay undo r-1
          Record belay audit log --run r-1
        partial: r-1 failed in restore: dataset: can't be observed: delta-table: unavailable: reading lake/clicks/_delta_log/_last_checkpoint: connection `lake`: the directory [folder]/workspace/../systems/demo/lake can't be opened: No such file or directory (os error 2); switch-off was restored in its place
        changed: flag restored; dataset not touched; model not touched
        help: belay run standard-rollback checkout-ranker --env demo --to rp-0001 --parameter rollout_to=0 once the cause is gone
        [7]
    "#]],
    );
    assert!(shop.reads("flags/shop.flagd.json").contains("DISABLED"), "switched off");
    let mandate = shop.log().into_iter().find(|entry| entry["kind"] == "mandate").unwrap();
    shop.belay(["audit", "show", &mandate["seq"].to_string(), "--json"]).says("switch-off.contain");
    // What was there before the first write is what undoing goes back to.
    shop.belay(["undo", "r-1"]).ends(0);
    assert!(!shop.reads("flags/shop.flagd.json").contains("DISABLED"));
    shop.is_sound();
}

#[test]
fn a_system_that_goes_on_refusing_halts_what_follows() {
    let shop = shop("{ runbook = \"data-only\" }");
    shop.write(
        "runbooks/data-only.toml",
        "[runbook]\nname = \"data-only\"\nsummary = \"The data alone\"\n\n[[stage]]\nname = \"restore\"\n\n\
         [[stage.step]]\nresource = \"dataset\"\n\n\
         [[leaves]]\nresource = \"model\"\nbecause = \"the old model does with the new data\"\n",
    );
    shop.goes_down("lake");
    let said = shop.roll_back("run", &[]);
    said.ends(6).says("and data-only halted: dataset").says("help: belay resume r-1");
    shop.comes_back("lake");
    shop.belay(["resume", "r-1"]).ends(7).says("data-only was restored in its place");
    shop.is_sound();
}

#[test]
fn what_follows_a_failure_must_be_there_and_run_by_itself() {
    check(
        &shop("{ runbook = \"nowhere\" }").belay(["lint"]),
        &expect![[r#"
        $ belay lint
        runbooks/standard-rollback.toml:3: on_failure: there is no runbook `nowhere` in this workspace
        1 finding
        [2]
    "#]],
    );
    check(
        &shop("{ runbook = \"standard-rollback\" }").belay(["lint"]),
        &expect![[r#"
        $ belay lint
        runbooks/standard-rollback.toml:3: on_failure goes in a circle: standard-rollback → standard-rollback
        1 finding
        [2]
    "#]],
    );
    check(
        &shop("\"later\"").belay(["lint"]),
        &expect![[r#"
        $ belay lint
        runbooks/standard-rollback.toml:3: `on_failure` is "halt", "undo" or { runbook = "NAME" }
        1 finding
        [2]
    "#]],
    );
    let shop = shop("{ runbook = \"turn-off\" }");
    shop.edit("runbooks/turn-off.toml", "[[stage]]", "[parameter.who]\ntype = \"string\"\n\n[[stage]]");
    check(
        &shop.belay(["lint"]),
        &expect![[r#"
        $ belay lint
        runbooks/standard-rollback.toml:3: on_failure: `turn-off` needs the parameter `who`; what follows a failure runs by its defaults
        1 finding
        [2]
    "#]],
    );
}
