//! An intent is durable: from here on the operation may have happened.

use belay_domain::id::{Epoch, Millis};

use crate::act_record::ActRecord;
use crate::command::{Act, Command};
use crate::failure::Failed;
use crate::rejected::Rejected;
use crate::run::{Phase, Run, Stop};
use crate::step::StepStatus;

pub(super) fn intended(run: &mut Run, act: Act, epoch: Epoch, at: Millis) -> Result<Vec<Command>, Rejected> {
    if epoch != run.epoch {
        return Err(Rejected::StaleEpoch { given: epoch, current: run.epoch });
    }
    // An abort may stand in the journal just before an intent that was already on its way: the intent is a fact.
    if run.starting(act.act) != Some(act) {
        return Err(Rejected::NotExpected("intent"));
    }
    run.take_up_again();
    let permit = run.permit(act.step);
    let observed = permit.and_then(|permit| permit.change(act.step)).map(|(observed, _)| observed.clone());
    let part = permit.and_then(|permit| permit.part_of(act.step, act.index)).map(|(part, _)| part);
    let summary = run.operation(act.step, act.index).map(|operation| operation.summary.clone());
    if let Some(step) = run.step_mut(act.step) {
        if !step.may_have_written() {
            step.before = observed;
        }
        step.acts.push(ActRecord {
            act: act.act,
            index: act.index,
            part,
            summary: summary.unwrap_or_default(),
            operation: act.operation,
            plan: act.plan,
            attempt: act.attempt,
            intended_at: at,
            intent: None,
            outcome: None,
            settled: None,
        });
        step.status = StepStatus::Acting(act);
    }
    Ok(Vec::new())
}

impl Run {
    /// A run that had come to rest has something under way again.
    fn take_up_again(&mut self) {
        match &self.phase {
            Phase::Paused(pause) => self.phase = Phase::Stopping(Stop::Pause(pause.clone())),
            Phase::Halted { halt, .. } => self.phase = Phase::Stopping(Stop::Halt(halt.clone())),
            Phase::Failing { failed: Failed::Stage { halt, .. }, .. } => {
                self.phase = Phase::Stopping(Stop::Halt(halt.clone()));
            }
            Phase::Ended { ending, .. } => self.phase = Phase::Stopping(Stop::End(ending.clone())),
            Phase::Failing { failed: Failed::Check { .. }, .. }
            | Phase::Working
            | Phase::Checking
            | Phase::Waiting(_)
            | Phase::Stopping(_)
            | Phase::Sealed { .. } => {}
        }
    }
}
