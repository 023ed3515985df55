//! What must hold, whatever happens: the run's word against the world's truth.

use belay_domain::fallback::Fallback;
use belay_domain::id::ResourceName;
use belay_domain::operation::Outcome;
use belay_engine::{
    Act, ActRecord, Command, Condition, Decision, Ending, Event, Receipt, Run, Settlement, Status, StepReceipt,
};

use crate::fixture;
use crate::world::{Kind, Live};

/// What a run wants after an event.
pub(crate) fn commands_are_permitted(run: &Run, commands: &[Command]) {
    for command in commands {
        let Command::Act(act) = command else { continue };
        assert_eq!(run.status(), Status::Working, "an act although the run stops: {act:?}");
        assert!(act.attempt <= run.spec().attempts, "tried too often: {act:?}");
        let permitted = run.examined(act.step, act.index).expect("an act outside the permitted plan");
        assert_eq!(permitted.digest, act.operation, "not the operation that was judged");
        let stage = &run.receipt().stages[act.step.stage as usize];
        assert_eq!(stage.plan, Some(act.plan), "not the latest permitted plan");
        let from_stage = run.failure().map_or(0, |failure| failure.from_stage);
        assert!(act.step.stage >= from_stage, "an act of what failed after something else followed: {act:?}");
    }
}

/// A write that does harm when repeated is intended again only once it is known what became of the earlier ones.
pub(crate) fn intent_is_safe(run: &Run, kind: Kind, act: &Act) {
    if kind != Kind::Once {
        return;
    }
    let receipt = run.receipt();
    let step = &receipt.stages[act.step.stage as usize].steps[act.step.step as usize];
    for earlier in step.acts.iter().filter(|earlier| earlier.act != act.act) {
        let decided = matches!(earlier.settled, Some(Settlement::Decided { .. }));
        assert!(decided || knows(earlier).is_some(), "intended again over an unknown outcome: {earlier:?}");
    }
}

/// What a run says of an act; none: unknown.
fn knows(act: &ActRecord) -> Option<bool> {
    match (&act.outcome, &act.settled) {
        (Some(Outcome::Applied { .. }), _) | (_, Some(Settlement::FoundApplied { .. })) => Some(true),
        (Some(Outcome::NotApplied { .. }), _) | (_, Some(Settlement::FoundNotApplied { .. })) => Some(false),
        (_, Some(Settlement::Decided { decision: Decision::Applied, .. })) => Some(true),
        (_, Some(Settlement::Decided { decision: Decision::NotApplied, .. })) => Some(false),
        (Some(Outcome::Unknown { .. }) | None, _) => None,
    }
}

/// The picture that a halted or sealed run shows, once no write is on its way any more.
pub(crate) fn picture_is_true(run: &Run, world: &[Live]) {
    let receipt = &run.receipt();
    let steps = || receipt.stages.iter().flat_map(|stage| &stage.steps);
    for step in steps() {
        let Some(live) = world.iter().find(|live| live.name == step.title) else { continue };
        let untouched = || step.acts.iter().all(|act| !live.effects.contains_key(&act.act));
        // What followed a failure may have written the same resource since.
        let written_since =
            steps().any(|later| later.step > step.step && later.title == step.title && !later.acts.is_empty());
        for act in &step.acts {
            let happened = live.effects.get(&act.act).copied().unwrap_or(0);
            match knows(act) {
                Some(true) => assert!(happened > 0, "said to be applied, but was not: {act:?}"),
                Some(false) => assert_eq!(happened, 0, "said not to be applied, but was: {act:?}"),
                None => {}
            }
            assert!(live.kind != Kind::Once || happened <= 1, "performed twice: {act:?}");
        }
        match &step.condition {
            Condition::Restored | Condition::AlreadyAsDesired | Condition::OnTheWay { .. } if written_since => {}
            Condition::Restored => is_as_desired(run, step, live),
            Condition::AlreadyAsDesired => {
                assert!(untouched(), "{step:?} {live:?}");
                is_as_desired(run, step, live);
            }
            Condition::NotTouched | Condition::LeftOut => assert!(untouched(), "{step:?} {live:?}"),
            Condition::OnTheWay { reached, .. } => {
                let part = live.through[*reached as usize - 1];
                assert!(live.disturbed || live.content == part, "{step:?} {live:?}");
            }
            Condition::Changed { applied } => {
                let happened = step.acts.iter().filter(|act| live.effects.contains_key(&act.act)).count();
                let superseded = step.acts.iter().filter(|act| knows(act).is_none()).count();
                assert!(*applied as usize <= happened && happened <= *applied as usize + superseded, "{step:?}");
            }
            Condition::Unknown { .. } => {
                assert!(step.acts.iter().any(|act| knows(act).is_none()), "nothing is unknown: {step:?}");
            }
            Condition::Skipped { with, .. } => {
                assert!(untouched(), "skipped after it was written: {step:?} {live:?}");
                was_skipped_rightly(run, receipt, step, with.as_ref(), live);
            }
            Condition::Acting { .. } => panic!("a write is under way in a run at rest: {step:?}"),
            Condition::DoneBy { .. } => panic!("a resource is not done by a person"),
        }
    }
}

/// Its own system was down, or it is made from something whose system was; and the mandate says so.
fn was_skipped_rightly(run: &Run, receipt: &Receipt, step: &StepReceipt, with: Option<&ResourceName>, live: &Live) {
    let skips = match &run.spec().mandate.on_failure {
        Fallback::Runbook(alternate) if !run.spec().is_own(step.step.stage) => &alternate.may_skip,
        Fallback::Halt | Fallback::Undo(_) | Fallback::Runbook(_) => &run.spec().mandate.may_skip,
    };
    let name: ResourceName = live.name.parse().unwrap();
    match with {
        None => assert!(live.down_until > 0 && skips.allows(&name), "skipped for nothing: {live:?}"),
        Some(upstream) => {
            let mut steps = receipt.stages.iter().flat_map(|stage| &stage.steps);
            let skipped = steps.any(|step| {
                step.title == upstream.as_str() && matches!(step.condition, Condition::Skipped { with: None, .. })
            });
            assert!(skipped, "{upstream} was not skipped");
            assert!(skips.follows(&name, upstream), "{name} is not skipped with {upstream}");
        }
    }
}

/// A run is done only where nothing was left as it is; and partial only where something was.
pub(crate) fn ending_is_true(run: &Run, world: &[Live]) {
    let receipt = run.receipt();
    let left = receipt
        .stages
        .iter()
        .flat_map(|stage| &stage.steps)
        .any(|step| matches!(step.condition, Condition::LeftOut | Condition::Skipped { .. }));
    match &receipt.ending {
        Some(Ending::Done | Ending::NothingToDo) => assert!(!left, "done, but something was left: {receipt:?}"),
        Some(Ending::Partial) => assert!(left, "partial, but nothing was left: {receipt:?}"),
        Some(Ending::Undone { .. }) => {
            for live in world.iter().filter(|live| !live.disturbed) {
                assert_eq!(live.content, live.original, "undone, but it is not as it was: {live:?}");
            }
        }
        Some(Ending::Replaced { .. }) => {
            let stages = receipt.failure.as_ref().map_or(0, |failure| failure.from_stage as usize);
            assert!(
                receipt.stages.iter().skip(stages).all(|stage| stage.finished),
                "replaced only in part: {receipt:?}"
            );
        }
        Some(Ending::Failed { .. } | Ending::Refused { .. } | Ending::Aborted { .. }) => {}
        None => panic!("sealed without an ending"),
    }
}

/// The run saw it as desired when it looked last, and only somebody else can have moved it since.
fn is_as_desired(run: &Run, step: &StepReceipt, live: &Live) {
    let desired = fixture::desired(run.target(step.step).unwrap());
    assert!(live.disturbed || live.content == desired, "{step:?} {live:?}");
    assert_eq!(step.after, Some(format!("v{desired}")), "{step:?}");
}

/// Nothing follows a failure by itself while it is unknown what became of a write.
pub(crate) fn nothing_is_unknown(run: &Run) {
    for step in run.receipt().stages.iter().flat_map(|stage| &stage.steps) {
        let unknown = matches!(step.condition, Condition::Unknown { .. } | Condition::Acting { .. });
        assert!(!unknown, "went on from a failure while something is unknown: {step:?}");
    }
}

/// Each write that took effect had its intent in the journal before.
pub(crate) fn every_effect_was_intended(journal: &[Event], world: &[Live]) {
    for act in world.iter().flat_map(|live| live.effects.keys()) {
        let intended = journal.iter().any(|event| matches!(event, Event::Intended { act: found, .. } if found == act));
        assert!(intended, "no intent for {act:?}");
    }
}
