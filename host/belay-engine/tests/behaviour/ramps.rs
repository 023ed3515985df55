//! Gradual steps: planned as one way, held at each part, checked between them.

use belay_domain::check::Check;
use belay_engine::Look::{Absent, CannotTell};
use expect_test::expect;

use crate::fixture::{ramp, restore, spec};
use crate::limits::error_ratio;
use crate::story::State::Is;
use crate::story::{Move, Move::*, check};

pub(crate) const FLAG: (u32, u32) = (0, 0);

/// From 4 through 3 and 1 to 0, each held for a second.
pub(crate) fn flag() -> belay_engine::RunSpec {
    spec(vec![("contain", vec![ramp("flag", &[], &[3, 1, 0], 1_000)])])
}

fn checked() -> belay_engine::RunSpec {
    belay_engine::RunSpec { checks: vec![Check { within_ms: 1_000, hold_ms: 0, ..error_ratio() }], ..flag() }
}

/// These moves after the first part is reached, and held.
pub(crate) fn after_held(moves: &[Move]) -> Vec<Move> {
    let held = [Locked(0), Plan(0, vec![4]), Intend(1), Applied(1), Confirm(FLAG, 3, 0)];
    [&held[..], moves].concat()
}

#[test]
fn each_part_is_written_confirmed_held_and_observed_once_more() {
    let moves = after_held(&[
        Wake(1),
        Confirm(FLAG, 3, 0),
        Intend(2),
        Applied(2),
        Intend(3),
        Applied(3),
        Confirm(FLAG, 1, 0),
        Wake(2),
        Confirm(FLAG, 1, 0),
        Intend(4),
        Applied(4),
        Confirm(FLAG, 0, 0),
        Seal,
    ]);
    check(
        flag(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        woke 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → act 2 (flag.1 try 1)
        intent 2 → nothing
        applied 2 → act 3 (flag.2 try 1)
        intent 3 → nothing
        applied 3 → confirm flag part 1
        confirmed (0, 0) 1, 0 to do → wake 2 after 1000 ms
        woke 2 → confirm flag part 1
        confirmed (0, 0) 1, 0 to do → act 4 (flag.3 try 1)
        intent 4 → nothing
        applied 4 → confirm flag part 2
        confirmed (0, 0) 0, 0 to do → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:done},sealed:true}}
          flag: Restored
    "#]],
    );
}

#[test]
fn what_is_passed_already_is_neither_written_nor_held() {
    check(
        flag(),
        &[Locked(0), Plan(0, vec![1]), Intend(1), Applied(1), Confirm(FLAG, 0, 0), Seal],
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 2
        confirmed (0, 0) 0, 0 to do → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:done},sealed:true}}
          flag: Restored
    "#]],
    );
    check(
        flag(),
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
fn what_comes_after_a_ramp_waits_for_its_end() {
    let spec = spec(vec![("contain", vec![ramp("flag", &[], &[3, 2], 1_000), restore("model", &["flag"], 8)])]);
    let moves = [
        Locked(0),
        Plan(0, vec![4, 9]),
        Intend(1),
        Applied(1),
        Confirm(FLAG, 3, 0),
        Wake(1),
        Confirm(FLAG, 3, 0),
        Intend(2),
        Applied(2),
        Confirm(FLAG, 2, 0),
    ];
    check(
        spec,
        &moves,
        expect![[r#"
        opened → lock lake/flag lake/model
        locked → plan flag model
        planned [4, 9] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        woke 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → act 2 (flag.1 try 1)
        intent 2 → nothing
        applied 2 → confirm flag part 1
        confirmed (0, 0) 2, 0 to do → act 3 (model.0 try 1)
        = working
          flag: Restored
          model: NotTouched
    "#]],
    );
}

#[test]
fn checks_measure_after_each_hold_and_must_pass() {
    let moves = after_held(&[
        Wake(1),
        MeasureOn(FLAG, 0, Some("0.5")),
        Wake(2),
        MeasureOn(FLAG, 0, Some("0.01")),
        Confirm(FLAG, 3, 0),
    ]);
    check(
        checked(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        woke 1 → measure 0 on flag
        measured Some("0.5") on (0, 0) → wake 2 after 250 ms
        woke 2 → measure 0 on flag
        measured Some("0.01") on (0, 0) → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → act 2 (flag.1 try 1)
        = working
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
}

#[test]
fn a_check_that_fails_stops_the_ramp_and_a_person_may_go_on() {
    let failed =
        after_held(&[Wake(1), MeasureOn(FLAG, 0, Some("0.5")), Wake(2), Clock(1_000), MeasureOn(FLAG, 0, Some("0.5"))]);
    check(
        checked(),
        &failed,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        woke 1 → measure 0 on flag
        measured Some("0.5") on (0, 0) → wake 2 after 250 ms
        woke 2 → measure 0 on flag
        measured Some("0.5") on (0, 0) → nothing
        = {halted:{kind:check_failed,step:{stage:0,step:0},part:0,check:json-probe value below 0.02,result:{kind:failed,reason:0.5 is not below 0.02}}}
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
    let measured_again = [&failed[..], &[Resume(2), Locked(0), Plan(0, vec![3])]].concat();
    check(
        checked(),
        &measured_again,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        woke 1 → measure 0 on flag
        measured Some("0.5") on (0, 0) → wake 2 after 250 ms
        woke 2 → measure 0 on flag
        measured Some("0.5") on (0, 0) → nothing
        resumed 2 → lock lake/flag
        locked → plan flag
        planned [3] → measure 0 on flag
        = working
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
    let gone_past =
        [&failed[..], &[Resume(2), Continue, Locked(0), Plan(0, vec![3]), ConfirmAt(FLAG, 3, 1, 0)]].concat();
    check(
        checked(),
        &gone_past,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        woke 1 → measure 0 on flag
        measured Some("0.5") on (0, 0) → wake 2 after 250 ms
        woke 2 → measure 0 on flag
        measured Some("0.5") on (0, 0) → nothing
        resumed 2 → lock lake/flag
        continue → nothing
        locked → plan flag
        planned [3] → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → act 2 (flag.0 try 1)
        = working
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
    let no_data = after_held(&[Wake(1), Clock(1_000), MeasureOn(FLAG, 0, None)]);
    check(
        checked(),
        &no_data,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        woke 1 → measure 0 on flag
        measured None on (0, 0) → nothing
        = {halted:{kind:check_failed,step:{stage:0,step:0},part:0,check:json-probe value below 0.02,result:{kind:inconclusive,reason:no data}}}
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
}

#[test]
fn a_restart_neither_shortens_nor_restarts_a_hold() {
    let moves = after_held(&[Clock(300), Resume(2), Locked(0), Plan(0, vec![3]), Wake(2), ConfirmAt(FLAG, 3, 1, 0)]);
    check(
        flag(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        resumed 2 → lock lake/flag
        locked → plan flag
        planned [3] → wake 2 after 300 ms
        woke 2 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → act 2 (flag.0 try 1)
        = working
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
    let late = after_held(&[Clock(5_000), Resume(2), Locked(0), Plan(0, vec![3]), ConfirmAt(FLAG, 3, 1, 0)]);
    check(
        flag(),
        &late,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        resumed 2 → lock lake/flag
        locked → plan flag
        planned [3] → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → act 2 (flag.0 try 1)
        = working
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
}

#[test]
fn a_part_that_was_written_and_not_confirmed_is_held_too() {
    let moves = [
        Locked(0),
        Plan(0, vec![4]),
        Intend(1),
        Applied(1),
        Resume(2),
        Locked(0),
        Plan(0, vec![3]),
        Confirm(FLAG, 3, 0),
        Wake(1),
    ];
    check(
        flag(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        resumed 2 → lock lake/flag
        locked → plan flag
        planned [3] → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        woke 1 → confirm flag part 0
        = working
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
}

#[test]
fn somebody_else_who_moves_it_back_makes_the_part_begin_again() {
    let moves =
        after_held(&[Wake(1), Confirm(FLAG, 4, 0), Plan(0, vec![4]), Intend(2), Applied(2), Confirm(FLAG, 3, 0)]);
    check(
        flag(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        woke 1 → confirm flag part 0
        confirmed (0, 0) 4, 0 to do → plan flag
        planned [4] → act 2 (flag.0 try 2)
        intent 2 → nothing
        applied 2 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 2 after 1000 ms
        = working
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
}

#[test]
fn somebody_else_who_moves_it_on_makes_only_the_rest_be_planned() {
    let moves = after_held(&[Wake(1), Confirm(FLAG, 1, 0), Plan(0, vec![1]), Intend(2)]);
    check(
        flag(),
        &moves,
        expect![[r#"
            opened → lock lake/flag
            locked → plan flag
            planned [4] → act 1 (flag.0 try 1)
            intent 1 → nothing
            applied 1 → confirm flag part 0
            confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
            woke 1 → confirm flag part 0
            confirmed (0, 0) 1, 0 to do → plan flag
            planned [1] → act 2 (flag.0 try 1)
            intent 2 → nothing
            = working
              flag: Acting { summary: "flag → 0" }
        "#]],
    );
    let touched = after_held(&[Wake(1), ConfirmAt(FLAG, 3, 10, 0), Plan(0, vec![3]), Intend(2)]);
    check(
        flag(),
        &touched,
        expect![[r#"
            opened → lock lake/flag
            locked → plan flag
            planned [4] → act 1 (flag.0 try 1)
            intent 1 → nothing
            applied 1 → confirm flag part 0
            confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
            woke 1 → confirm flag part 0
            confirmed (0, 0) 3, 0 to do → plan flag
            planned [3] → act 2 (flag.0 try 1)
            intent 2 → nothing
            = working
              flag: Acting { summary: "flag → 2" }
        "#]],
    );
}

#[test]
fn a_refusal_of_what_was_planned_before_a_hold_is_planned_once_more() {
    let moves = after_held(&[
        Wake(1),
        Confirm(FLAG, 3, 0),
        Intend(2),
        NotApplied(2),
        Seen(FLAG, CannotTell, Is(3, 9)),
        Plan(0, vec![3]),
        Intend(3),
        NotApplied(3),
        Seen(FLAG, CannotTell, Is(3, 1)),
    ]);
    check(
        flag(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        woke 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → act 2 (flag.1 try 1)
        intent 2 → nothing
        not applied 2 → look flag.1
        seen (0, 0) 3 at revision 9 → plan flag
        planned [3] → act 3 (flag.0 try 2)
        intent 3 → nothing
        not applied 3 → look flag.0
        seen (0, 0) 3 at revision 1 → nothing
        = {halted:{kind:not_applied,step:{stage:0,step:0},reason:409}}
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
}

#[test]
fn an_unknown_outcome_is_not_taken_for_a_later_part() {
    let moves = [
        Locked(0),
        Plan(0, vec![4]),
        Intend(1),
        Unknown(1),
        Seen(FLAG, Absent, Is(1, 7)),
        Wake(1),
        Seen(FLAG, Absent, Is(1, 7)),
        Plan(0, vec![1]),
    ];
    check(
        flag(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        unknown 1 → look flag.0
        seen (0, 0) 1 at revision 7 → wake 1 after 1000 ms
        woke 1 → look flag.0
        seen (0, 0) 1 at revision 7 → plan flag
        planned [1] → act 2 (flag.0 try 1)
        = working
          flag: unknown: whether `flag → 3` happened is unknown
    "#]],
    );
}
