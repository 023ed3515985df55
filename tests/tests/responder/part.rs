//! Less than the whole runbook, or to somewhere else: what waits, one stage, without one resource, other destinations.

use std::fs;

use belay_tests::workspace::{ROLLBACK, Shop};
use expect_test::expect;

use crate::{check, is_rolled_back, sample, shell};

#[test]
fn in_prod_containment_runs_at_once_and_restoration_waits() {
    let shop = Shop::released();
    let prod = shop.stage().systems("prod");
    let words = ["run", ROLLBACK[0], ROLLBACK[1], ROLLBACK[2], ROLLBACK[3], "--env", "prod", "--incident", "INC-4211"];
    check(
        &shop.belay(words),
        &expect![[r#"
            $ belay run standard-rollback checkout-ranker --to latest-good --env prod --incident INC-4211
            r-1: ● working
            r-1 contain: ● planning
            r-1 contain/flag: ● writing
            r-1 contain/flag: ● confirming on, 100 %
            r-1 contain/flag: ✔ restored on, 0 %
            r-1 restore: ● planning
            r-1 restore: ◌ waiting
            r-1: ● waiting for 1 approval

              flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
              dataset lake/clicks v5 not touched
              model flags/ranker-model on, default v9 not touched

              Check ◌ not yet json-probe value below 0.02
              Service level not restored yet, promised within 5m
              Still affected search-page consumes this set · cart-upsell consumes this set
              Record belay audit log --run r-1
            waits: r-1 waits before the stage restore: risk 30 needs 1 approval (approver of ranking)
            changed: flag restored; dataset not touched; model not touched
            help: belay abort r-1 --reason …: nobody could approve it (there is no team `ranking`); [people] and [team] in belay.toml say who can
            [4]
        "#]],
    );
    let flags = fs::read_to_string(prod.join("flags/shop.flagd.json")).unwrap();
    assert_eq!(flags, sample("flags/shop.flagd.json"), "contained");
    assert!(!prod.join("lake/clicks/_delta_log/00000000000000000006.json").exists(), "not restored");
    check(
        &shop.belay(["resume", "r-1"]),
        &expect![[r#"
            $ belay resume r-1
            r-1: ● working
            r-1 contain/flag: ✔ restored on, 0 %
            r-1 restore: ● planning
            r-1 restore: ◌ waiting
            r-1: ● waiting for 1 approval

              flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
              dataset lake/clicks v5 not touched
              model flags/ranker-model on, default v9 not touched

              Check ◌ not yet json-probe value below 0.02
              Service level not restored yet, promised within 5m
              Still affected search-page consumes this set · cart-upsell consumes this set
              Record belay audit log --run r-1
            waits: r-1 waits before the stage restore: risk 30 needs 1 approval (approver of ranking)
            changed: flag restored; dataset not touched; model not touched
            help: belay abort r-1 --reason …: nobody could approve it (there is no team `ranking`); [people] and [team] in belay.toml say who can
            [4]
        "#]],
    );
    check(
        &shop.belay(["abort", "r-1", "--reason", "rolled forward"]),
        &expect![[r#"
            $ belay abort r-1 --reason rolled forward
            r-1 · prod · INC-4211 · ✘ aborted
            ├─ contain
            │ └─ flag ✔ restored [span] on, 0 %
            ├─ restore ◌ pending
            │ ├─ dataset ◌ pending
            │ └─ model ◌ pending
            └─ checks
               └─ json-probe ◌ not yet value below 0.02
            [0]
        "#]],
    );
    shop.belay(["resume", "r-1"]).ends(2);
    shop.is_sound();
}

#[test]
fn one_stage_alone() {
    let shop = Shop::released();
    check(
        &shop.roll_back("run", &["--only", "contain"]),
        &expect![[r#"
            $ belay run standard-rollback checkout-ranker --to latest-good --env demo --only contain
            r-1: ● working
            r-1 contain: ● planning
            r-1 contain/flag: ● writing
            r-1 contain/flag: ● confirming on, 100 %
            r-1 contain/flag: ✔ restored on, 0 %
            r-1: ● restored, checks measure
            r-1 json-probe: ✔ passed value below 0.02: 0.004
            r-1: ✔ restored

              flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]

              Check ✔ passed json-probe value below 0.02: 0.004
              Service level ✔ met: restored in [span] of 5m
              Verified by a check, apart from the resources' own plugins
              Stages left out restore
              Still affected search-page consumes this set · cart-upsell consumes this set
              Undo belay undo r-1
              Record belay audit log --run r-1
            [0]
        "#]],
    );
    assert_eq!(shop.reads("flags/shop.flagd.json"), sample("flags/shop.flagd.json"));
    assert_ne!(shop.reads("flags/models.flagd.json"), sample("flags/models.flagd.json"));
    shop.is_sound();
}

#[test]
fn without_one_resource_a_run_is_partial_and_says_what_finishes_it() {
    let shop = Shop::released();
    let said = shop.roll_back("run", &["--except", "model"]);
    check(
        &said,
        &expect![[r#"
            $ belay run standard-rollback checkout-ranker --to latest-good --env demo --except model
            r-1: ● working
            r-1 contain: ● planning
            r-1 restore/model: - left out
            r-1 contain/flag: ● writing
            r-1 contain/flag: ● confirming on, 100 %
            r-1 contain/flag: ✔ restored on, 0 %
            r-1 restore: ● planning
            r-1 restore/dataset: ● writing
            r-1 restore/dataset: ● confirming v5
            r-1 restore/dataset: ✔ restored v6
            r-1: ● restored, checks measure
            r-1 json-probe: ✔ passed value below 0.02: 0.004
            r-1: ✔ restored in part

              flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
              dataset lake/clicks v5 → v6 restored [span] entry [number]
              model flags/ranker-model left out

              Check ✔ passed json-probe value below 0.02: 0.004
              Service level ✔ met: restored in [span] of 5m
              Verified by a check, apart from the resources' own plugins
              Still affected model is made from what is restored · search-page consumes this set · cart-upsell consumes this set
              Undo belay undo r-1
              Record belay audit log --run r-1
            partial: r-1 is restored except what was left out
            changed: flag restored; dataset restored; model left out
            help: belay run standard-rollback checkout-ranker --env demo --to rp-0001 --parameter rollout_to=0 finishes it
            [7]
        "#]],
    );
    said.ends(7);
    assert_ne!(shop.reads("flags/models.flagd.json"), sample("flags/models.flagd.json"));
    let help = said.err.lines().find_map(|line| line.strip_prefix("help: belay ")?.strip_suffix(" finishes it"));
    let help = help.expect("one command");
    shop.listen(shell(&shop, &format!("\"$BELAY\" {help}"))).ends(0);
    is_rolled_back(&shop);
}

#[test]
fn back_to_versions_and_moments_without_a_point() {
    let shop = Shop::released();
    let words = ["run", ROLLBACK[0], ROLLBACK[1], "--env", "demo", "--at", "dataset=v3", "--at", "model=v8"];
    let said = shop.belay(words);
    check(
        &said,
        &expect![[r#"
        $ belay run standard-rollback checkout-ranker --env demo --at dataset=v3 --at model=v8
        error: `model` (flags/ranker-model): flagd-flag: unsupported: a flag file remembers no earlier states; go back to a rollback point, or set attributes
        changed: nothing was changed
        help: add --except model, or go back to a point: belay point list
        [1]
    "#]],
    );
    let to = |goal: [&str; 2]| shop.belay([&["plan", ROLLBACK[0], ROLLBACK[1], "--env", "demo"], &goal[..]].concat());
    check(
        &to(["--at", "dataset=v99"]),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --env demo --at dataset=v99
            error: --at says nothing of `model`, which the runbook restores
            changed: nothing was changed
            help: add --at model=VERSION, or --except model
            [2]
        "#]],
    );
    to(["--before", "2020-01-01T00:00:00Z"]).ends(3).says("the oldest allowed is 30d (belay.toml:");
    check(
        &to(["--before", "yesterday"]),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --env demo --before yesterday
            error: --before: `yesterday` is no moment: write [time], "[moment]" (local time) or [moment]
            changed: nothing was changed
            [2]
        "#]],
    );
}

#[test]
fn parameters_are_checked_and_used() {
    let shop = Shop::released();
    check(
        &shop.roll_back("plan", &["--parameter", "rollout_to=many"]),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo --parameter rollout_to=many
            error: the parameter `rollout_to` takes a whole number, not `many`
            changed: nothing was changed
            help: belay runbook show standard-rollback
            [2]
        "#]],
    );
    check(
        &shop.roll_back("plan", &["--parameter", "rollout=1"]),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo --parameter rollout=1
            error: the runbook has no parameter `rollout`; it has rollout_to
            changed: nothing was changed
            help: belay runbook show standard-rollback
            [2]
        "#]],
    );
    shop.roll_back("run", &["--only", "contain", "--parameter", "rollout_to=100"]).ends(0);
    assert_ne!(shop.reads("flags/shop.flagd.json"), sample("flags/shop.flagd.json"), "100 % is what it had");
}
