//! What only people can decide.

use belay_engine::Decision;
use belay_engine::Look::CannotTell;
use expect_test::expect;

use crate::fixture::{restore, spec};
use crate::story::State::Is;
use crate::story::{Move, Move::*, check};

/// A halt over an operation of which nobody can tell whether it happened, then a person's word.
fn undecided(decision: Decision, then: &[Move]) -> Vec<Move> {
    let seen = Seen((0, 0), CannotTell, Is(9, 1));
    let mut moves = vec![Locked(0), Plan(0, vec![9]), Intend(1), Unknown(1), seen.clone(), Wake(1), seen];
    moves.extend([Resolve((0, 0), decision), Resume(1), Locked(0)]);
    moves.extend_from_slice(then);
    moves
}

fn once() -> belay_engine::RunSpec {
    spec(vec![("restore", vec![restore("once", &[], 8)])])
}

#[test]
fn it_was_applied() {
    check(
        once(),
        &undecided(Decision::Applied, &[Plan(0, vec![8])]),
        expect![[r#"
        opened → lock lake/once
        locked → plan once
        planned [9] → act 1 (once.0 try 1)
        intent 1 → nothing
        unknown 1 → look once.0
        seen (0, 0) 9 at revision 1 → wake 1 after 1000 ms
        woke 1 → look once.0
        seen (0, 0) 9 at revision 1 → nothing
        resolved Applied → nothing
        resumed 1 → lock lake/once
        locked → plan once
        planned [8] → unlock, seal
        = {ended:{ending:{kind:done},sealed:false}}
          once: Restored
    "#]],
    );
}

#[test]
fn it_was_applied_but_the_resource_says_no() {
    check(
        once(),
        &undecided(Decision::Applied, &[Plan(0, vec![9])]),
        expect![[r#"
        opened → lock lake/once
        locked → plan once
        planned [9] → act 1 (once.0 try 1)
        intent 1 → nothing
        unknown 1 → look once.0
        seen (0, 0) 9 at revision 1 → wake 1 after 1000 ms
        woke 1 → look once.0
        seen (0, 0) 9 at revision 1 → nothing
        resolved Applied → nothing
        resumed 1 → lock lake/once
        locked → plan once
        planned [9] → nothing
        = {halted:{kind:person_must_decide,step:{stage:0,step:0},reason:`once → 8` is said to have been applied, but the resource is as if it were not}}
          once: Changed { applied: 1 }
    "#]],
    );
}

#[test]
fn it_was_not_applied() {
    check(
        once(),
        &undecided(Decision::NotApplied, &[Plan(0, vec![9])]),
        expect![[r#"
        opened → lock lake/once
        locked → plan once
        planned [9] → act 1 (once.0 try 1)
        intent 1 → nothing
        unknown 1 → look once.0
        seen (0, 0) 9 at revision 1 → wake 1 after 1000 ms
        woke 1 → look once.0
        seen (0, 0) 9 at revision 1 → nothing
        resolved NotApplied → nothing
        resumed 1 → lock lake/once
        locked → plan once
        planned [9] → act 2 (once.0 try 1)
        = working
          once: NotTouched
    "#]],
    );
}

#[test]
fn plan_again() {
    check(
        once(),
        &undecided(Decision::PlanAgain, &[Plan(0, vec![10])]),
        expect![[r#"
        opened → lock lake/once
        locked → plan once
        planned [9] → act 1 (once.0 try 1)
        intent 1 → nothing
        unknown 1 → look once.0
        seen (0, 0) 9 at revision 1 → wake 1 after 1000 ms
        woke 1 → look once.0
        seen (0, 0) 9 at revision 1 → nothing
        resolved PlanAgain → nothing
        resumed 1 → lock lake/once
        locked → plan once
        planned [10] → act 2 (once.0 try 1)
        = working
          once: unknown: whether `once → 8` happened is unknown
    "#]],
    );
}

#[test]
fn a_resume_without_a_decision_looks_again() {
    let seen = Seen((0, 0), CannotTell, Is(9, 1));
    let moves = [
        Locked(0),
        Plan(0, vec![9]),
        Intend(1),
        Unknown(1),
        seen.clone(),
        Wake(1),
        seen.clone(),
        Resume(1),
        Locked(0),
        seen,
        Wake(2),
        Seen((0, 0), CannotTell, Is(8, 2)),
    ];
    check(
        once(),
        &moves,
        expect![[r#"
        opened → lock lake/once
        locked → plan once
        planned [9] → act 1 (once.0 try 1)
        intent 1 → nothing
        unknown 1 → look once.0
        seen (0, 0) 9 at revision 1 → wake 1 after 1000 ms
        woke 1 → look once.0
        seen (0, 0) 9 at revision 1 → nothing
        resumed 1 → lock lake/once
        locked → look once.0
        seen (0, 0) 9 at revision 1 → wake 2 after 1000 ms
        woke 2 → look once.0
        seen (0, 0) 8 at revision 2 → plan once
        = working
          once: Changed { applied: 1 }
    "#]],
    );
}

#[test]
fn nothing_is_to_be_decided_while_a_run_works() {
    check(
        once(),
        &[Resolve((0, 0), Decision::Applied), Resolve((4, 0), Decision::Applied)],
        expect![[r#"
        opened → lock lake/once
        resolved Applied → rejected: `step.resolved` was not expected now
        resolved Applied → rejected: the run has no step 0 in stage 4
        = working
          once: NotTouched
    "#]],
    );
}
