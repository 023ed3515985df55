//! Whatever events come, in whatever order: a run never panics, never acts outside its plan, never acts after it
//! stopped, and is made again from its journal.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod fixture;

use belay_domain::check::Reading;
use belay_domain::id::{Epoch, Millis, StepId};
use belay_domain::operation::Outcome;
use belay_domain::plan::Work;
use belay_engine::{Act, ActId, Command, Decision, Event, Look, Observed, Run, RunSpec, Status, StepDisplay, WakeId};
use proptest::prelude::*;

fn spec() -> RunSpec {
    let contain = vec![fixture::ramp("flag", &[], &[2, 1, 0], 300), fixture::by_hand("ask the DBA")];
    let restore = vec![fixture::restore("dataset", &[], 27), fixture::restore("model", &["dataset"], 8)];
    let mut spec = fixture::spec(vec![("contain", contain), ("restore", restore)]);
    spec.mandate.may_skip = fixture::may_skip(&[("flag", &[]), ("dataset", &["model"])]);
    fixture::undoing(&mut spec);
    spec
}

/// One event out of three numbers. The first says which; the run's own answers are likelier than noise.
fn event(run: &Run, acts: &[Act], commands: &[Command], (kind, a, b): (u8, u8, u8), at: Millis) -> Event {
    let step = StepId { stage: u32::from(a % 4), step: u32::from(b % 3) };
    let stage = u32::from(a % 4);
    let act = acts.last().map_or(ActId(0), |last| ActId(last.act.0.saturating_sub(u32::from(a % 3))));
    let observed = match b % 4 {
        0 => Observed::Failed("unavailable".into()),
        _ => Observed::State(fixture::state([0, 8, 27, 28, 9, 1][usize::from(b % 6)], u64::from(a % 2))),
    };
    match kind % 21 {
        0 | 1 => Event::Locked { stage, at },
        2..=4 => planned(run, stage, b, at),
        5..=7 => intended(run, acts, a, at),
        8 | 9 => {
            let outcome = match b % 3 {
                0 => Outcome::Applied { detail: "201".into() },
                1 => Outcome::NotApplied { reason: "409".into() },
                _ => Outcome::Unknown { reason: "no answer".into() },
            };
            Event::Performed { act, intent: 1, outcome, at }
        }
        10 | 11 => {
            let look = [Look::HoldsOperationsBytes, Look::HoldsOther, Look::Absent, Look::CannotTell];
            Event::Seen { step, look: look[usize::from(a % 4)], observed, at }
        }
        12 | 13 => {
            Event::Confirmed { step, part: part(run, step, a), observed, remaining_operations: u32::from(a % 2), at }
        }
        14 => Event::PersonConfirmed { step, by: "dba".into(), at },
        15 => {
            let decision = [Decision::Applied, Decision::NotApplied, Decision::PlanAgain][usize::from(a % 3)];
            Event::Resolved { step, decision, by: "bo".into(), reason: String::new(), at }
        }
        16 => Event::Woke { wake: WakeId(u32::from(a % 8)), at },
        17 if b.is_multiple_of(3) => Event::PauseAsked { by: "bo".into(), reason: String::new(), at },
        17 if b % 3 == 1 => Event::ContinueAsked { by: "bo".into(), at },
        17 if b.is_multiple_of(5) => Event::Reconsidered { at },
        17 if b.is_multiple_of(7) => Event::TurnedDown { by: "cleo".into(), reason: String::new(), at },
        17 => Event::Measured {
            check: 0,
            step: a.is_multiple_of(2).then_some(step),
            reading: Reading::Met { value: "0".into() },
            at,
        },
        18 if b.is_multiple_of(4) => Event::AbortAsked { by: "bo".into(), reason: String::new(), at },
        18 => Event::TakenOver { epoch: Epoch(u64::from(a)), by: "bo".into(), at },
        19 => fell_back(commands, at),
        _ if b.is_multiple_of(8) => Event::Sealed { receipt: Box::new(run.receipt()), at },
        _ => Event::Resumed { epoch: run.owner().1, by: "ana".into(), at },
    }
}

/// A part of a step's ramp, or none where it has none.
fn part(run: &Run, step: StepId, a: u8) -> Option<u32> {
    run.target(step)?.ramp.as_ref().map(|_| u32::from(a % 3))
}

fn fell_back(commands: &[Command], at: Millis) -> Event {
    let asked = commands.iter().rev().find_map(|command| {
        let Command::FallBack { failed, response } = command else { return None };
        Some(Event::FellBack { failed: failed.clone(), response: response.clone(), at })
    });
    asked.unwrap_or(Event::Woke { wake: WakeId(0), at })
}

fn planned(run: &Run, stage: u32, b: u8, at: Millis) -> Event {
    let asked: Vec<StepId> = run
        .view()
        .stages
        .iter()
        .flat_map(|stage| &stage.steps)
        .filter(|step| !matches!(step.display, StepDisplay::Skipped { .. }))
        .map(|step| step.step)
        .collect();
    if stage as usize >= run.stages().len() {
        return Event::Woke { wake: WakeId(0), at };
    }
    let plan = fixture::plan(run, stage, &asked, |step| {
        let Some(target) = step.subject.target() else { return Work::Person };
        if b.is_multiple_of(7) && step.id.step == 0 {
            return if b.is_multiple_of(2) { fixture::down() } else { fixture::blind() };
        }
        let desired = fixture::desired(target);
        let yields = desired..desired + i64::from(b % 3);
        let name = target.resource.as_str();
        let operations = yields.rev().map(|next| fixture::operation(name, next.to_string(), next)).collect();
        fixture::change(fixture::state(desired + i64::from(b % 3), 1), operations)
    });
    let risk = if b.is_multiple_of(16) { 50 } else { 10 };
    let finding = fixture::judged(&plan, risk, |step| step.step == 0);
    Event::Planned { stage, plan, finding, at }
}

fn intended(run: &Run, acts: &[Act], a: u8, at: Millis) -> Event {
    let back = usize::from(a % 3) + 1;
    let known = acts.len().checked_sub(back).and_then(|place| acts.get(place)).or(acts.last());
    let Some(Act { act, step, index, attempt, operation, plan, act_by }) = known.copied() else {
        return Event::Woke { wake: WakeId(0), at };
    };
    Event::Intended { act, step, index, attempt, operation, plan, act_by, epoch: run.owner().1, at }
}

fn check_acts(run: &Run, commands: &[Command], acts: &mut Vec<Act>) -> Result<(), TestCaseError> {
    for command in commands {
        let Command::Act(act) = command else { continue };
        prop_assert_eq!(run.status(), Status::Working);
        prop_assert!(act.attempt <= run.spec().attempts);
        prop_assert_eq!(run.examined(act.step, act.index).map(|found| found.digest), Some(act.operation));
        prop_assert!(acts.iter().all(|earlier| earlier.act != act.act), "an act's number was used twice");
        acts.push(*act);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_events_in_any_order(script in prop::collection::vec(any::<(u8, u8, u8)>(), 1..120)) {
        let opened = fixture::opened(spec());
        let (mut run, commands) = Run::open(opened.clone()).unwrap();
        let (mut journal, mut acts, mut asked) = (vec![opened], Vec::new(), Vec::new());
        check_acts(&run, &commands, &mut acts)?;
        for (place, numbers) in script.into_iter().enumerate() {
            let next = event(&run, &acts, &asked, numbers, Millis(place as u64 * 100));
            let before = run.clone();
            let sealed = run.is_sealed();
            match run.apply(next.clone()) {
                Ok(commands) => {
                    prop_assert!(!sealed, "a sealed run took an event");
                    check_acts(&run, &commands, &mut acts)?;
                    asked.extend(commands);
                }
                Err(_) => prop_assert_eq!(&run, &before, "a rejected event changed the run"),
            }
            journal.push(next);
        }
        prop_assert_eq!(Run::fold(journal).unwrap(), run);
    }
}
