//! What a responder types and reads, from the plan at 3 a.m. to the verified ledger, on files of this machine.
//! Moments, digests, spans and sizes are redacted; so is the width of columns.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::Command;

use belay_tests::repository;
use belay_tests::workspace::{ROLLBACK, Said, Shop};
use expect_test::{Expect, expect};
use serde_json::Value;

#[track_caller]
fn check(said: &Said, expected: &Expect) {
    assert!(!said.err.contains("panicked"), "{said}");
    expected.assert_eq(&said.redacted());
}

/// A file of the sample as it was when version 8 was released.
fn sample(path: &str) -> String {
    fs::read_to_string(repository::root().join("runbooks/sample-data").join(path)).unwrap()
}

/// What the table's newest version holds, as the log says it.
fn table(shop: &Shop) -> Vec<String> {
    let mut live = std::collections::BTreeSet::new();
    let log = shop.system("lake/clicks/_delta_log");
    let mut commits: Vec<_> = fs::read_dir(log).unwrap().map(|entry| entry.unwrap().path()).collect();
    commits.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    commits.sort();
    for commit in commits {
        for line in fs::read_to_string(commit).unwrap().lines() {
            let action: Value = serde_json::from_str(line).unwrap();
            if let Some(path) = action["remove"]["path"].as_str() {
                live.remove(path);
            }
            if let Some(path) = action["add"]["path"].as_str() {
                live.insert(path.to_owned());
            }
        }
    }
    live.into_iter().collect()
}

fn is_rolled_back(shop: &Shop) {
    shop.stage().is_rolled_back().unwrap();
    assert_eq!(table(shop), table(&Shop::good()), "the table holds the files that it held");
}

#[test]
fn the_story_as_it_is_told() {
    let shop = Shop::released();
    let before = shop.systems();
    let table_v9 = table(&shop);
    let incident = ["--incident", "INC-4211"];
    check(
        &shop.roll_back("plan", &incident),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo --incident INC-4211
            demo · standard-rollback · checkout-ranker → rp-0001 ([ago], marked good by [user])

              contain risk 12 runs at once
                ~ flag flags/ranker-v9 on, 100 % → rollout = 0 reversible
              restore risk 30 runs at once
                ↩ dataset lake/clicks v5 → v3 reversible
                            2 changes, 200 rows since v3 ([time]) are set aside
                            undo works until a VACUUM past the table's retention (a week by default)
                ↩ model flags/ranker-model on, default v9 → on, default v8 reversible

              Changed since the point dataset by 2 changes: v3 → v5 (changed outside belay) · model: on, default v8 → on, default v9 (changed outside belay)
              Risk of contain 12 = writes 6 + 2 consumers 3 + critical tier 3
              Risk of restore 30 = writes 10 + 2 consumers 7 + critical tier 6 + runbook untried here 4 + 200 rows set aside 2 + changes since the point 1
              Guardrails blast-radius allow · change-window allow
              Not in this runbook search-page consumes this set · cart-upsell consumes this set
              Next belay run standard-rollback checkout-ranker --env demo --to latest-good --incident INC-4211
            [0]
        "#]],
    );
    assert!(shop.systems() == before, "a plan changes nothing");
    check(
        &shop.roll_back("run", &incident),
        &expect![[r#"
            $ belay run standard-rollback checkout-ranker --to latest-good --env demo --incident INC-4211
            r-1: ● working
            r-1 contain: ● planning
            r-1 contain/flag: ● writing
            r-1 contain/flag: ● confirming on, 100 %
            r-1 contain/flag: ✔ restored on, 0 %
            r-1 restore: ● planning
            r-1 restore/dataset: ● writing
            r-1 restore/model: ◌ ready
            r-1 restore/dataset: ● confirming v5
            r-1 restore/dataset: ✔ restored v6
            r-1 restore/model: ● writing
            r-1 restore/model: ● confirming on, default v9
            r-1 restore/model: ✔ restored on, default v8
            r-1: ● restored, checks measure
            r-1 json-probe: ✔ passed value below 0.02: 0.004
            r-1: ✔ restored

              flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
              dataset lake/clicks v5 → v6 restored [span] entry [number]
              model flags/ranker-model on, default v9 → on, default v8 restored [span] entry [number]

              Check ✔ passed json-probe value below 0.02: 0.004
              Service level ✔ met: restored in [span] of 5m
              Verified by a check, apart from the resources' own plugins
              Still affected search-page consumes this set · cart-upsell consumes this set
              Undo belay undo r-1
              Record belay audit log --run r-1
            [0]
        "#]],
    );
    is_rolled_back(&shop);

    let restored = shop.systems();
    check(
        &shop.roll_back("plan", &incident),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo --incident INC-4211
            demo · standard-rollback · checkout-ranker → rp-0001 ([ago], marked good by [user])

              contain nothing to do
                = flag flags/ranker-v9 on, 0 %, as desired
              restore nothing to do
                = dataset lake/clicks v6, as desired
                = model flags/ranker-model on, default v8, as desired

              Guardrails blast-radius allow · change-window allow
              Not in this runbook search-page consumes this set · cart-upsell consumes this set
              Next nothing to do: every resource is as desired
            [0]
        "#]],
    );
    check(
        &shop.roll_back("run", &incident),
        &expect![[r#"
            $ belay run standard-rollback checkout-ranker --to latest-good --env demo --incident INC-4211
            r-2: ● working
            r-2 contain: ● planning
            r-2 contain: = nothing to do
            r-2 contain/flag: = as desired on, 0 %
            r-2 restore: ● planning
            r-2 restore: = nothing to do
            r-2 restore/dataset: = as desired v6
            r-2 restore/model: = as desired on, default v8
            r-2: ✔ nothing to do

              flag flags/ranker-v9 on, 0 % as desired already [span]
              dataset lake/clicks v6 as desired already [span]
              model flags/ranker-model on, default v8 as desired already [span]

              Check - not made, nothing was written json-probe value below 0.02
              Service level ✔ met: restored in [span] of 5m
              Verified by its own plugin only
              Still affected search-page consumes this set · cart-upsell consumes this set
              Record belay audit log --run r-2
            [0]
        "#]],
    );
    assert!(shop.systems() == restored, "a second run writes nothing");

    check(
        &shop.belay(["undo", "r-1", "--plan"]),
        &expect![[r#"
            $ belay undo r-1 --plan
            demo · standard-rollback · checkout-ranker → as r-1 found it

              restore risk 23 runs at once
                ↩ dataset lake/clicks v6 → v5 reversible
                            1 change, 160 rows since v5 ([time]) are set aside
                            undo works until a VACUUM past the table's retention (a week by default)
                ↩ model flags/ranker-model on, default v8 → on, default v9 reversible
              contain risk 12 runs at once
                ↩ flag flags/ranker-v9 on, 0 % → on, 100 % reversible

              Risk of restore 23 = writes 10 + 2 consumers 6 + critical tier 5 + 160 rows set aside 2
              Risk of contain 12 = writes 6 + 2 consumers 3 + critical tier 3
              Guardrails blast-radius allow · change-window allow
              Next belay undo r-1
            [0]
        "#]],
    );
    check(
        &shop.belay(["undo", "r-1", "--reason", "false alarm"]),
        &expect![[r#"
            $ belay undo r-1 --reason false alarm
            r-3: ● working
            r-3 restore: ● planning
            r-3 restore/dataset: ● writing
            r-3 restore/model: ◌ ready
            r-3 restore/dataset: ● confirming v6
            r-3 restore/dataset: ✔ restored v7
            r-3 restore/model: ● writing
            r-3 restore/model: ● confirming on, default v8
            r-3 restore/model: ✔ restored on, default v9
            r-3 contain: ● planning
            r-3 contain/flag: ● writing
            r-3 contain/flag: ● confirming on, 0 %
            r-3 contain/flag: ✔ restored on, 100 %
            r-3: ✔ restored

              dataset lake/clicks v6 → v7 restored [span] entry [number]
              model flags/ranker-model on, default v8 → on, default v9 restored [span] entry [number]
              flag flags/ranker-v9 on, 0 % → on, 100 % restored [span] entry [number]

              Verified by its own plugin only
              Undo belay undo r-3
              Record belay audit log --run r-3
            [0]
        "#]],
    );
    let undone = shop.systems();
    for file in ["flags/shop.flagd.json", "flags/models.flagd.json"] {
        assert!(undone[file] == before[file], "{file} is what it was before, byte for byte");
    }
    assert_eq!(table(&shop), table_v9);

    check(
        &shop.belay(["status"]),
        &expect![[r#"
        $ belay status
        r-3 demo standard-rollback · checkout-ranker INC-4211 [user], [ago] ✔ restored
        r-2 demo standard-rollback · checkout-ranker INC-4211 [user], [ago] ✔ nothing to do
        r-1 demo standard-rollback · checkout-ranker INC-4211 [user], [ago] ✔ restored
        [0]
    "#]],
    );
    check(
        &shop.belay(["status", "r-1"]),
        &expect![[r#"
            $ belay status r-1
            r-1 · demo · INC-4211 · ✔ restored · [span] of 5m
            ├─ contain
            │ └─ flag ✔ restored [span] on, 0 %
            ├─ restore
            │ ├─ dataset ✔ restored [span] v6
            │ └─ model ✔ restored [span] on, default v8
            └─ checks
               └─ json-probe ✔ passed value below 0.02: 0.004

              flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
              dataset lake/clicks v5 → v6 restored [span] entry [number]
              model flags/ranker-model on, default v9 → on, default v8 restored [span] entry [number]

              Check ✔ passed json-probe value below 0.02: 0.004
              Service level ✔ met: restored in [span] of 5m
              Verified by a check, apart from the resources' own plugins
              Still affected search-page consumes this set · cart-upsell consumes this set
              Undo belay undo r-1
              Record belay audit log --run r-1
            [0]
        "#]],
    );
    check(
        &shop.belay(["watch", "r-1"]),
        &expect![[r#"
            $ belay watch r-1
            r-1: ✔ restored
            r-1 contain/flag: ✔ restored on, 0 %
            r-1 restore/dataset: ✔ restored v6
            r-1 restore/model: ✔ restored on, default v8
            r-1 json-probe: ✔ passed value below 0.02: 0.004

              flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
              dataset lake/clicks v5 → v6 restored [span] entry [number]
              model flags/ranker-model on, default v9 → on, default v8 restored [span] entry [number]

              Check ✔ passed json-probe value below 0.02: 0.004
              Service level ✔ met: restored in [span] of 5m
              Verified by a check, apart from the resources' own plugins
              Still affected search-page consumes this set · cart-upsell consumes this set
              Undo belay undo r-1
              Record belay audit log --run r-1
            [0]
        "#]],
    );
    check(
        &shop.belay(["audit", "log", "--run", "r-1", "--kind", "intent"]),
        &expect![[r#"
            $ belay audit log --run r-1 --kind intent
            [number] [moment] r-1 intent [user] step 0.0, operation 0 (attempt 1), [short]
            [number] [moment] r-1 intent [user] step 1.0, operation 0 (attempt 1), [short]
            [number] [moment] r-1 intent [user] step 1.1, operation 0 (attempt 1), [short]
            [0]
        "#]],
    );
    check(
        &shop.belay(["audit", "verify"]),
        &expect![[r#"
            $ belay audit verify
            ✔ sound belay/shop-ml, [number] entries, root [digest]
            [0]
        "#]],
    );
    shop.is_sound();
}

#[test]
fn a_responder_finds_the_runbook_and_the_point() {
    let shop = Shop::released();
    check(
        &shop.belay(["runbook", "search", "latency", "ranking"]),
        &expect![[r#"
        $ belay runbook search latency ranking
        standard-rollback serves checkout-ranker never run
        turn-off serves checkout-ranker never run
        [0]
    "#]],
    );
    check(
        &shop.belay(["runbook", "show", "standard-rollback"]),
        &expect![[r#"
        $ belay runbook show standard-rollback
        standard-rollback: Turn the release off, then put its data and model back

          Use it when a release of a ranking or scoring feature degrades what users see
          Not when the lake itself is down: use turn-off and call the data platform
          Call ml-platform on call
          Serves checkout-ranker
          Parameters rollout_to (a whole number; 0)
          Promises restored within 5m, sets aside 24h of data at the most
          Last run never

          contain
            ~ flag rollout = the parameter rollout_to
          restore
            ↩ dataset
            ↩ model
          checks
            json-probe value below 0.02, within 20s
        [0]
    "#]],
    );
    check(
        &shop.belay(["point", "list", "--env", "demo"]),
        &expect![[r#"
        $ belay point list --env demo
        rp-0001 demo checkout-ranker [ago] good, says [user] v8: query features
        [0]
    "#]],
    );
    check(
        &shop.belay(["point", "diff", "rp-0001"]),
        &expect![[r#"
        $ belay point diff rp-0001
        ≠ dataset v3 → v5
        ≠ flag on, 0 % → on, 100 %
        ≠ model on, default v8 → on, default v9
        [0]
    "#]],
    );
    check(
        &shop.belay(["lint"]),
        &expect![[r#"
            $ belay lint
            ✔ sound environments: 2 · feature sets: 1 · guardrails: 2 · plugins: 5 · runbooks: 2
            [0]
        "#]],
    );
}

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

/// A line as somebody pastes it into a shell.
fn shell(shop: &Shop, line: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-ec").arg(line).current_dir(shop.stage().workspace()).env("BELAY", repository::belay());
    shell
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

#[test]
fn a_step_by_hand_is_confirmed_by_a_person() {
    let shop = Shop::released();
    let by_hand =
        "[[stage]]\nname = \"warm\"\n\n[[stage.step]]\nmanual = \"Ask the DBA to warm the cache\"\n\n[[check]]";
    shop.edit("runbooks/standard-rollback.toml", "[[check]]", by_hand);
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
            r-1 restore/dataset: ● writing
            r-1 restore/model: ◌ ready
            r-1 restore/dataset: ● confirming v5
            r-1 restore/dataset: ✔ restored v6
            r-1 restore/model: ● writing
            r-1 restore/model: ● confirming on, default v9
            r-1 restore/model: ✔ restored on, default v8
            r-1 warm: ● planning
            r-1 warm/Ask the DBA to warm the cache: ☞ by hand

              flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
              dataset lake/clicks v5 → v6 restored [span] entry [number]
              model flags/ranker-model on, default v9 → on, default v8 restored [span] entry [number]
              Ask the DBA to warm the cache not touched

              Check ◌ not yet json-probe value below 0.02
              Service level not restored yet, promised within 5m
              Still affected search-page consumes this set · cart-upsell consumes this set
              Record belay audit log --run r-1
            decide: r-1 waits for a step by hand in the stage warm
            changed: flag restored; dataset restored; model restored
            help: once it is done: belay confirm r-1 2.0
            [6]
        "#]],
    );
    check(
        &shop.belay(["confirm", "r-1", "2.0"]),
        &expect![[r#"
            $ belay confirm r-1 2.0
            r-1 · demo · ● working · [span] of 5m
            ├─ contain
            │ └─ flag ✔ restored [span] on, 0 %
            ├─ restore
            │ ├─ dataset ✔ restored [span] v6
            │ └─ model ✔ restored [span] on, default v8
            ├─ warm
            │ └─ Ask the DBA to warm the cache ☞ by hand then: belay confirm r-1 2.0
            └─ checks
               └─ json-probe ◌ not yet value below 0.02
            recorded; it goes on with: belay resume r-1
            [0]
        "#]],
    );
    check(
        &shop.belay(["resume", "r-1"]),
        &expect![[r#"
            $ belay resume r-1
            r-1: ● working
            r-1 contain/flag: ✔ restored on, 0 %
            r-1 restore/dataset: ✔ restored v6
            r-1 restore/model: ✔ restored on, default v8
            r-1 warm: ● planning
            r-1 warm/Ask the DBA to warm the cache: ✔ done by [user]
            r-1: ● restored, checks measure
            r-1 json-probe: ✔ passed value below 0.02: 0.004
            r-1: ✔ restored

              flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
              dataset lake/clicks v5 → v6 restored [span] entry [number]
              model flags/ranker-model on, default v9 → on, default v8 restored [span] entry [number]
              Ask the DBA to warm the cache done by [user] [span]

              Check ✔ passed json-probe value below 0.02: 0.004
              Service level ✔ met: restored in [span] of 5m
              Verified by a check, apart from the resources' own plugins
              Still affected search-page consumes this set · cart-upsell consumes this set
              Undo belay undo r-1
              Record belay audit log --run r-1
            [0]
        "#]],
    );
    is_rolled_back(&shop);
    shop.is_sound();
}

#[test]
fn the_plan_as_commands_does_what_the_plan_says() {
    let shop = Shop::released();
    let said = shop.belay([&["plan", "show"], &ROLLBACK[..], &["--env", "demo", "--as-commands"]].concat());
    said.ends(0);
    let ran = shop.listen(shell(&shop, &said.out));
    ran.ends(0);
    is_rolled_back(&shop);
    // Nothing is left to do for belay itself, which finds that somebody else did it.
    shop.roll_back("plan", &[]).ends(0).says("nothing to do");
    let again = shop.listen(shell(&shop, &said.out));
    assert_ne!(again.status, Some(0), "what the plan had seen is no longer there:\n{again}");
}

#[test]
fn an_incident_is_attached_afterwards() {
    let shop = Shop::released();
    shop.roll_back("run", &[]).ends(0);
    shop.belay(["incident", "attach", "r-1", "INC-4211"]).ends(0).says("INC-4211");
    // What the run did before it had a name belongs to the incident too.
    let log = shop.belay(["audit", "log", "--incident", "INC-4211"]);
    log.ends(0).says(" run.opened ").says(" intent ").says(" incident.attached ");
    check(
        &shop.belay(["incident", "attach", "r-1", "INC-4212"]),
        &expect![[r#"
            $ belay incident attach r-1 INC-4212
            error: r-1 is already part of INC-4211
            changed: nothing was changed
            help: belay audit log --incident INC-4211
            [2]
        "#]],
    );
}

#[test]
fn a_check_that_fails_says_so_and_what_is_restored_stays() {
    let shop = Shop::released();
    shop.edit("runbooks/standard-rollback.toml", "within = \"20s\"", "within = \"100ms\"");
    shop.reports("0.31");
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
            r-1 restore/dataset: ● writing
            r-1 restore/model: ◌ ready
            r-1 restore/dataset: ● confirming v5
            r-1 restore/dataset: ✔ restored v6
            r-1 restore/model: ● writing
            r-1 restore/model: ● confirming on, default v9
            r-1 restore/model: ✔ restored on, default v8
            r-1: ● restored, checks measure
            r-1 json-probe: ✘ failed value below 0.02: 0.31 is not below 0.02
            r-1: ✘ restored, but a check did not pass

              flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
              dataset lake/clicks v5 → v6 restored [span] entry [number]
              model flags/ranker-model on, default v9 → on, default v8 restored [span] entry [number]

              Check ✘ failed json-probe value below 0.02: 0.31 is not below 0.02
              Service level ✔ met: restored in [span] of 5m
              Verified by its own plugin only
              Still affected search-page consumes this set · cart-upsell consumes this set
              Undo belay undo r-1
              Record belay audit log --run r-1
            error: r-1 restored every resource, but the check `json-probe value below 0.02` failed: 0.31 is not below 0.02
            changed: flag restored; dataset restored; model restored
            help: belay audit log --run r-1 shows what it measured; whom to call is in belay runbook show
            [1]
        "#]],
    );
    said.ends(1);
    is_rolled_back(&shop);
    shop.is_sound();
}

#[test]
fn a_check_without_data_is_never_a_pass() {
    let shop = Shop::released();
    shop.edit("runbooks/standard-rollback.toml", "within = \"20s\"", "within = \"100ms\"");
    fs::remove_file(shop.system("metrics/ranker.json")).unwrap();
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
            r-1 restore/dataset: ● writing
            r-1 restore/model: ◌ ready
            r-1 restore/dataset: ● confirming v5
            r-1 restore/dataset: ✔ restored v6
            r-1 restore/model: ● writing
            r-1 restore/model: ● confirming on, default v9
            r-1 restore/model: ✔ restored on, default v8
            r-1: ● restored, checks measure
            r-1 json-probe: ? inconclusive value below 0.02: metrics has no ranker.json
            r-1: ✘ restored, but a check did not pass

              flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entry [number]
              dataset lake/clicks v5 → v6 restored [span] entry [number]
              model flags/ranker-model on, default v9 → on, default v8 restored [span] entry [number]

              Check ? inconclusive json-probe value below 0.02: metrics has no ranker.json
              Service level ✔ met: restored in [span] of 5m
              Verified by its own plugin only
              Still affected search-page consumes this set · cart-upsell consumes this set
              Undo belay undo r-1
              Record belay audit log --run r-1
            error: r-1 restored every resource, but the check `json-probe value below 0.02` is inconclusive: metrics has no ranker.json
            changed: flag restored; dataset restored; model restored
            help: belay audit log --run r-1 shows what it measured; whom to call is in belay runbook show
            [1]
        "#]],
    );
    assert_ne!(said.status, Some(0));
    is_rolled_back(&shop);
}

#[test]
fn json_says_the_same_in_one_line_each() {
    let shop = Shop::released();
    let said = shop.roll_back("run", &["--json"]);
    said.ends(0);
    for line in said.out.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(line["belay"], 1, "{line}");
    }
    let receipt = &said.answer("run")["receipt"];
    assert_eq!(receipt["promise"]["kept"], true, "{receipt:#}");
    assert_eq!(receipt["promise"]["restored_within_ms"], 300_000);
    let failed = shop.belay(["status", "r-9", "--json"]);
    failed.ends(2);
    assert_eq!(failed.answer("error")["status"], 2, "{failed}");
}
