//! The outcome of an operation is durable: applied goes on, not applied and unknown look first.

use belay_domain::id::{Millis, StepId};
use belay_domain::operation::Outcome;

use crate::command::{Act, Command};
use crate::event::ActId;
use crate::rejected::Rejected;
use crate::run::Run;
use crate::step::{SettlePhase, Settling, StepStatus};

pub(super) fn performed(
    run: &mut Run,
    id: ActId,
    intent: u64,
    outcome: Outcome,
    at: Millis,
) -> Result<Vec<Command>, Rejected> {
    let act = run.acting(id).ok_or(Rejected::UnknownAct(id))?;
    let step = act.step;
    if let Some(record) = run.step_mut(step).and_then(|step| step.record_mut(id)) {
        record.intent = Some(intent);
        record.outcome = Some(outcome.clone());
    }
    let mut commands = match outcome {
        Outcome::Applied { .. } => run.after_applied(step, act.index, at),
        Outcome::NotApplied { reason } => run.after_not_applied(step, act.index, reason),
        Outcome::Unknown { reason } => run.after_unknown(act, reason),
    };
    commands.extend(run.advance(at));
    Ok(commands)
}

impl Run {
    /// Whether somebody moved the resource is seen by looking, not read from the system's words.
    fn after_not_applied(&mut self, step: StepId, index: u32, reason: String) -> Vec<Command> {
        if self.may_begin() {
            self.set(step, StepStatus::Refused { index, reason });
            vec![Command::Look { step, index }]
        } else {
            self.set(step, StepStatus::Between { next: index });
            Vec::new()
        }
    }

    fn after_unknown(&mut self, act: Act, reason: String) -> Vec<Command> {
        let settling = Settling { act, reason, windows: 0, phase: SettlePhase::First };
        self.set(act.step, StepStatus::Settling(settling));
        vec![Command::Look { step: act.step, index: act.index }]
    }
}
