//! What a responder types and reads, from the plan at 3 a.m. to the verified ledger, on files of this machine.
//! Moments, digests, spans and sizes are redacted; so is the width of columns.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod checks;
mod part;

use std::fs;
use std::process::Command;

use belay_tests::repository;
use belay_tests::workspace::{Said, Shop};
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

/// A line as somebody pastes it into a shell.
fn shell(shop: &Shop, line: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-ec").arg(line).current_dir(shop.stage().workspace()).env("BELAY", repository::belay());
    shell
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
              mandates that it agrees with: 3
              the longest time in which nothing was recorded: [span] from [moment] to [moment], behind entry [number]
              no heartbeat was recorded: where the log is silent, nobody can tell whether belay could have recorded anything
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
