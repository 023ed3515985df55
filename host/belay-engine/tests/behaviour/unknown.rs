//! Unknown outcomes.

use belay_engine::Look::{Absent, CannotTell, HoldsOperationsBytes, HoldsOther};
use belay_engine::RunSpec;
use expect_test::expect;

use crate::fixture::{restore, spec};
use crate::story::State::{Is, Unseen};
use crate::story::{Move::*, check};

fn model() -> RunSpec {
    spec(vec![("restore", vec![restore("model", &[], 8)])])
}

/// Repeating its operation may do harm.
fn once() -> RunSpec {
    spec(vec![("restore", vec![restore("once", &[], 8)])])
}

#[test]
fn unknown_and_its_bytes_are_there_means_applied() {
    let moves = [Locked(0), Plan(0, vec![9]), Intend(1), Unknown(1), Seen((0, 0), HoldsOperationsBytes, Unseen)];
    check(
        model(),
        &moves,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        unknown 1 → look model.0
        seen (0, 0) nothing → confirm model
        = working
          model: Changed { applied: 1 }
    "#]],
    );
}

#[test]
fn unknown_and_the_content_is_what_it_yields_means_applied() {
    let moves = [
        Locked(0),
        Plan(0, vec![10]),
        Intend(1),
        Unknown(1),
        Seen((0, 0), CannotTell, Is(10, 1)),
        Wake(1),
        Seen((0, 0), CannotTell, Is(9, 2)),
    ];
    check(
        model(),
        &moves,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [10] → act 1 (model.0 try 1)
        intent 1 → nothing
        unknown 1 → look model.0
        seen (0, 0) 10 at revision 1 → wake 1 after 1000 ms
        woke 1 → look model.0
        seen (0, 0) 9 at revision 2 → act 2 (model.1 try 1)
        = working
          model: Changed { applied: 1 }
    "#]],
    );
}

#[test]
fn unknown_and_nothing_moved_is_tried_again_at_most_three_times() {
    let again = |act: u32, wake: u32| {
        [Intend(act), Unknown(act), Seen((0, 0), Absent, Is(9, 1)), Wake(wake), Seen((0, 0), Absent, Is(9, 1))]
    };
    let mut moves = vec![Locked(0), Plan(0, vec![9])];
    moves.extend((1..=3).flat_map(|n| again(n, n)));
    check(
        model(),
        &moves,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        unknown 1 → look model.0
        seen (0, 0) 9 at revision 1 → wake 1 after 1000 ms
        woke 1 → look model.0
        seen (0, 0) 9 at revision 1 → act 2 (model.0 try 2)
        intent 2 → nothing
        unknown 2 → look model.0
        seen (0, 0) 9 at revision 1 → wake 2 after 1000 ms
        woke 2 → look model.0
        seen (0, 0) 9 at revision 1 → act 3 (model.0 try 3)
        intent 3 → nothing
        unknown 3 → look model.0
        seen (0, 0) 9 at revision 1 → wake 3 after 1000 ms
        woke 3 → look model.0
        seen (0, 0) 9 at revision 1 → nothing
        = {halted:{kind:gave_up,step:{stage:0,step:0},reason:the operation was tried 3 times and did not take}}
          model: NotTouched
    "#]],
    );
}

#[test]
fn unknown_and_repeating_may_do_harm_is_for_a_person() {
    let moves = [
        Locked(0),
        Plan(0, vec![9]),
        Intend(1),
        Unknown(1),
        Seen((0, 0), CannotTell, Is(9, 1)),
        Wake(1),
        Seen((0, 0), CannotTell, Is(9, 1)),
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
        = {halted:{kind:person_must_decide,step:{stage:0,step:0},reason:no answer; the content is as before, but doing it again may do harm}}
          once: unknown: no answer; the content is as before, but doing it again may do harm
    "#]],
    );
}

#[test]
fn unknown_and_touched_since_the_plan_is_planned_again() {
    let moves = [
        Locked(0),
        Plan(0, vec![9]),
        Intend(1),
        Unknown(1),
        Seen((0, 0), HoldsOther, Is(9, 2)),
        Wake(1),
        Seen((0, 0), HoldsOther, Is(9, 2)),
    ];
    check(
        model(),
        &moves,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        unknown 1 → look model.0
        seen (0, 0) 9 at revision 2 → wake 1 after 1000 ms
        woke 1 → look model.0
        seen (0, 0) 9 at revision 2 → plan model
        = working
          model: unknown: whether `model → 8` happened is unknown
    "#]],
    );
}

#[test]
fn unknown_and_still_moving_is_watched_for_longer() {
    let moves = [
        Locked(0),
        Plan(0, vec![9]),
        Intend(1),
        Unknown(1),
        Seen((0, 0), CannotTell, Is(9, 1)),
        Wake(1),
        Seen((0, 0), CannotTell, Is(9, 2)),
        Wake(2),
        Seen((0, 0), CannotTell, Is(9, 3)),
        Wake(3),
        Seen((0, 0), CannotTell, Is(9, 4)),
    ];
    check(
        model(),
        &moves,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        unknown 1 → look model.0
        seen (0, 0) 9 at revision 1 → wake 1 after 1000 ms
        woke 1 → look model.0
        seen (0, 0) 9 at revision 2 → wake 2 after 1000 ms
        woke 2 → look model.0
        seen (0, 0) 9 at revision 3 → wake 3 after 1000 ms
        woke 3 → look model.0
        seen (0, 0) 9 at revision 4 → nothing
        = {halted:{kind:person_must_decide,step:{stage:0,step:0},reason:the resource moved while its outcome was settled}}
          model: unknown: the resource moved while its outcome was settled
    "#]],
    );
}

#[test]
fn unknown_and_off_the_chain_is_planned_again_where_that_is_harmless() {
    let moves = |spec| {
        let seen = Seen((0, 0), CannotTell, Is(77, 5));
        (spec, [Locked(0), Plan(0, vec![9]), Intend(1), Unknown(1), seen.clone(), Wake(1), seen])
    };
    let (spec, steps) = moves(model());
    check(
        spec,
        &steps,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        unknown 1 → look model.0
        seen (0, 0) 77 at revision 5 → wake 1 after 1000 ms
        woke 1 → look model.0
        seen (0, 0) 77 at revision 5 → plan model
        = working
          model: unknown: whether `model → 8` happened is unknown
    "#]],
    );
    let (spec, steps) = moves(once());
    check(
        spec,
        &steps,
        expect![[r#"
        opened → lock lake/once
        locked → plan once
        planned [9] → act 1 (once.0 try 1)
        intent 1 → nothing
        unknown 1 → look once.0
        seen (0, 0) 77 at revision 5 → wake 1 after 1000 ms
        woke 1 → look once.0
        seen (0, 0) 77 at revision 5 → nothing
        = {halted:{kind:person_must_decide,step:{stage:0,step:0},reason:no answer; the content is neither as before nor as after, and doing it again may do harm}}
          once: unknown: no answer; the content is neither as before nor as after, and doing it again may do harm
    "#]],
    );
}

#[test]
fn unknown_and_nobody_can_look_halts() {
    let mut moves = vec![Locked(0), Plan(0, vec![9]), Intend(1), Unknown(1), Seen((0, 0), CannotTell, Unseen)];
    moves.extend((1..=3).flat_map(|wake| [Wake(wake), Seen((0, 0), CannotTell, Unseen)]));
    check(
        model(),
        &moves,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        unknown 1 → look model.0
        seen (0, 0) nothing → wake 1 after 1000 ms
        woke 1 → look model.0
        seen (0, 0) nothing → wake 2 after 1000 ms
        woke 2 → look model.0
        seen (0, 0) nothing → wake 3 after 1000 ms
        woke 3 → look model.0
        seen (0, 0) nothing → nothing
        = {halted:{kind:cannot_look,step:{stage:0,step:0},reason:unavailable}}
          model: unknown: unavailable
    "#]],
    );
}
