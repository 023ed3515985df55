//! Systems that are down: what is skipped, what halts, what goes on.

use belay_engine::Look::CannotTell;
use belay_engine::RunSpec;
use expect_test::expect;

use crate::fixture::{may_skip, restore, spec};
use crate::story::State::Unseen;
use crate::story::{DOWN, Move::*, check};

/// A dataset, a model that is made from it, and a flag; the mandate lets the dataset be skipped, and the model with it.
fn ranker() -> RunSpec {
    let subjects = vec![restore("dataset", &[], 27), restore("model", &["dataset"], 8), restore("flag", &[], 0)];
    let mut spec = spec(vec![("restore", subjects)]);
    spec.mandate.may_skip = may_skip(&[("dataset", &["model"])]);
    spec
}

#[test]
fn a_system_that_is_down_is_skipped_with_what_is_made_from_it() {
    let moves =
        [Locked(0), Plan(0, vec![DOWN, 9, 1]), Plan(0, vec![1]), Intend(1), Applied(1), Confirm((0, 2), 0, 0), Seal];
    check(
        ranker(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model lake/flag
        locked → plan dataset model flag
        planned [-1, 9, 1] → plan flag
        planned [1] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag
        confirmed (0, 2) 0, 0 to do → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:partial},sealed:true}}
          dataset: skipped: connection refused
          model: skipped with dataset
          flag: Restored
    "#]],
    );
}

#[test]
fn what_the_mandate_does_not_let_be_skipped_halts_the_run() {
    let moves = [Locked(0), Plan(0, vec![28, 9, DOWN]), Resume(2), Locked(0), Plan(0, vec![28, DOWN, 1])];
    check(
        ranker(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model lake/flag
        locked → plan dataset model flag
        planned [28, 9, -1] → unlock
        resumed 2 → lock lake/dataset lake/model lake/flag
        locked → plan dataset model flag
        planned [28, -1, 1] → unlock
        = {halted:{kind:blind,resources:[[model,connection refused]]}}
          dataset: NotTouched
          model: NotTouched
          flag: NotTouched
    "#]],
    );
}

#[test]
fn a_resource_that_can_not_be_observed_for_another_reason_is_not_skipped() {
    let moves = [Locked(0), Blind(0)];
    check(
        ranker(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model lake/flag
        locked → plan dataset model flag
        planned blind → unlock
        = {halted:{kind:blind,resources:[[dataset,unavailable],[model,unavailable],[flag,unavailable]]}}
          dataset: NotTouched
          model: NotTouched
          flag: NotTouched
    "#]],
    );
}

#[test]
fn when_all_of_a_stage_is_skipped_the_next_one_goes_on() {
    let moves = [
        Locked(0),
        Plan(0, vec![DOWN]),
        Locked(1),
        Plan(1, vec![1]),
        Intend(1),
        Applied(1),
        Confirm((1, 1), 0, 0),
        Seal,
    ];
    check(
        two_stages(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset
        locked → plan dataset
        planned [-1] → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag
        confirmed (1, 1) 0, 0 to do → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:partial},sealed:true}}
          dataset: skipped: connection refused
          model: skipped with dataset
          flag: Restored
    "#]],
    );
}

#[test]
fn a_resumed_run_looks_whether_the_system_is_back() {
    let moves =
        [Locked(0), Plan(0, vec![DOWN, 9, 1]), Plan(0, vec![DOWN]), Resume(2), Locked(0), Plan(0, vec![28, 9, 1])];
    check(
        ranker(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model lake/flag
        locked → plan dataset model flag
        planned [-1, 9, 1] → plan flag
        planned [-1] → unlock
        resumed 2 → lock lake/dataset lake/model lake/flag
        locked → plan dataset model flag
        planned [28, 9, 1] → act 1 (dataset.0 try 1), act 2 (flag.0 try 1)
        = working
          dataset: NotTouched
          model: NotTouched
          flag: NotTouched
    "#]],
    );
}

#[test]
fn a_system_that_goes_down_before_the_first_write_is_skipped() {
    let moves = [
        Locked(0),
        Plan(0, vec![28, 9, 0]),
        Intend(1),
        NotApplied(1),
        Seen((0, 0), CannotTell, Unseen),
        Plan(0, vec![DOWN, 9, 0]),
        Plan(0, vec![0]),
        Seal,
    ];
    check(
        ranker(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model lake/flag
        locked → plan dataset model flag
        planned [28, 9, 0] → act 1 (dataset.0 try 1)
        intent 1 → nothing
        not applied 1 → look dataset.0
        seen (0, 0) nothing → plan dataset model flag
        planned [-1, 9, 0] → plan flag
        planned [0] → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:partial},sealed:true}}
          dataset: skipped: connection refused
          model: skipped with dataset
          flag: AlreadyAsDesired
    "#]],
    );
}

#[test]
fn what_was_begun_is_never_skipped() {
    let moves = [
        Locked(0),
        Plan(0, vec![29, 9, 0]),
        Intend(1),
        Applied(1),
        Intend(2),
        NotApplied(2),
        Seen((0, 0), CannotTell, Unseen),
        Resume(2),
        Locked(0),
        Plan(0, vec![DOWN, 9, 0]),
    ];
    check(
        ranker(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model lake/flag
        locked → plan dataset model flag
        planned [29, 9, 0] → act 1 (dataset.0 try 1)
        intent 1 → nothing
        applied 1 → act 2 (dataset.1 try 1)
        intent 2 → nothing
        not applied 2 → look dataset.1
        seen (0, 0) nothing → nothing
        resumed 2 → lock lake/dataset lake/model lake/flag
        locked → plan dataset model flag
        planned [-1, 9, 0] → nothing
        = {halted:{kind:blind,resources:[[dataset,connection refused]]}}
          dataset: Changed { applied: 1 }
          model: NotTouched
          flag: AlreadyAsDesired
    "#]],
    );
}

/// The dataset in a stage of its own.
fn two_stages() -> RunSpec {
    let later = vec![restore("model", &["dataset"], 8), restore("flag", &[], 0)];
    let mut spec = spec(vec![("data", vec![restore("dataset", &[], 27)]), ("serve", later)]);
    spec.mandate.may_skip = may_skip(&[("dataset", &["model"])]);
    spec
}
