//! What people say: a manual step is done, an operation did or did not happen.

use belay_domain::id::{Millis, StepId};

use crate::act_record::Settlement;
use crate::answer::Decision;
use crate::command::Command;
use crate::rejected::Rejected;
use crate::run::{Phase, Run};
use crate::step::{StepRun, StepStatus, Stuck};

/// A manual step is done.
pub(super) fn confirmed(run: &mut Run, id: StepId, by: String, at: Millis) -> Result<Vec<Command>, Rejected> {
    let step = run.step_mut(id).ok_or(Rejected::UnknownStep(id))?;
    if step.status != StepStatus::Asked {
        return Err(Rejected::NotExpected("step.person_confirmed"));
    }
    step.status = StepStatus::DoneBy { person: by };
    step.ended = Some(at);
    Ok(run.advance(at))
}

/// A person decided. Nothing follows at once: the run goes on when it is resumed, from what is there then.
pub(super) fn resolved(
    run: &mut Run,
    id: StepId,
    decision: Decision,
    by: String,
    reason: String,
) -> Result<Vec<Command>, Rejected> {
    let halted = matches!(run.phase, Phase::Halted { .. });
    let step = run.step_mut(id).ok_or(Rejected::UnknownStep(id))?;
    match (&step.status, halted) {
        (StepStatus::Stuck(stuck), true) => {
            let act = match stuck {
                Stuck::Undecided { act, .. } => Some(*act),
                Stuck::Known(_) => None,
            };
            if let Some(act) = act {
                note_decision(step, act, decision, by, reason);
            } else if decision != Decision::Applied {
                step.vouched.clear();
            }
            step.status = StepStatus::Idle;
            Ok(Vec::new())
        }
        _ => Err(Rejected::NotExpected("step.resolved")),
    }
}

fn note_decision(step: &mut StepRun, act: crate::Act, decision: Decision, by: String, reason: String) {
    if decision == Decision::Applied {
        step.vouched.push(act.operation);
    }
    if let Some(record) = step.record_mut(act.act) {
        record.settled = Some(Settlement::Decided { decision, by, reason });
    }
}
