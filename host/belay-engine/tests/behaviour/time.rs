//! What a run does when its time is up, and what it leaves for last.

use belay_domain::operation::Reversibility;
use belay_engine::Look::CannotTell;
use belay_engine::{Finding, RunSpec};
use expect_test::expect;

use crate::fixture::{by_hand, restore, spec, undoing};
use crate::story::{Move::*, State::Is, check};

fn model() -> RunSpec {
    spec(vec![("restore", vec![restore("model", &[], 2)])])
}

fn within(run_ms: Option<u64>, step_ms: Option<u64>, spec: RunSpec) -> RunSpec {
    let mut spec = spec;
    spec.limits.run_within_ms = run_ms;
    spec.limits.step_within_ms = step_ms;
    spec
}

#[test]
fn a_step_that_takes_too_long_ends_its_write_and_then_the_run_halts() {
    check(
        within(None, Some(10_000), model()),
        &[
            Locked(0),
            Plan(0, vec![0]),
            Intend(1),
            Wake(1),
            Applied(1),
            Resume(1),
            Locked(0),
            Plan(0, vec![1]),
            Intend(2),
        ],
        expect![[r#"
            opened → lock lake/model
            locked → plan model
            planned [0] → act 1 (model.0 try 1), limit 1 of 10000 ms
            intent 1 → nothing
            woke 1 → nothing
            applied 1 → nothing
            resumed 1 → lock lake/model
            locked → plan model
            planned [1] → act 2 (model.0 try 1), limit 2 of 10000 ms
            intent 2 → nothing
            = working
              model: Acting { summary: "model → 2" }
        "#]],
    );
}

#[test]
fn what_is_unknown_is_settled_before_the_run_halts() {
    check(
        within(None, Some(10_000), model()),
        &[
            Locked(0),
            Plan(0, vec![0]),
            Intend(1),
            Wake(1),
            Unknown(1),
            Seen((0, 0), CannotTell, Is(1, 2)),
            Wake(2),
            Seen((0, 0), CannotTell, Is(1, 2)),
        ],
        expect![[r#"
            opened → lock lake/model
            locked → plan model
            planned [0] → act 1 (model.0 try 1), limit 1 of 10000 ms
            intent 1 → nothing
            woke 1 → nothing
            unknown 1 → look model.0
            seen (0, 0) 1 at revision 2 → wake 2 after 1000 ms
            woke 2 → look model.0
            seen (0, 0) 1 at revision 2 → nothing
            = {halted:{kind:out_of_time,overrun:{of:step,step:{stage:0,step:0},title:model},limit_ms:10000}}
              model: Changed { applied: 1 }
        "#]],
    );
}

#[test]
fn a_step_that_is_done_in_time_is_not_asked_again() {
    check(
        within(None, Some(10_000), model()),
        &[Locked(0), Plan(0, vec![1]), Intend(1), Applied(1), Confirm((0, 0), 2, 0), Wake(1), Seal],
        expect![[r#"
            opened → lock lake/model
            locked → plan model
            planned [1] → act 1 (model.0 try 1), limit 1 of 10000 ms
            intent 1 → nothing
            applied 1 → confirm model
            confirmed (0, 0) 2, 0 to do → unlock, seal
            woke 1 → rejected: wait 1 is over
            sealed → nothing
            = {ended:{ending:{kind:done},sealed:true}}
              model: Restored
        "#]],
    );
}

#[test]
fn a_run_that_takes_too_long_starts_nothing_more() {
    let stages = vec![("contain", vec![restore("flag", &[], 0)]), ("restore", vec![restore("model", &[], 2)])];
    check(
        within(Some(60_000), None, spec(stages)),
        &[Locked(0), Plan(0, vec![0]), Wake(1), Resume(1), Locked(1), Wake(2)],
        expect![[r#"
            opened → lock lake/flag, limit 1 of 60000 ms
            locked → plan flag
            planned [0] → lock lake/model
            woke 1 → unlock
            resumed 1 → lock lake/model, limit 2 of 60000 ms
            locked → plan model
            woke 2 → unlock
            = {halted:{kind:out_of_time,overrun:{of:run},limit_ms:60000}}
              flag: AlreadyAsDesired
              model: NotTouched
        "#]],
    );
}

#[test]
fn a_run_that_only_waits_for_a_person_takes_its_time() {
    check(
        within(Some(60_000), None, spec(vec![("stop", vec![by_hand("stop the loader")])])),
        &[Locked(0), Plan(0, vec![]), Done((0, 0)), Seal],
        expect![[r#"
            opened → lock , limit 1 of 60000 ms
            locked → plan by hand
            planned [] → ask `stop the loader`
            person is done → unlock, seal
            sealed → nothing
            = {ended:{ending:{kind:done},sealed:true}}
              stop the loader: DoneBy { by: "dba" }
        "#]],
    );
}

#[test]
fn where_the_mandate_says_so_what_was_written_in_time_is_put_back() {
    let mut spec = within(None, Some(10_000), model());
    undoing(&mut spec);
    check(
        spec,
        &[
            Locked(0),
            Plan(0, vec![0]),
            Intend(1),
            Wake(1),
            Applied(1),
            FallBack,
            Locked(1),
            Plan(1, vec![1]),
            Intend(2),
        ],
        expect![[r#"
            opened → lock lake/model
            locked → plan model
            planned [0] → act 1 (model.0 try 1), limit 1 of 10000 ms
            intent 1 → nothing
            woke 1 → nothing
            applied 1 → undo
            fell back → lock lake/model
            locked → plan model
            planned [1] → act 2 (model.0 try 1), limit 2 of 10000 ms
            intent 2 → nothing
            = working
              model: Changed { applied: 1 }
              model: Acting { summary: "model → 0" }
        "#]],
    );
}

/// The second resource's writes are irreversible.
fn second_for_good(finding: Finding) -> Finding {
    let Finding::Judged { mut examined, assessment, outside, judgements, consent } = finding else { return finding };
    for found in examined.operations.iter_mut().filter(|found| found.step.step == 1) {
        found.reversibility = Reversibility::Irreversible;
    }
    Finding::Judged { examined, assessment, outside, judgements, consent }
}

#[test]
fn what_nothing_takes_back_comes_last() {
    let subjects = vec![restore("flag", &[], 1), restore("cache", &[], 1), restore("model", &[], 1)];
    check(
        spec(vec![("restore", subjects)]),
        &[
            Locked(0),
            Found(0, vec![0, 0, 0], second_for_good),
            Intend(1),
            Intend(2),
            Applied(1),
            Confirm((0, 0), 1, 0),
            Applied(2),
            Confirm((0, 2), 1, 0),
            Intend(3),
        ],
        expect![[r#"
            opened → lock lake/flag lake/cache lake/model
            locked → plan flag cache model
            planned [0, 0, 0] → act 1 (flag.0 try 1), act 2 (model.0 try 1)
            intent 1 → nothing
            intent 2 → nothing
            applied 1 → confirm flag
            confirmed (0, 0) 1, 0 to do → nothing
            applied 2 → confirm model
            confirmed (0, 2) 1, 0 to do → act 3 (cache.0 try 1)
            intent 3 → nothing
            = working
              flag: Restored
              cache: Acting { summary: "cache → 1" }
              model: Restored
        "#]],
    );
}

#[test]
fn what_is_made_from_it_comes_after_it_all_the_same() {
    let subjects = vec![restore("flag", &[], 1), restore("table", &[], 1), restore("model", &["table"], 1)];
    check(
        spec(vec![("restore", subjects)]),
        &[
            Locked(0),
            Found(0, vec![0, 0, 0], second_for_good),
            Intend(1),
            Applied(1),
            Confirm((0, 0), 1, 0),
            Intend(2),
            Applied(2),
            Confirm((0, 1), 1, 0),
            Intend(3),
        ],
        expect![[r#"
            opened → lock lake/flag lake/table lake/model
            locked → plan flag table model
            planned [0, 0, 0] → act 1 (flag.0 try 1)
            intent 1 → nothing
            applied 1 → confirm flag
            confirmed (0, 0) 1, 0 to do → act 2 (table.0 try 1)
            intent 2 → nothing
            applied 2 → confirm table
            confirmed (0, 1) 1, 0 to do → act 3 (model.0 try 1)
            intent 3 → nothing
            = working
              flag: Restored
              table: Restored
              model: Acting { summary: "model → 1" }
        "#]],
    );
}
