//! Stages in turn, steps side by side.

use expect_test::expect;

use crate::fixture::{by_hand, restore, spec};
use crate::story::{Move::*, check};

#[test]
fn a_later_stage_is_planned_once_the_earlier_one_is_restored() {
    let spec = spec(vec![("contain", vec![restore("flag", &[], 0)]), ("restore", vec![restore("model", &[], 8)])]);
    let moves = [
        Locked(0),
        Plan(0, vec![1]),
        Intend(1),
        Applied(1),
        Confirm((0, 0), 0, 0),
        Locked(1),
        Plan(1, vec![9]),
        Intend(2),
        Applied(2),
        Confirm((1, 0), 8, 0),
        Seal,
    ];
    check(
        spec,
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag
        confirmed (0, 0) 0, 0 to do → lock lake/model
        locked → plan model
        planned [9] → act 2 (model.0 try 1)
        intent 2 → nothing
        applied 2 → confirm model
        confirmed (1, 0) 8, 0 to do → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:done},sealed:true}}
          flag: Restored
          model: Restored
    "#]],
    );
}

#[test]
fn a_step_waits_for_those_upstream_of_it() {
    let subjects = vec![restore("model", &["dataset"], 8), restore("dataset", &[], 27), restore("flag", &[], 0)];
    let moves = [
        Locked(0),
        Plan(0, vec![9, 28, 1]),
        Intend(1),
        Intend(2),
        Applied(1),
        Applied(2),
        Confirm((0, 1), 27, 0),
        Intend(3),
        Applied(3),
        Confirm((0, 2), 0, 0),
        Confirm((0, 0), 8, 0),
    ];
    check(
        spec(vec![("restore", subjects)]),
        &moves,
        expect![[r#"
        opened → lock lake/model lake/dataset lake/flag
        locked → plan model dataset flag
        planned [9, 28, 1] → act 1 (dataset.0 try 1), act 2 (flag.0 try 1)
        intent 1 → nothing
        intent 2 → nothing
        applied 1 → confirm dataset
        applied 2 → confirm flag
        confirmed (0, 1) 27, 0 to do → act 3 (model.0 try 1)
        intent 3 → nothing
        applied 3 → confirm model
        confirmed (0, 2) 0, 0 to do → nothing
        confirmed (0, 0) 8, 0 to do → unlock, seal
        = {ended:{ending:{kind:done},sealed:false}}
          model: Restored
          dataset: Restored
          flag: Restored
    "#]],
    );
}

#[test]
fn operations_of_a_step_run_in_order() {
    let moves = [Locked(0), Plan(0, vec![3]), Intend(1), Applied(1), Intend(2), Applied(2), Confirm((0, 0), 1, 0)];
    check(
        spec(vec![("contain", vec![restore("flag", &[], 1)])]),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [3] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → act 2 (flag.1 try 1)
        intent 2 → nothing
        applied 2 → confirm flag
        confirmed (0, 0) 1, 0 to do → unlock, seal
        = {ended:{ending:{kind:done},sealed:false}}
          flag: Restored
    "#]],
    );
}

#[test]
fn a_second_run_finds_nothing_to_do_and_checks_nothing() {
    let mut spec = spec(vec![("contain", vec![restore("flag", &[], 0)])]);
    spec.checks.push(crate::limits::error_ratio());
    check(
        spec,
        &[Locked(0), Plan(0, vec![0]), Seal],
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [0] → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:nothing_to_do},sealed:true}}
          flag: AlreadyAsDesired
    "#]],
    );
}

#[test]
fn a_run_without_what_was_left_out_ends_partial() {
    let mut spec = spec(vec![("restore", vec![restore("dataset", &[], 27), restore("model", &["dataset"], 8)])]);
    spec.stages[0].steps[0].excepted = true;
    let moves = [Locked(0), Plan(0, vec![9]), Intend(1), Applied(1), Confirm((0, 0), 8, 0), Confirm((0, 1), 8, 0)];
    check(
        spec,
        &moves,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        applied 1 → confirm model
        confirmed (0, 0) 8, 0 to do → rejected: `step.confirmed` was not expected now
        confirmed (0, 1) 8, 0 to do → unlock, seal
        = {ended:{ending:{kind:partial},sealed:false}}
          dataset: LeftOut
          model: Restored
    "#]],
    );
}

#[test]
fn a_stage_of_which_everything_was_left_out_is_passed_over() {
    let mut spec = spec(vec![("contain", vec![restore("flag", &[], 0)]), ("restore", vec![restore("model", &[], 8)])]);
    spec.stages[0].steps[0].excepted = true;
    check(
        spec,
        &[Locked(1), Plan(1, vec![8])],
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [8] → unlock, seal
        = {ended:{ending:{kind:partial},sealed:false}}
          flag: LeftOut
          model: AlreadyAsDesired
    "#]],
    );
}

#[test]
fn a_person_confirms_a_manual_step() {
    let spec = spec(vec![("restore", vec![by_hand("ask the DBA"), restore("model", &[], 8)])]);
    let moves = [
        Done((0, 0)),
        Locked(0),
        Plan(0, vec![9]),
        Intend(1),
        Applied(1),
        Confirm((0, 1), 8, 0),
        Done((0, 0)),
        Done((0, 0)),
    ];
    check(
        spec,
        &moves,
        expect![[r#"
            opened → lock lake/model
            person is done → rejected: `step.person_confirmed` was not expected now
            locked → plan by hand model
            planned [9] → ask `ask the DBA`, act 1 (model.0 try 1)
            intent 1 → nothing
            applied 1 → confirm model
            confirmed (0, 1) 8, 0 to do → nothing
            person is done → unlock, seal
            person is done → rejected: `step.person_confirmed` was not expected now
            = {ended:{ending:{kind:done},sealed:false}}
              ask the DBA: DoneBy { by: "dba" }
              model: Restored
        "#]],
    );
}

#[test]
fn a_plan_of_something_else_is_rejected() {
    let two = spec(vec![("contain", vec![restore("flag", &[], 0)]), ("restore", vec![restore("model", &[], 8)])]);
    check(
        two,
        &[Plan(0, vec![1]), Locked(1), Locked(0), Plan(1, vec![9]), Locked(0)],
        expect![[r#"
        opened → lock lake/flag
        planned [1] → rejected: `stage.planned` was not expected now
        locked → rejected: `stage.locked` was not expected now
        locked → plan flag
        planned [9] → rejected: `stage.planned` was not expected now
        locked → rejected: `stage.locked` was not expected now
        = working
          flag: NotTouched
          model: NotTouched
    "#]],
    );
}
