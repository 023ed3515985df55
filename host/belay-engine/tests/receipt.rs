//! What a run leaves behind: its receipt, its undo point, its view.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod fixture;

use belay_domain::feature_set::Tier;
use belay_domain::id::{Epoch, Millis};
use belay_domain::operation::{Loss, Operation, Outcome};
use belay_domain::plan::Work;
use belay_engine::{
    Act, ActId, Command, Condition, Ending, Event, Look, Observed, Promise, Refusal, Rejected, Run, RunSpec, Status,
    StepDisplay, Verification,
};

/// A run over a flag that is 1 and should be 0, planned.
fn planned(spec: &RunSpec, loss: Option<Loss>) -> (Run, Vec<Command>) {
    let (mut run, _) = Run::open(fixture::opened(spec.clone())).unwrap();
    run.apply(Event::Locked { stage: 0, at: Millis(10) }).unwrap();
    let operations: Vec<Operation> = vec![fixture::operation("flag", "0".into(), 0)];
    let plan = fixture::first_plan(spec, 0, |_| {
        let mut work = fixture::change(fixture::state(1, 1), operations.clone());
        if let Work::Change { change, .. } = &mut work {
            change.loss = loss;
        }
        work
    });
    let finding = fixture::judged(&plan, 10, |_| true);
    let commands = run.apply(Event::Planned { stage: 0, plan, finding, at: Millis(1_000) }).unwrap();
    (run, commands)
}

fn flag() -> RunSpec {
    fixture::spec(vec![("contain", vec![fixture::restore("flag", &[], 0)])])
}

fn act_of(commands: &[Command]) -> Act {
    let [Command::Act(act)] = commands else { panic!("one act, not {commands:?}") };
    *act
}

fn intent(act: Act, epoch: Epoch) -> Event {
    let Act { act, step, index, attempt, operation, plan, act_by } = act;
    Event::Intended { act, step, index, attempt, operation, plan, act_by, epoch, at: Millis(1_100) }
}

fn restored(spec: &RunSpec, at: Millis) -> Run {
    let (mut run, commands) = planned(spec, None);
    run.apply(intent(act_of(&commands), Epoch::FIRST)).unwrap();
    let outcome = Outcome::Applied { detail: "201".into() };
    run.apply(Event::Performed { act: ActId(1), intent: 7, outcome, at: Millis(1_200) }).unwrap();
    let observed = Observed::State(fixture::state(0, 2));
    let step = fixture::step_id(0, 0);
    run.apply(Event::Confirmed { step, part: None, observed, remaining_operations: 0, at }).unwrap();
    run
}

#[test]
fn a_step_is_told_from_before_to_after() {
    let receipt = restored(&flag(), Millis(2_000)).receipt();
    let step = &receipt.stages[0].steps[0];
    assert_eq!((step.before.as_deref(), step.after.as_deref()), (Some("v1"), Some("v0")));
    assert_eq!((&step.condition, step.took_ms), (&Condition::Restored, Some(1_000)));
    assert_eq!(step.acts[0].intent, Some(7));
    assert_eq!(receipt.ending, Some(Ending::Done));
}

#[test]
fn the_service_level_counts_from_the_request() {
    let promise = |at| restored(&flag(), Millis(at)).receipt().promise.unwrap();
    assert_eq!(promise(300_000), Promise { restored_within_ms: 300_000, took_ms: Some(300_000), kept: true });
    assert_eq!(promise(300_001), Promise { restored_within_ms: 300_000, took_ms: Some(300_001), kept: false });
    let unfinished = planned(&flag(), None).0.receipt().promise.unwrap();
    assert_eq!(unfinished, Promise { restored_within_ms: 300_000, took_ms: None, kept: false });
}

#[test]
fn a_critical_set_without_a_passed_check_is_verified_by_its_own_plugin_only() {
    let mut spec = flag();
    assert_eq!(restored(&spec, Millis(2_000)).receipt().verification, Verification::ByOwnPlugin);
    spec.tier = Tier::Critical;
    assert_eq!(restored(&spec, Millis(2_000)).receipt().verification, Verification::ByOwnPluginOnly);
    assert_eq!(planned(&spec, None).0.receipt().verification, Verification::NotVerified);
}

#[test]
fn the_undo_point_holds_what_was_there_before_the_first_write() {
    assert!(planned(&flag(), None).0.undo_pins().is_empty());
    let pins = restored(&flag(), Millis(2_000)).undo_pins();
    let (target, state) = &pins[&"flag".parse().unwrap()];
    assert_eq!((target.at.to_string(), &state.version), ("lake/flag".to_owned(), &"v1".to_owned()));
}

/// Acts, and plans again from a content that somebody else left; says what an undo would go back to.
fn undo_after(outcome: Outcome, found: i64) -> String {
    let mut spec = flag();
    spec.stages[0].steps[0].settle_ms = 0;
    let (mut run, commands) = planned(&spec, None);
    run.apply(intent(act_of(&commands), Epoch::FIRST)).unwrap();
    let (step, at) = (fixture::step_id(0, 0), Millis(1_300));
    let observed = Observed::State(fixture::state(found, 2));
    let answer = match &run.apply(Event::Performed { act: ActId(1), intent: 7, outcome, at }).unwrap()[..] {
        [Command::Confirm { .. }] => Event::Confirmed { step, part: None, observed, remaining_operations: 1, at },
        _ => Event::Seen { step, look: Look::HoldsOther, observed, at },
    };
    run.apply(answer).unwrap();
    let operation = fixture::operation("flag", "0".into(), 0);
    let plan = fixture::first_plan(&spec, 0, |_| fixture::change(fixture::state(found, 2), vec![operation.clone()]));
    let finding = fixture::judged(&plan, 10, |_| true);
    let commands = run.apply(Event::Planned { stage: 0, plan, finding, at }).unwrap();
    run.apply(intent(act_of(&commands), Epoch::FIRST)).unwrap();
    run.undo_pins()[&"flag".parse().unwrap()].1.version.clone()
}

#[test]
fn the_undo_point_is_what_stood_before_the_first_write_that_may_have_taken_effect() {
    assert_eq!(undo_after(Outcome::Applied { detail: "201".into() }, 5), "v1");
    assert_eq!(undo_after(Outcome::NotApplied { reason: "409".into() }, 5), "v5");
}

#[test]
fn what_was_not_applied_needs_no_undoing() {
    let (mut run, commands) = planned(&flag(), None);
    run.apply(intent(act_of(&commands), Epoch::FIRST)).unwrap();
    assert_eq!(run.undo_pins().len(), 1, "an open intent may have written");
    let outcome = Outcome::NotApplied { reason: "409".into() };
    run.apply(Event::Performed { act: ActId(1), intent: 7, outcome, at: Millis(1_200) }).unwrap();
    assert!(run.undo_pins().is_empty());
}

#[test]
fn more_loss_than_the_runbook_allows_is_refused() {
    let mut spec = flag();
    spec.service_level.may_lose_ms = Some(500);
    let loss = |since, changes| Some(Loss { since: Millis(since), changes, rows: None });
    let ending = |loss| planned(&spec, loss).0.status();
    assert_eq!(ending(loss(500, 3)), Status::Working);
    assert_eq!(ending(loss(499, 0)), Status::Working);
    let refusal = Refusal::LosesTooMuch { resource: "flag".parse().unwrap(), since: Millis(499), may_lose_ms: 500 };
    let refused = Ending::Refused { stage: "contain".parse().unwrap(), refusal };
    assert_eq!(ending(loss(499, 3)), Status::Ended { ending: refused, sealed: false });
}

#[test]
fn an_act_is_asked_for_again_inside_the_intents_transaction() {
    let (mut run, commands) = planned(&flag(), None);
    let act = act_of(&commands);
    assert_eq!(run.may_act(act.act, Epoch::FIRST), Ok(()));
    assert_eq!(run.may_act(ActId(9), Epoch::FIRST), Err(Rejected::NotExpected("intent")));
    let mut taken = run.clone();
    taken.apply(Event::TakenOver { epoch: Epoch(2), by: "bo".into(), at: Millis(1_050) }).unwrap();
    let stale = Rejected::StaleEpoch { given: Epoch::FIRST, current: Epoch(2) };
    assert_eq!(taken.may_act(act.act, Epoch::FIRST), Err(stale.clone()));
    assert_eq!(taken.apply(intent(act, Epoch::FIRST)), Err(stale));
    run.apply(Event::AbortAsked { by: "bo".into(), reason: String::new(), at: Millis(1_050) }).unwrap();
    assert_eq!(run.may_act(act.act, Epoch::FIRST), Err(Rejected::NotExpected("intent")));
}

#[test]
fn a_view_says_what_is_under_way() {
    let (mut run, commands) = planned(&flag(), None);
    run.apply(intent(act_of(&commands), Epoch::FIRST)).unwrap();
    let view = run.view();
    assert_eq!(view.stages[0].steps[0].display, StepDisplay::Acting { index: 0, attempt: 1 });
    assert_eq!(view.stages[0].steps[0].began, Some(Millis(1_000)));
}

#[test]
fn a_finding_of_another_plan_is_rejected() {
    let spec = flag();
    let (mut run, _) = Run::open(fixture::opened(spec.clone())).unwrap();
    run.apply(Event::Locked { stage: 0, at: Millis(10) }).unwrap();
    let plan_to = |content: i64| {
        let operation = fixture::operation("flag", content.to_string(), content);
        fixture::first_plan(&spec, 0, |_| fixture::change(fixture::state(1, 1), vec![operation.clone()]))
    };
    let finding = fixture::judged(&plan_to(0), 10, |_| true);
    let event = Event::Planned { stage: 0, plan: plan_to(5), finding, at: Millis(20) };
    assert!(matches!(run.apply(event), Err(Rejected::WrongPlan(_))));
}
