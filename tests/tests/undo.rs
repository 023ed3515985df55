//! Undoing what one run wrote: all of it, or without a resource that has to wait.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use belay_tests::workspace::{Said, Shop};
use expect_test::{Expect, expect};

/// A shop that was rolled back by r-1.
fn rolled_back() -> Shop {
    let shop = Shop::released();
    shop.roll_back("run", &[]).ends(0);
    shop
}

#[track_caller]
fn check(said: &Said, expected: &Expect) {
    assert!(!said.err.contains("panicked"), "{said}");
    expected.assert_eq(&said.redacted());
}

#[test]
fn an_undo_that_leaves_something_out_ends_partial_and_says_how_it_is_finished() {
    let shop = Shop::released();
    let bad = shop.systems();
    shop.roll_back("run", &[]).ends(0);
    let (models, lake) = (shop.reads("flags/models.flagd.json"), lake(&shop));
    check(
        &shop.belay(["undo", "r-1", "--except", "model"]),
        &expect![[r#"
        $ belay undo r-1 --except model
        r-2: ● working
        r-2 restore: ● planning
        r-2 restore/model: - left out
        r-2 restore/dataset: ● writing
        r-2 restore/dataset: ● confirming v6
        r-2 restore/dataset: ✔ restored v7
        r-2 contain: ● planning
        r-2 contain/flag: ● writing
        r-2 contain/flag: ● confirming on, 0 %
        r-2 contain/flag: ✔ restored on, 100 %
        r-2: ✔ restored in part

          dataset lake/clicks v6 → v7 restored [span] entry [number]
          model flags/ranker-model left out
          flag flags/ranker-v9 on, 0 % → on, 100 % restored [span] entry [number]

          Verified by its own plugin only
          Undo belay undo r-2
          Record belay audit log --run r-2
        partial: r-2 is restored except what was left out
        changed: dataset restored; model left out; flag restored
        help: belay undo r-1 finishes it
        [7]
    "#]],
    );
    assert_eq!(shop.reads("flags/models.flagd.json"), models, "left as it was");
    assert_ne!(self::lake(&shop), lake);
    shop.belay(["undo", "r-1"]).ends(0);
    assert_eq!(bad["flags/models.flagd.json"], shop.systems()["flags/models.flagd.json"]);
    shop.belay(["undo", "r-1"]).ends(0).says("nothing to do");
    shop.is_sound();
}

#[test]
fn what_can_not_be_put_back_is_left_out_by_the_words_that_are_proposed() {
    let shop = rolled_back();
    shop.goes_down("lake");
    shop.belay(["undo", "r-1", "--plan"]).ends(0).says("belay undo r-1 --except dataset");
    shop.belay(["undo", "r-1"]).ends(6).says("belay abort r-2 --reason …, then run again with --except dataset");
    shop.belay(["abort", "r-2", "--reason", "the lake is down"]).ends(0);
    shop.belay(["undo", "r-1", "--except", "dataset"]).ends(7).says("belay undo r-1 finishes it");
    shop.comes_back("lake");
    shop.belay(["undo", "r-1"]).ends(0);
    shop.is_sound();
}

#[test]
fn what_the_run_did_not_write_is_no_exception() {
    let shop = rolled_back();
    check(
        &shop.belay(["undo", "r-1", "--except", "cache"]),
        &expect![[r#"
        $ belay undo r-1 --except cache
        error: --except cache: r-1 wrote `dataset`, `flag` and `model`
        changed: nothing was changed
        help: belay undo r-1 --plan
        [2]
    "#]],
    );
}

/// The names of the table's commits.
fn lake(shop: &Shop) -> Vec<String> {
    shop.systems().into_keys().filter(|name| name.contains("_delta_log")).collect()
}
