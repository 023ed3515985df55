//! What a rollback leaves is not released or gone back to by accident, with the real binary on files of this machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use belay_tests::workspace::{Said, Shop};
use expect_test::{Expect, expect};

#[track_caller]
fn check(said: &Said, expected: &Expect) {
    assert!(!said.err.contains("panicked"), "{said}");
    expected.assert_eq(&said.redacted());
}

fn rolled_back() -> Shop {
    let shop = Shop::released();
    shop.roll_back("run", &[]).ends(0);
    shop
}

#[test]
fn what_a_rollback_left_is_quarantined_and_its_settings_are_not() {
    let shop = rolled_back();
    check(
        &shop.belay(["quarantine", "list"]),
        &expect![[r#"
        $ belay quarantine list
        demo lake/clicks v5 content [short] left by r-1 of checkout-ranker
        [0]
    "#]],
    );
    // The flags went back too, but somebody will want their settings again.
    let left = shop.belay(["quarantine", "list", "--json"]).answer("quarantine");
    assert_eq!(left.as_array().map(Vec::len), Some(1), "{left}");
    assert_eq!(left[0]["resource"], "lake/clicks");
    shop.is_sound();
}

#[test]
fn an_undo_goes_back_into_it_and_lifts_it() {
    let shop = rolled_back();
    shop.belay(["undo", "r-1"]).ends(0);
    check(
        &shop.belay(["quarantine", "list"]),
        &expect![["
        $ belay quarantine list
        nothing is quarantined
        [0]
    "]],
    );
    shop.is_sound();
}

#[test]
fn what_is_quarantined_is_not_captured_until_somebody_lifts_it() {
    let shop = rolled_back();
    // The bad data come back, by a way that is not belay's.
    let log = shop.system("lake/clicks/_delta_log");
    std::fs::remove_file(log.join("00000000000000000006.json")).unwrap();
    check(
        &shop.belay(["point", "capture", "checkout-ranker", "--env", "demo"]),
        &expect![[r#"
        $ belay point capture checkout-ranker --env demo
        error: this is not to be released: lake/clicks is at v5, which r-1 left and quarantined
        changed: nothing was recorded
        help: belay quarantine lift lake/clicks --env demo --reason …, once it is known to be sound
        [3]
    "#]],
    );
    shop.belay(["gate", "checkout-ranker", "--env", "demo"]).ends(3).says("quarantine");
    check(
        &shop.belay(["quarantine", "lift", "model", "--env", "demo", "--reason", "why not"]),
        &expect![[r#"
        $ belay quarantine lift model --env demo --reason why not
        error: nothing that `model` names is quarantined in `demo`
        changed: nothing was changed
        help: belay quarantine list
        [2]
    "#]],
    );
    check(
        &shop.belay(["quarantine", "lift", "dataset", "--env", "demo", "--reason", "the reader was at fault"]),
        &expect![[r#"
            $ belay quarantine lift dataset --env demo --reason the reader was at fault
            lifted
              demo lake/clicks v5 content [short] left by r-1 of checkout-ranker
            [0]
        "#]],
    );
    shop.belay(["point", "capture", "checkout-ranker", "--env", "demo"]).ends(0);
    shop.is_sound();
}
