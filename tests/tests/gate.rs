//! Whether a release could be taken back, before it is made.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use belay_tests::workspace::{Said, Shop};
use expect_test::{Expect, expect};

#[track_caller]
fn check(said: &Said, expected: &Expect) {
    assert!(!said.err.contains("panicked"), "{said}");
    expected.assert_eq(&said.redacted());
}

const GATE: [&str; 4] = ["gate", "checkout-ranker", "--env", "demo"];

#[test]
fn a_set_with_a_good_point_can_be_rolled_back() {
    let shop = Shop::good();
    check(
        &shop.belay(GATE),
        &expect![[r#"
        $ belay gate checkout-ranker --env demo
        demo · checkout-ranker ✔ can be rolled back
          ✔ point rp-0001 pins every resource, 3 in all
          ✔ artifacts dataset v3 · flag on, 0 % · model on, default v8
          ✔ runbook standard-rollback contain risk 0, restore risk 0
          ✔ runbook turn-off contain risk 12
          ✔ guardrails blast-radius · change-window
          ✔ quarantine nothing that is there or pinned is quarantined
        [0]
    "#]],
    );
    shop.belay(["gate", "--all"]).ends(0).says("prod");
    assert!(shop.log().iter().all(|entry| entry["kind"] != "run.opened"), "no run is opened");
}

#[test]
fn without_a_point_or_its_data_it_cannot() {
    let shop = Shop::bare();
    shop.begin();
    shop.belay(GATE).ends(3).says("none is marked good");

    let shop = Shop::released();
    std::fs::remove_dir_all(shop.system("lake/clicks")).unwrap();
    shop.belay(GATE).ends(3).says("✘ artifacts");
}

#[test]
fn a_runbook_that_would_loosen_anything_closes_it_and_is_not_run() {
    let shop = Shop::good();
    shop.edit("runbooks/turn-off.toml", "[service_level]", "[limits]\nmandate_ttl = \"8h\"\n\n[service_level]");
    check(
        &shop.belay(["lint"]),
        &expect![[r#"
        $ belay lint
        runbooks/turn-off.toml:17: `mandate_ttl` is 8h (runbooks/turn-off.toml:17), which loosens 4h (belay.toml:50): it may only tighten
        1 finding environments: 2 · feature sets: 1 · guardrails: 2 · plugins: 5 · runbooks: 2
        [2]
    "#]],
    );
    shop.belay(["plan", "turn-off", "checkout-ranker", "--env", "demo"]).ends(3).says("belay.toml:");
    shop.belay(GATE).ends(3).says("it may only tighten");
    shop.roll_back("plan", &[]).ends(0);
}
