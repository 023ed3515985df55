//! A wait is over. Repeated wakes change nothing.

use belay_domain::id::Millis;

use crate::command::Command;
use crate::event::WakeId;
use crate::rejected::Rejected;
use crate::run::{Phase, Run};
use crate::step::{Confirming, SettlePhase, Settling, StepStatus};

pub(super) fn woke(run: &mut Run, wake: WakeId, at: Millis) -> Result<Vec<Command>, Rejected> {
    if run.phase == Phase::Checking {
        return run.check_woke(wake, at);
    }
    let steps = run.stages.iter_mut().flat_map(|stage| &mut stage.steps);
    for step in steps {
        match &step.status {
            StepStatus::Settling(settling) => {
                if let SettlePhase::Waiting { wake: due, revision } = &settling.phase
                    && *due == wake
                {
                    let index = settling.act.index;
                    let phase = SettlePhase::Last { revision: revision.clone() };
                    step.status = StepStatus::Settling(Settling { phase, ..settling.clone() });
                    return Ok(vec![Command::Look { step: step.id, index }]);
                }
            }
            StepStatus::Confirming(Confirming { waited_ms, wake: Some(due) }) if *due == wake => {
                step.status = StepStatus::Confirming(Confirming { waited_ms: *waited_ms, wake: None });
                return Ok(vec![Command::Confirm { step: step.id }]);
            }
            StepStatus::LeftOut
            | StepStatus::Idle
            | StepStatus::Ready
            | StepStatus::Starting(_)
            | StepStatus::Acting(_)
            | StepStatus::Refused { .. }
            | StepStatus::Between { .. }
            | StepStatus::Confirming(_)
            | StepStatus::Asked
            | StepStatus::Again { .. }
            | StepStatus::Restored
            | StepStatus::DoneBy { .. }
            | StepStatus::Stuck(_) => {}
        }
    }
    Err(Rejected::UnknownWake(wake))
}
