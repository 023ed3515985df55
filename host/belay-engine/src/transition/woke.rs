//! A wait is over. Repeated wakes change nothing.

use belay_domain::id::Millis;

use crate::command::Command;
use crate::event::WakeId;
use crate::rejected::Rejected;
use crate::run::{Phase, Run};
use crate::step::{Confirming, SettlePhase, Settling, StepRun, StepStatus};

pub(super) fn woke(run: &mut Run, wake: WakeId, at: Millis) -> Result<Vec<Command>, Rejected> {
    if run.phase == Phase::Checking {
        return run.check_woke(wake, at);
    }
    let steps = run.stages.iter_mut().flat_map(|stage| &mut stage.steps);
    steps
        .into_iter()
        .find_map(|step| wake_step(step, wake))
        .map(|command| vec![command])
        .ok_or(Rejected::UnknownWake(wake))
}

fn wake_step(step: &mut StepRun, wake: WakeId) -> Option<Command> {
    if let StepStatus::Settling(settling) = &step.status {
        let SettlePhase::Waiting { wake: due, revision } = &settling.phase else { return None };
        let index = settling.act.index;
        let phase = SettlePhase::Last { revision: revision.clone() };
        let woken = StepStatus::Settling(Settling { phase, ..settling.clone() });
        return (*due == wake).then(|| {
            step.status = woken;
            Command::Look { step: step.id, index }
        });
    }
    if let StepStatus::Confirming(Confirming { waited_ms, wake: Some(due) }) = step.status
        && due == wake
    {
        step.status = StepStatus::Confirming(Confirming { waited_ms, wake: None });
        return Some(Command::Confirm { step: step.id });
    }
    None
}
