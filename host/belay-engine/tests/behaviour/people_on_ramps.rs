//! Gradual steps that people pause, continue and abort.

use expect_test::expect;

use crate::ramps::{FLAG, after_held, flag};
use crate::story::{Move::*, check};

#[test]
fn a_pause_rests_where_it_is_and_goes_on_from_there() {
    let paused = after_held(&[Pause]);
    check(
        flag(),
        &paused,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        pause → nothing
        = {paused:{by:bo,reason:wait,since:600}}
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
    let moves = after_held(&[Pause, Wake(1), Continue, Locked(0), Plan(0, vec![3]), Wake(2)]);
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
        pause → nothing
        woke 1 → nothing
        continue → lock lake/flag
        locked → plan flag
        planned [3] → wake 2 after 500 ms
        woke 2 → confirm flag part 0
        = working
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
}

#[test]
fn a_pause_lets_the_operation_under_way_end() {
    let moves = [Locked(0), Plan(0, vec![4]), Intend(1), Pause, Pause, Applied(1), Confirm(FLAG, 3, 0), Resume(2)];
    check(
        flag(),
        &moves,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        pause → nothing
        pause → rejected: `run.pause_asked` was not expected now
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → nothing
        resumed 2 → lock lake/flag
        = working
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
    check(
        flag(),
        &[Pause, Locked(0), Continue],
        expect![[r#"
        opened → lock lake/flag
        pause → unlock
        locked → rejected: `stage.locked` was not expected now
        continue → lock lake/flag
        = working
          flag: NotTouched
    "#]],
    );
}

#[test]
fn who_continues_cuts_a_hold_short() {
    let moves = after_held(&[Continue, Continue, Confirm(FLAG, 3, 0), Continue]);
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
        continue → confirm flag part 0
        continue → nothing
        confirmed (0, 0) 3, 0 to do → act 2 (flag.1 try 1)
        continue → rejected: `run.continue_asked` was not expected now
        = working
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
}

#[test]
fn an_abort_leaves_it_where_it_is() {
    check(
        flag(),
        &after_held(&[Abort, Seal]),
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        abort → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:aborted,by:bo,reason:stop},sealed:true}}
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
    check(
        flag(),
        &after_held(&[Pause, Abort, Seal]),
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [4] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag part 0
        confirmed (0, 0) 3, 0 to do → wake 1 after 1000 ms
        pause → nothing
        abort → unlock, seal
        sealed → nothing
        = {ended:{ending:{kind:aborted,by:bo,reason:stop},sealed:true}}
          flag: OnTheWay { reached: 1, of: 3 }
    "#]],
    );
}
