//! Operations that were not applied, and what is made of applied ones.

use belay_engine::Look::{Absent, HoldsOther};
use belay_engine::RunSpec;
use expect_test::expect;

use crate::fixture::{restore, spec};
use crate::story::State::Is;
use crate::story::{DOWN, Move::*, check};

fn model() -> RunSpec {
    spec(vec![("restore", vec![restore("model", &[], 8)])])
}

#[test]
fn not_applied_because_somebody_moved_it_is_planned_again() {
    let moves =
        [Locked(0), Plan(0, vec![9]), Intend(1), NotApplied(1), Seen((0, 0), HoldsOther, Is(10, 2)), Plan(0, vec![10])];
    check(
        model(),
        &moves,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        not applied 1 → look model.0
        seen (0, 0) 10 at revision 2 → plan model
        planned [10] → act 2 (model.0 try 1)
        = working
          model: NotTouched
    "#]],
    );
}

#[test]
fn a_writer_that_never_rests_is_given_up_on() {
    let mut moves = vec![Locked(0), Plan(0, vec![9])];
    for act in 1..=4 {
        moves.extend([Intend(act), NotApplied(act), Seen((0, 0), HoldsOther, Is(9 + i64::from(act), 2))]);
        moves.push(Plan(0, vec![9 + i64::from(act)]));
    }
    check(
        model(),
        &moves,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        not applied 1 → look model.0
        seen (0, 0) 10 at revision 2 → plan model
        planned [10] → act 2 (model.0 try 1)
        intent 2 → nothing
        not applied 2 → look model.0
        seen (0, 0) 11 at revision 2 → plan model
        planned [11] → act 3 (model.0 try 1)
        intent 3 → nothing
        not applied 3 → look model.0
        seen (0, 0) 12 at revision 2 → plan model
        planned [12] → act 4 (model.0 try 1)
        intent 4 → nothing
        not applied 4 → look model.0
        seen (0, 0) 13 at revision 2 → nothing
        planned [13] → rejected: `stage.planned` was not expected now
        = {halted:{kind:gave_up,step:{stage:0,step:0},reason:planned again 3 times, and still: not applied (409): somebody else moved the resource}}
          model: NotTouched
    "#]],
    );
}

#[test]
fn not_applied_though_nothing_moved_halts() {
    let moves = [Locked(0), Plan(0, vec![9]), Intend(1), NotApplied(1), Seen((0, 0), Absent, Is(9, 1))];
    check(
        model(),
        &moves,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        not applied 1 → look model.0
        seen (0, 0) 9 at revision 1 → nothing
        = {halted:{kind:not_applied,step:{stage:0,step:0},reason:409}}
          model: NotTouched
    "#]],
    );
}

#[test]
fn the_whole_stage_is_planned_again_once_everything_under_way_has_ended() {
    let spec = spec(vec![("restore", vec![restore("dataset", &[], 27), restore("model", &[], 8)])]);
    let moves = [
        Locked(0),
        Plan(0, vec![28, 10]),
        Intend(1),
        Intend(2),
        NotApplied(1),
        Seen((0, 0), HoldsOther, Is(29, 2)),
        Applied(2),
        Plan(0, vec![29, 9]),
    ];
    check(
        spec,
        &moves,
        expect![[r#"
        opened → lock lake/dataset lake/model
        locked → plan dataset model
        planned [28, 10] → act 1 (dataset.0 try 1), act 2 (model.0 try 1)
        intent 1 → nothing
        intent 2 → nothing
        not applied 1 → look dataset.0
        seen (0, 0) 29 at revision 2 → nothing
        applied 2 → plan dataset model
        planned [29, 9] → act 3 (dataset.0 try 1), act 4 (model.0 try 1)
        = working
          dataset: NotTouched
          model: Changed { applied: 1 }
    "#]],
    );
}

#[test]
fn restored_is_what_host_and_plugin_agree_on() {
    let applied = [Locked(0), Plan(0, vec![9]), Intend(1), Applied(1)];
    let mut slow = applied.to_vec();
    slow.extend([Confirm((0, 0), 9, 1), Wake(1), Confirm((0, 0), 8, 0)]);
    check(
        model(),
        &slow,
        expect![[r#"
            opened → lock lake/model
            locked → plan model
            planned [9] → act 1 (model.0 try 1)
            intent 1 → nothing
            applied 1 → confirm model
            confirmed (0, 0) 9, 1 to do → wake 1 after 50 ms
            woke 1 → confirm model
            confirmed (0, 0) 8, 0 to do → unlock, seal
            = {ended:{ending:{kind:done},sealed:false}}
              model: Restored
        "#]],
    );
    let mut disagree = applied.to_vec();
    disagree.extend((1..=5).flat_map(|wake| [Confirm((0, 0), 8, 1), Wake(wake)]));
    disagree.push(Confirm((0, 0), 8, 1));
    check(
        model(),
        &disagree,
        expect![[r#"
            opened → lock lake/model
            locked → plan model
            planned [9] → act 1 (model.0 try 1)
            intent 1 → nothing
            applied 1 → confirm model
            confirmed (0, 0) 8, 1 to do → wake 1 after 50 ms
            woke 1 → confirm model
            confirmed (0, 0) 8, 1 to do → wake 2 after 50 ms
            woke 2 → confirm model
            confirmed (0, 0) 8, 1 to do → wake 3 after 62 ms
            woke 3 → confirm model
            confirmed (0, 0) 8, 1 to do → wake 4 after 87 ms
            woke 4 → confirm model
            confirmed (0, 0) 8, 1 to do → wake 5 after 112 ms
            woke 5 → confirm model
            confirmed (0, 0) 8, 1 to do → nothing
            = {halted:{kind:not_restored,step:{stage:0,step:0},reason:it is as desired (v8), but its plugin proposes more writes: 1}}
              model: Changed { applied: 1 }
        "#]],
    );
    let mut moved = applied.to_vec();
    moved.extend((1..=5).flat_map(|wake| [Confirm((0, 0), 10, 2), Wake(wake)]));
    moved.push(Confirm((0, 0), 10, 2));
    check(
        model(),
        &moved,
        expect![[r#"
            opened → lock lake/model
            locked → plan model
            planned [9] → act 1 (model.0 try 1)
            intent 1 → nothing
            applied 1 → confirm model
            confirmed (0, 0) 10, 2 to do → wake 1 after 50 ms
            woke 1 → confirm model
            confirmed (0, 0) 10, 2 to do → wake 2 after 50 ms
            woke 2 → confirm model
            confirmed (0, 0) 10, 2 to do → wake 3 after 62 ms
            woke 3 → confirm model
            confirmed (0, 0) 10, 2 to do → wake 4 after 87 ms
            woke 4 → confirm model
            confirmed (0, 0) 10, 2 to do → wake 5 after 112 ms
            woke 5 → confirm model
            confirmed (0, 0) 10, 2 to do → plan model
            = working
              model: Changed { applied: 1 }
        "#]],
    );
}

#[test]
fn what_can_not_be_observed_after_its_write_is_asked_for_longer_than_a_late_write_takes() {
    let applied = [Locked(0), Plan(0, vec![9]), Intend(1), Applied(1)];
    let asked = |times: u32| (1..=times).flat_map(|wake| [Confirm((0, 0), DOWN, 0), Wake(wake)]);
    let mut late = applied.to_vec();
    late.extend(asked(12));
    late.push(Confirm((0, 0), 8, 0));
    check(
        model(),
        &late,
        expect![[r#"
            opened → lock lake/model
            locked → plan model
            planned [9] → act 1 (model.0 try 1)
            intent 1 → nothing
            applied 1 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 1 after 50 ms
            woke 1 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 2 after 50 ms
            woke 2 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 3 after 62 ms
            woke 3 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 4 after 87 ms
            woke 4 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 5 after 112 ms
            woke 5 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 6 after 137 ms
            woke 6 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 7 after 162 ms
            woke 7 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 8 after 187 ms
            woke 8 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 9 after 212 ms
            woke 9 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 10 after 239 ms
            woke 10 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 11 after 268 ms
            woke 11 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 12 after 302 ms
            woke 12 → confirm model
            confirmed (0, 0) 8, 0 to do → unlock, seal
            = {ended:{ending:{kind:done},sealed:false}}
              model: Restored
        "#]],
    );
    let mut gone = applied.to_vec();
    gone.extend(asked(13));
    gone.push(Confirm((0, 0), DOWN, 0));
    check(
        model(),
        &gone,
        expect![[r#"
            opened → lock lake/model
            locked → plan model
            planned [9] → act 1 (model.0 try 1)
            intent 1 → nothing
            applied 1 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 1 after 50 ms
            woke 1 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 2 after 50 ms
            woke 2 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 3 after 62 ms
            woke 3 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 4 after 87 ms
            woke 4 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 5 after 112 ms
            woke 5 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 6 after 137 ms
            woke 6 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 7 after 162 ms
            woke 7 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 8 after 187 ms
            woke 8 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 9 after 212 ms
            woke 9 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 10 after 239 ms
            woke 10 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 11 after 268 ms
            woke 11 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 12 after 302 ms
            woke 12 → confirm model
            confirmed (0, 0) -1, 0 to do → wake 13 after 340 ms
            woke 13 → confirm model
            confirmed (0, 0) -1, 0 to do → nothing
            = {halted:{kind:not_restored,step:{stage:0,step:0},reason:after its last operation it can't be observed: unavailable}}
              model: Changed { applied: 1 }
        "#]],
    );
}

#[test]
fn a_look_that_takes_long_counts_as_waited_for_and_the_last_begins_after_the_wait() {
    let applied = [Locked(0), Plan(0, vec![9]), Intend(1), Applied(1)];
    let slow = |wake| [Clock(20_000), Confirm((0, 0), DOWN, 0), Wake(wake)];
    let mut gone = applied.to_vec();
    gone.extend(slow(1));
    gone.extend([Clock(20_000), Confirm((0, 0), DOWN, 0)]);
    check(
        model(),
        &gone,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        applied 1 → confirm model
        confirmed (0, 0) -1, 0 to do → wake 1 after 1000 ms
        woke 1 → confirm model
        confirmed (0, 0) -1, 0 to do → nothing
        = {halted:{kind:not_restored,step:{stage:0,step:0},reason:after its last operation it can't be observed: unavailable}}
          model: Changed { applied: 1 }
    "#]],
    );
    let mut back = applied.to_vec();
    back.extend([Clock(20_000), Confirm((0, 0), 9, 1), Wake(1), Confirm((0, 0), 8, 0)]);
    check(
        model(),
        &back,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        applied 1 → confirm model
        confirmed (0, 0) 9, 1 to do → wake 1 after 1000 ms
        woke 1 → confirm model
        confirmed (0, 0) 8, 0 to do → unlock, seal
        = {ended:{ending:{kind:done},sealed:false}}
          model: Restored
    "#]],
    );
    let mut stepped = applied.to_vec();
    stepped.extend((1..=3).flat_map(|wake| [Clock(-3_600_000), Confirm((0, 0), DOWN, 0), Wake(wake)]));
    check(
        model(),
        &stepped,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        applied 1 → confirm model
        confirmed (0, 0) -1, 0 to do → wake 1 after 50 ms
        woke 1 → confirm model
        confirmed (0, 0) -1, 0 to do → wake 2 after 50 ms
        woke 2 → confirm model
        confirmed (0, 0) -1, 0 to do → wake 3 after 50 ms
        woke 3 → confirm model
        = working
          model: Changed { applied: 1 }
    "#]],
    );
}

#[test]
fn repeated_and_late_answers_change_nothing() {
    let moves = [
        Locked(0),
        Plan(0, vec![9]),
        Intend(1),
        Intend(1),
        Applied(1),
        Unknown(1),
        Wake(7),
        Seen((0, 0), Absent, Is(9, 1)),
        Confirm((0, 0), 8, 0),
        Confirm((0, 0), 8, 0),
        Seal,
        Resume(2),
    ];
    check(
        model(),
        &moves,
        expect![[r#"
        opened → lock lake/model
        locked → plan model
        planned [9] → act 1 (model.0 try 1)
        intent 1 → nothing
        intent 1 → rejected: `intent` was not expected now
        applied 1 → confirm model
        unknown 1 → rejected: act 1 has no open intent
        woke 7 → rejected: wait 7 is over
        seen (0, 0) 9 at revision 1 → rejected: `step.seen` was not expected now
        confirmed (0, 0) 8, 0 to do → unlock, seal
        confirmed (0, 0) 8, 0 to do → rejected: `step.confirmed` was not expected now
        sealed → nothing
        resumed 2 → rejected: the run is sealed
        = {ended:{ending:{kind:done},sealed:true}}
          model: Restored
    "#]],
    );
}

#[test]
fn an_operation_that_never_lasts_is_given_up_on_and_nothing_else_starts() {
    let mut spec = spec(vec![("restore", vec![restore("model", &[], 8), restore("flag", &[], 0)])]);
    spec.stages[0].steps[0].settle_ms = 0;
    let mut moves = vec![Locked(0), Plan(0, vec![9, 0])];
    for act in 1..=3 {
        moves.extend([Intend(act), Applied(act), Confirm((0, 0), 9, 1)]);
        moves.push(Plan(0, vec![9, i64::from(act == 3)]));
    }
    check(
        spec,
        &moves,
        expect![[r#"
        opened → lock lake/model lake/flag
        locked → plan model flag
        planned [9, 0] → act 1 (model.0 try 1)
        intent 1 → nothing
        applied 1 → confirm model
        confirmed (0, 0) 9, 1 to do → plan model flag
        planned [9, 0] → act 2 (model.0 try 2)
        intent 2 → nothing
        applied 2 → confirm model
        confirmed (0, 0) 9, 1 to do → plan model flag
        planned [9, 0] → act 3 (model.0 try 3)
        intent 3 → nothing
        applied 3 → confirm model
        confirmed (0, 0) 9, 1 to do → plan model flag
        planned [9, 1] → nothing
        = {halted:{kind:gave_up,step:{stage:0,step:0},reason:the operation was tried 3 times and did not take}}
          model: Changed { applied: 3 }
          flag: NotTouched
    "#]],
    );
}
