//! What people and probes see to: a step by hand, a plan done by hand, checks that fail or have no data.

use std::fs;

use belay_tests::workspace::{ROLLBACK, Shop};
use expect_test::expect;

use crate::{check, is_rolled_back, shell};

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
