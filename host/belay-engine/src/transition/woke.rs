//! A wait is over. Repeated wakes change nothing.

use belay_domain::id::{Millis, StepId};

use crate::command::Command;
use crate::event::WakeId;
use crate::rejected::Rejected;
use crate::run::{Phase, Run};
use crate::step::{Confirming, HoldPhase, SettlePhase, Settling, StepRun, StepStatus};

pub(super) fn woke(run: &mut Run, wake: WakeId, at: Millis) -> Result<Vec<Command>, Rejected> {
    if let Some(halt) = run.overrun(wake) {
        return Ok(run.out_of_time(halt, at));
    }
    if run.phase == Phase::Checking {
        return run.check_woke(wake, at);
    }
    let goes_on = run.may_begin();
    let steps = run.stages.iter_mut().flat_map(|stage| &mut stage.steps);
    let woken = steps.into_iter().find_map(|step| wake_step(step, wake, at));
    match woken.ok_or(Rejected::UnknownWake(wake))? {
        Woken::Goes(command) => Ok(vec![command]),
        Woken::Measures(command) => Ok(if goes_on { vec![command] } else { Vec::new() }),
        Woken::Held(id) => {
            let mut commands = run.check_part(id, at);
            commands.extend(run.advance(at));
            Ok(commands)
        }
    }
}

/// What was waited for.
enum Woken {
    /// To look or confirm again.
    Goes(Command),
    /// To measure a check again.
    Measures(Command),
    /// The end of a hold.
    Held(StepId),
}

fn wake_step(step: &mut StepRun, wake: WakeId, at: Millis) -> Option<Woken> {
    let id = step.id;
    if let StepStatus::Settling(settling) = &step.status {
        let SettlePhase::Waiting { wake: due, revision } = &settling.phase else { return None };
        let index = settling.act.index;
        let phase = SettlePhase::Last { revision: revision.clone() };
        let woken = StepStatus::Settling(Settling { phase, ..settling.clone() });
        return (*due == wake).then(|| {
            step.status = woken;
            Woken::Goes(Command::Look { step: id, index })
        });
    }
    if let StepStatus::Confirming(Confirming { wake: due, part, .. }) = &mut step.status {
        return (*due == Some(wake)).then(|| {
            *due = None;
            Woken::Goes(Command::Confirm { step: id, part: *part })
        });
    }
    let StepStatus::Holding(phase) = &mut step.status else { return None };
    match phase {
        HoldPhase::Waiting { wake: due, .. } => (*due == wake).then_some(Woken::Held(id)),
        HoldPhase::Checking(checks) => {
            let due = (0..).zip(checks).find_map(|(index, check)| check.wake(wake, at).then_some(index));
            due.map(|check| Woken::Measures(Command::Measure { check, step: Some(id) }))
        }
        HoldPhase::Leaving | HoldPhase::Resting => None,
    }
}
