//! A stage or a check fails: what the run wrote is put back, or another runbook follows, or neither.

use belay_engine::Look::CannotTell;
use belay_engine::{Decision, RunSpec};
use expect_test::expect;

use crate::fixture::{self, may_skip, restore, spec};
use crate::limits::error_ratio;
use crate::story::State::{Is, Unseen};
use crate::story::{Move::*, check};

/// A flag, then a dataset and a model; what was written is put back where something fails.
fn undoing() -> RunSpec {
    let later = vec![restore("dataset", &[], 27), restore("model", &[], 8)];
    let mut spec = spec(vec![("contain", vec![restore("flag", &[], 0)]), ("restore", later)]);
    fixture::undoing(&mut spec);
    spec
}

/// A dataset; a store in its place where something fails, with a check.
fn alternate() -> RunSpec {
    let mut failover = spec(vec![("switch", vec![restore("store", &[], 2)])]);
    failover.checks.push(error_ratio());
    let mut spec = spec(vec![("restore", vec![restore("dataset", &[], 27)])]);
    spec.checks.push(error_ratio());
    fixture::with_alternate(&mut spec, failover, may_skip(&[]));
    spec
}

#[test]
fn what_was_written_is_put_back() {
    let moves = [
        Locked(0),
        Plan(0, vec![1]),
        Intend(1),
        Applied(1),
        Confirm((0, 0), 0, 0),
        Locked(1),
        Plan(1, vec![29, 8]),
        Intend(2),
        Applied(2),
        Intend(3),
        NotApplied(3),
        Seen((1, 0), CannotTell, Is(28, 9)),
        FallBack,
        Locked(2),
        Plan(2, vec![28]),
        Intend(4),
        Applied(4),
        Confirm((2, 0), 29, 0),
        Locked(3),
        Plan(3, vec![0]),
        Intend(5),
        Applied(5),
        Confirm((3, 0), 1, 0),
        Seal,
    ];
    check(
        undoing(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag
        confirmed (0, 0) 0, 0 to do → lock lake/dataset lake/model
        locked → plan dataset model
        planned [29, 8] → act 2 (dataset.0 try 1)
        intent 2 → nothing
        applied 2 → act 3 (dataset.1 try 1)
        intent 3 → nothing
        not applied 3 → look dataset.1
        seen (1, 0) 28 at revision 9 → undo
        fell back → lock lake/dataset
        locked → plan dataset
        planned [28] → act 4 (dataset.0 try 1)
        intent 4 → nothing
        applied 4 → confirm dataset
        confirmed (2, 0) 29, 0 to do → lock lake/flag
        locked → plan flag
        planned [0] → act 5 (flag.0 try 1)
        intent 5 → nothing
        applied 5 → confirm flag
        confirmed (3, 0) 1, 0 to do → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:undone,failed:{kind:stage,stage:restore,halt:{kind:not_applied,step:{stage:1,step:0},reason:409}}},sealed:true}}
          flag: Restored
          dataset: Changed { applied: 1 }
          model: AlreadyAsDesired
          dataset: Restored
          flag: Restored
    "#]],
    );
}

#[test]
fn where_nothing_was_written_there_is_nothing_to_undo() {
    let moves = [Locked(0), Blind(0)];
    check(
        undoing(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned blind → unlock
        = {halted:{kind:blind,resources:[[flag,unavailable]]}}
          flag: NotTouched
          dataset: NotTouched
          model: NotTouched
    "#]],
    );
}

#[test]
fn a_resource_that_can_not_be_observed_is_a_failure_too() {
    let moves = [
        Locked(0),
        Plan(0, vec![1]),
        Intend(1),
        Applied(1),
        Confirm((0, 0), 0, 0),
        Locked(1),
        Blind(1),
        FallBack,
        Locked(2),
    ];
    check(
        undoing(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag
        confirmed (0, 0) 0, 0 to do → lock lake/dataset lake/model
        locked → plan dataset model
        planned blind → undo
        fell back → lock lake/flag
        locked → plan flag
        = working
          flag: Restored
          dataset: NotTouched
          model: NotTouched
          flag: NotTouched
    "#]],
    );
}

#[test]
fn nothing_follows_while_an_outcome_is_unknown() {
    let moves = [
        Locked(0),
        Plan(0, vec![1]),
        Intend(1),
        Applied(1),
        Confirm((0, 0), 0, 0),
        Locked(1),
        Plan(1, vec![28, 9]),
        Intend(2),
        Intend(3),
        NotApplied(2),
        Unknown(3),
        Seen((1, 0), CannotTell, Is(28, 1)),
        Seen((1, 1), CannotTell, Unseen),
        Wake(1),
        Seen((1, 1), CannotTell, Unseen),
        Wake(2),
        Seen((1, 1), CannotTell, Unseen),
        Wake(3),
        Seen((1, 1), CannotTell, Unseen),
        Resolve((1, 1), Decision::NotApplied),
        Resume(2),
        Locked(1),
        Plan(1, vec![28, 8]),
    ];
    check(
        undoing(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag
        confirmed (0, 0) 0, 0 to do → lock lake/dataset lake/model
        locked → plan dataset model
        planned [28, 9] → act 2 (dataset.0 try 1), act 3 (model.0 try 1)
        intent 2 → nothing
        intent 3 → nothing
        not applied 2 → look dataset.0
        unknown 3 → look model.0
        seen (1, 0) 28 at revision 1 → nothing
        seen (1, 1) nothing → wake 1 after 1000 ms
        woke 1 → look model.0
        seen (1, 1) nothing → wake 2 after 1000 ms
        woke 2 → look model.0
        seen (1, 1) nothing → wake 3 after 1000 ms
        woke 3 → look model.0
        seen (1, 1) nothing → nothing
        resolved NotApplied → nothing
        resumed 2 → lock lake/dataset lake/model
        locked → plan dataset model
        planned [28, 8] → act 4 (dataset.0 try 1)
        = working
          flag: Restored
          dataset: NotTouched
          model: AlreadyAsDesired
    "#]],
    );
}

#[test]
fn a_lock_that_another_run_holds_is_no_failure() {
    let moves = [Locked(0), Plan(0, vec![1]), Intend(1), Applied(1), Confirm((0, 0), 0, 0), Held(1)];
    check(
        undoing(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag
        confirmed (0, 0) 0, 0 to do → lock lake/dataset lake/model
        lock held → unlock
        = {halted:{kind:locked,holder:{resource:flag,run:r-2,by:cy,since:7}}}
          flag: Restored
          dataset: NotTouched
          model: NotTouched
    "#]],
    );
}

#[test]
fn an_intent_that_comes_after_the_failure_was_recorded_is_not_acted_on() {
    let moves = [
        Locked(0),
        Plan(0, vec![1]),
        Intend(1),
        Applied(1),
        Confirm((0, 0), 0, 0),
        Locked(1),
        Plan(1, vec![28, 9]),
        Intend(2),
        NotApplied(2),
        Seen((1, 0), CannotTell, Is(28, 1)),
        FallBack,
        Intend(3),
    ];
    check(
        undoing(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag
        confirmed (0, 0) 0, 0 to do → lock lake/dataset lake/model
        locked → plan dataset model
        planned [28, 9] → act 2 (dataset.0 try 1), act 3 (model.0 try 1)
        intent 2 → nothing
        not applied 2 → look dataset.0
        seen (1, 0) 28 at revision 1 → undo
        fell back → lock lake/flag
        intent 3 → rejected: `intent` was not expected now
        = working
          flag: Restored
          dataset: NotTouched
          model: NotTouched
          flag: NotTouched
    "#]],
    );
}

#[test]
fn an_undo_that_fails_halts_and_can_be_resumed() {
    let moves = [
        Locked(0),
        Plan(0, vec![1]),
        Intend(1),
        Applied(1),
        Confirm((0, 0), 0, 0),
        Locked(1),
        Blind(1),
        FallBack,
        Locked(2),
        Blind(2),
        Resume(2),
        Locked(2),
        Plan(2, vec![0]),
        Intend(2),
        Applied(2),
        Confirm((2, 0), 1, 0),
        Seal,
    ];
    check(
        undoing(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag
        confirmed (0, 0) 0, 0 to do → lock lake/dataset lake/model
        locked → plan dataset model
        planned blind → undo
        fell back → lock lake/flag
        locked → plan flag
        planned blind → unlock
        resumed 2 → lock lake/flag
        locked → plan flag
        planned [0] → act 2 (flag.0 try 1)
        intent 2 → nothing
        applied 2 → confirm flag
        confirmed (2, 0) 1, 0 to do → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:undone,failed:{kind:stage,stage:restore,halt:{kind:blind,resources:[[dataset,unavailable],[model,unavailable]]}}},sealed:true}}
          flag: Restored
          dataset: NotTouched
          model: NotTouched
          flag: Restored
    "#]],
    );
}

#[test]
fn after_a_crash_it_is_asked_again_what_follows() {
    let moves = [
        Locked(0),
        Plan(0, vec![1]),
        Intend(1),
        Applied(1),
        Confirm((0, 0), 0, 0),
        Locked(1),
        Blind(1),
        Resume(2),
        FallBack,
        Locked(2),
    ];
    check(
        undoing(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag
        confirmed (0, 0) 0, 0 to do → lock lake/dataset lake/model
        locked → plan dataset model
        planned blind → undo
        resumed 2 → undo
        fell back → lock lake/flag
        locked → plan flag
        = working
          flag: Restored
          dataset: NotTouched
          model: NotTouched
          flag: NotTouched
    "#]],
    );
}

#[test]
fn another_runbook_follows_with_its_own_checks() {
    let moves = [
        Locked(0),
        Blind(0),
        FallBack,
        Locked(1),
        Plan(1, vec![1]),
        Intend(1),
        Applied(1),
        Confirm((1, 0), 2, 0),
        Measure(0, Some("0.01")),
        Measure(1, Some("0.01")),
        Wake(1),
        Measure(1, Some("0.01")),
        Wake(2),
        Measure(1, Some("0.01")),
        Wake(3),
        Measure(1, Some("0.01")),
        Seal,
    ];
    check(
        alternate(),
        &moves,
        expect![[r#"
            opened → lock lake/dataset
            locked → plan dataset
            planned blind → go on with failover
            fell back → lock lake/store
            locked → plan store
            planned [1] → act 1 (store.0 try 1)
            intent 1 → nothing
            applied 1 → confirm store
            confirmed (1, 0) 2, 0 to do → unlock, measure 1
            measured Some("0.01") → rejected: `check.measured` was not expected now
            measured Some("0.01") → wake 1 after 250 ms
            woke 1 → measure 1
            measured Some("0.01") → wake 2 after 250 ms
            woke 2 → measure 1
            measured Some("0.01") → wake 3 after 250 ms
            woke 3 → measure 1
            measured Some("0.01") → unlock, seal
            sealed → nothing
            = {ended:{ending:{kind:replaced,failed:{kind:stage,stage:restore,halt:{kind:blind,resources:[[dataset,unavailable]]}},runbook:failover},sealed:true}}
              dataset: NotTouched
              store: Restored
        "#]],
    );
}

#[test]
fn the_failure_of_what_followed_halts() {
    let moves = [Locked(0), Blind(0), FallBack, Locked(1), Blind(1)];
    check(
        alternate(),
        &moves,
        expect![[r#"
        opened → lock lake/dataset
        locked → plan dataset
        planned blind → go on with failover
        fell back → lock lake/store
        locked → plan store
        planned blind → unlock
        = {halted:{kind:blind,resources:[[store,unavailable]]}}
          dataset: NotTouched
          store: NotTouched
    "#]],
    );
}

#[test]
fn an_abort_is_no_failure() {
    let moves =
        [Locked(0), Plan(0, vec![1]), Intend(1), Applied(1), Confirm((0, 0), 0, 0), Locked(1), Blind(1), Abort, Seal];
    check(
        undoing(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag
        confirmed (0, 0) 0, 0 to do → lock lake/dataset lake/model
        locked → plan dataset model
        planned blind → undo
        abort → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:aborted,by:bo,reason:stop},sealed:true}}
          flag: Restored
          dataset: NotTouched
          model: NotTouched
    "#]],
    );
}
