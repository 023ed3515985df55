//! Halts, aborts, crashes and takeovers.

use belay_engine::Look::{Absent, CannotTell, HoldsOperationsBytes, HoldsOther};
use expect_test::expect;

use crate::fixture::{restore, spec};
use crate::story::State::Is;
use crate::story::{Move::*, check};

fn two_steps() -> belay_engine::RunSpec {
    spec(vec![("restore", vec![restore("dataset", &[], 27), restore("model", &["dataset"], 8)])])
}

#[test]
fn an_abort_lets_the_operation_under_way_end_and_starts_no_other() {
    let moves = [Locked(0), Plan(0, vec![29, 9]), Intend(1), Abort, Abort, Applied(1), Seal];
    check(
        two_steps(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model
        locked → plan dataset model
        planned [29, 9] → act 1 (dataset.0 try 1)
        intent 1 → nothing
        abort → nothing
        abort → rejected: `run.abort_asked` was not expected now
        applied 1 → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:aborted,by:bo,reason:stop},sealed:true}}
          dataset: Changed { applied: 1 }
          model: NotTouched
    "#]],
    );
}

#[test]
fn an_abort_before_the_intent_keeps_it_from_being_made() {
    let moves = [Locked(0), Plan(0, vec![28, 9]), Abort, Seal, Intend(1)];
    check(
        two_steps(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model
        locked → plan dataset model
        planned [28, 9] → act 1 (dataset.0 try 1)
        abort → unlock, seal
        sealed → nothing
        intent 1 → rejected: the run is sealed
        = {ended:{ending:{kind:aborted,by:bo,reason:stop},sealed:true}}
          dataset: NotTouched
          model: NotTouched
    "#]],
    );
}

#[test]
fn an_intent_that_was_already_on_its_way_is_a_fact() {
    let moves = [Locked(0), Plan(0, vec![28, 9]), Abort, Intend(1), Applied(1), Confirm((0, 0), 27, 0), Seal];
    check(
        two_steps(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model
        locked → plan dataset model
        planned [28, 9] → act 1 (dataset.0 try 1)
        abort → unlock, seal
        intent 1 → nothing
        applied 1 → confirm dataset
        confirmed (0, 0) 27, 0 to do → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:aborted,by:bo,reason:stop},sealed:true}}
          dataset: Restored
          model: NotTouched
    "#]],
    );
}

#[test]
fn an_abort_settles_what_is_unknown() {
    let moves = [
        Locked(0),
        Plan(0, vec![28, 9]),
        Intend(1),
        Abort,
        Unknown(1),
        Seen((0, 0), Absent, Is(28, 1)),
        Wake(1),
        Seen((0, 0), Absent, Is(28, 1)),
    ];
    check(
        two_steps(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model
        locked → plan dataset model
        planned [28, 9] → act 1 (dataset.0 try 1)
        intent 1 → nothing
        abort → nothing
        unknown 1 → look dataset.0
        seen (0, 0) 28 at revision 1 → wake 1 after 1000 ms
        woke 1 → look dataset.0
        seen (0, 0) 28 at revision 1 → unlock, seal
        = {ended:{ending:{kind:aborted,by:bo,reason:stop},sealed:false}}
          dataset: NotTouched
          model: NotTouched
    "#]],
    );
}

#[test]
fn after_a_halt_what_is_under_way_ends_and_nothing_starts() {
    let spec = spec(vec![(
        "restore",
        vec![restore("flag", &[], 0), restore("dataset", &[], 27), restore("model", &["dataset"], 8)],
    )]);
    let moves = [
        Locked(0),
        Plan(0, vec![1, 28, 9]),
        Intend(1),
        Intend(2),
        NotApplied(1),
        Seen((0, 0), Absent, Is(1, 1)),
        Applied(2),
        Confirm((0, 1), 27, 0),
        Abort,
    ];
    check(
        spec,
        &moves,
        expect![[r#"
        opened → lock lake/flag lake/dataset lake/model
        locked → plan flag dataset model
        planned [1, 28, 9] → act 1 (flag.0 try 1), act 2 (dataset.0 try 1)
        intent 1 → nothing
        intent 2 → nothing
        not applied 1 → look flag.0
        seen (0, 0) 1 at revision 1 → nothing
        applied 2 → confirm dataset
        confirmed (0, 1) 27, 0 to do → nothing
        abort → unlock, seal
        = {ended:{ending:{kind:aborted,by:bo,reason:stop},sealed:false}}
          flag: NotTouched
          dataset: Restored
          model: NotTouched
    "#]],
    );
}

#[test]
fn after_a_crash_open_intents_are_unknown_and_the_stage_is_planned_again() {
    let moves = [
        Locked(0),
        Plan(0, vec![29, 9]),
        Intend(1),
        Resume(2),
        Locked(0),
        Unknown(1),
        Seen((0, 0), HoldsOperationsBytes, Is(28, 2)),
        Plan(0, vec![28, 9]),
    ];
    check(
        two_steps(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model
        locked → plan dataset model
        planned [29, 9] → act 1 (dataset.0 try 1)
        intent 1 → nothing
        resumed 2 → lock lake/dataset lake/model
        locked → close 1
        unknown 1 → look dataset.0
        seen (0, 0) 28 at revision 2 → plan dataset model
        planned [28, 9] → act 2 (dataset.0 try 1)
        = working
          dataset: Changed { applied: 1 }
          model: NotTouched
    "#]],
    );
}

#[test]
fn after_a_takeover_settle_begins_when_the_former_owner_may_act_no_more() {
    let moves = [
        Locked(0),
        Plan(0, vec![28, 9]),
        Intend(1),
        TakeOver(1),
        TakeOver(2),
        Locked(0),
        Unknown(1),
        Seen((0, 0), CannotTell, Is(28, 1)),
    ];
    check(
        two_steps(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model
        locked → plan dataset model
        planned [28, 9] → act 1 (dataset.0 try 1)
        intent 1 → nothing
        taken over 1 → rejected: epoch 1 is over, the run's owner has epoch 1
        taken over 2 → lock lake/dataset lake/model
        locked → close 1
        unknown 1 → look dataset.0
        seen (0, 0) 28 at revision 1 → wake 1 after 5400 ms
        = working
          dataset: unknown: whether `dataset → 27` happened is unknown
          model: NotTouched
    "#]],
    );
}

#[test]
fn another_run_holds_a_resource() {
    check(
        two_steps(),
        &[Held(0), Resume(1), Locked(0)],
        expect![[r#"
        opened → lock lake/dataset lake/model
        lock held → unlock
        resumed 1 → lock lake/dataset lake/model
        locked → plan dataset model
        = working
          dataset: NotTouched
          model: NotTouched
    "#]],
    );
}

#[test]
fn a_run_aborted_while_it_takes_locks_again_settles_what_its_crash_left() {
    let moves = [
        Locked(0),
        Plan(0, vec![28, 9]),
        Intend(1),
        Resume(2),
        Abort,
        Locked(0),
        Unknown(1),
        Seen((0, 0), HoldsOther, Is(27, 2)),
        Wake(1),
        Seen((0, 0), HoldsOther, Is(27, 2)),
        Confirm((0, 0), 27, 0),
    ];
    check(
        two_steps(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model
        locked → plan dataset model
        planned [28, 9] → act 1 (dataset.0 try 1)
        intent 1 → nothing
        resumed 2 → lock lake/dataset lake/model
        abort → close 1
        locked → rejected: `stage.locked` was not expected now
        unknown 1 → look dataset.0
        seen (0, 0) 27 at revision 2 → wake 1 after 1000 ms
        woke 1 → look dataset.0
        seen (0, 0) 27 at revision 2 → confirm dataset
        confirmed (0, 0) 27, 0 to do → unlock, seal
        = {ended:{ending:{kind:aborted,by:bo,reason:stop},sealed:false}}
          dataset: Restored
          model: NotTouched
    "#]],
    );
}

#[test]
fn a_clock_that_steps_back_delays_nothing_for_ever() {
    let moves = [
        Clock(3_600_000),
        Locked(0),
        Plan(0, vec![28, 9]),
        Intend(1),
        Clock(-3_600_000),
        Unknown(1),
        Seen((0, 0), CannotTell, Is(27, 2)),
        Wake(1),
        Seen((0, 0), CannotTell, Is(27, 2)),
        Confirm((0, 0), 27, 0),
    ];
    check(
        two_steps(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model
        locked → plan dataset model
        planned [28, 9] → act 1 (dataset.0 try 1)
        intent 1 → nothing
        unknown 1 → look dataset.0
        seen (0, 0) 27 at revision 2 → wake 1 after 1000 ms
        woke 1 → look dataset.0
        seen (0, 0) 27 at revision 2 → confirm dataset
        confirmed (0, 0) 27, 0 to do → act 2 (model.0 try 1)
        = working
          dataset: Restored
          model: NotTouched
    "#]],
    );
}
