//! What must hold, whatever happens: the run's word against the world's truth.

use belay_domain::operation::Outcome;
use belay_engine::{
    Act, ActRecord, Command, Condition, Decision, Event, Receipt, Run, Settlement, Status, StepReceipt,
};

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
    }
}

/// A write that does harm when repeated is intended again only once it is known what became of the earlier ones.
pub(crate) fn intent_is_safe(run: &Run, live: &Live, act: &Act) {
    if live.kind != Kind::Once {
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
pub(crate) fn picture_is_true(receipt: &Receipt, world: &[Live]) {
    for step in receipt.stages.iter().flat_map(|stage| &stage.steps) {
        let Some(live) = world.iter().find(|live| live.step == step.step) else { continue };
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
            Condition::Restored => is_as_desired(step, live),
            Condition::AlreadyAsDesired => {
                assert!(live.effects.is_empty(), "{step:?} {live:?}");
                is_as_desired(step, live);
            }
            Condition::NotTouched | Condition::LeftOut => assert!(live.effects.is_empty(), "{step:?} {live:?}"),
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
            Condition::DoneBy { .. } => panic!("a resource is not done by a person"),
        }
    }
}

/// The run saw it as desired when it looked last, and only somebody else can have moved it since.
fn is_as_desired(step: &StepReceipt, live: &Live) {
    assert!(live.disturbed || live.content == live.desired(), "{step:?} {live:?}");
    assert_eq!(step.after, Some(format!("v{}", live.desired())), "{step:?}");
}

/// Each write that took effect had its intent in the journal before.
pub(crate) fn every_effect_was_intended(journal: &[Event], world: &[Live]) {
    for act in world.iter().flat_map(|live| live.effects.keys()) {
        let intended = journal.iter().any(|event| matches!(event, Event::Intended { act: found, .. } if found == act));
        assert!(intended, "no intent for {act:?}");
    }
}
