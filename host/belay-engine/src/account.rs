//! How a run accounts for itself: its receipt, made from what it knows. Changes nothing.

use belay_domain::check::CheckResult;
use belay_domain::feature_set::Tier;
use belay_domain::id::StageName;

use crate::act_record::{ActRecord, Knowledge};
use crate::receipt::{CheckReceipt, Condition, Promise, Receipt, StageReceipt, StepReceipt, Verification};
use crate::run::{CheckStatus, Phase, Run};
use crate::stage::{StageRun, StageStatus};
use crate::step::{Skipped, StepRun, StepStatus, Stuck};

impl Run {
    /// What was and was not done so far; for a sealed run, its receipt.
    pub fn receipt(&self) -> Receipt {
        let (ending, ended_at) = match &self.phase {
            Phase::Ended { ending, at } | Phase::Sealed { ending, at } => (Some(ending.clone()), Some(*at)),
            Phase::Working
            | Phase::Checking
            | Phase::Waiting(_)
            | Phase::Stopping(_)
            | Phase::Paused(_)
            | Phase::Failing { .. }
            | Phase::Halted { .. } => (None, None),
        };
        Receipt {
            run: self.spec.id().clone(),
            purpose: self.spec.mandate.purpose.clone(),
            environment: self.spec.mandate.environment.clone(),
            ending,
            requested_at: self.spec.requested_at,
            ended_at,
            restored_at: self.restored_at,
            promise: self.promise(),
            failure: self.failure.clone(),
            stages: self.stages.iter().zip(&self.course).map(|(s, spec)| self.stage_receipt(s, &spec.name)).collect(),
            left_out: self.spec.left_out.clone(),
            checks: self.check_receipts(),
            verification: self.verification(),
            still_affected: self.spec.still_affected.clone(),
        }
    }

    fn promise(&self) -> Option<Promise> {
        let restored_within_ms = self.spec.service_level.restored_within_ms?;
        let took_ms = self.restored_at.map(|at| at.since(self.spec.requested_at));
        Some(Promise { restored_within_ms, took_ms, kept: took_ms.is_some_and(|took| took <= restored_within_ms) })
    }

    fn stage_receipt(&self, stage: &StageRun, name: &StageName) -> StageReceipt {
        StageReceipt {
            name: name.clone(),
            assessment: stage.assessment.clone(),
            approved_by: stage.approved_by.clone(),
            plan: stage.permit.as_ref().map(|permit| permit.digest),
            finished: stage.status == StageStatus::Finished,
            steps: stage.steps.iter().map(|step| self.step_receipt(step)).collect(),
        }
    }

    fn step_receipt(&self, step: &StepRun) -> StepReceipt {
        let spec = self.step_spec(step.id);
        StepReceipt {
            step: step.id,
            title: spec.map(|spec| spec.subject.heading().to_owned()).unwrap_or_default(),
            at: self.target(step.id).map(|target| target.at.clone()),
            before: step.before.as_ref().or(step.found.as_ref()).map(|state| state.version.clone()),
            after: step.found.as_ref().map(|state| state.version.clone()),
            condition: self.condition(step),
            acts: step.acts.clone(),
            parts: step.parts.clone(),
            took_ms: step.began.zip(step.ended).map(|(began, ended)| ended.since(began)),
        }
    }

    fn check_receipts(&self) -> Vec<CheckReceipt> {
        let result = |index: usize| match &self.checks.get(index)?.status {
            CheckStatus::Ended(result) => Some(result.clone()),
            CheckStatus::NotMade | CheckStatus::Measuring | CheckStatus::Waiting { .. } => None,
        };
        let checks = self.due_checks().enumerate();
        checks.map(|(index, check)| CheckReceipt { check: check.clone(), result: result(index) }).collect()
    }

    fn verification(&self) -> Verification {
        let passed = |check: &CheckReceipt| matches!(check.result, Some(CheckResult::Passed { .. }));
        if self.check_receipts().iter().any(passed) {
            Verification::ByCheck
        } else if !self.steps().any(|step| step.status == StepStatus::Restored) {
            Verification::NotVerified
        } else if self.spec.tier == Tier::Critical {
            Verification::ByOwnPluginOnly
        } else {
            Verification::ByOwnPlugin
        }
    }
}

impl Run {
    /// How a step leaves its resource, as far as anybody knows.
    pub(crate) fn condition(&self, step: &StepRun) -> Condition {
        match (&step.status, &self.phase) {
            (StepStatus::Acting(act), Phase::Working | Phase::Checking | Phase::Stopping(_)) => {
                let record = step.acts.iter().find(|record| record.act == act.act);
                Condition::Acting { summary: record.map(|record| record.summary.clone()).unwrap_or_default() }
            }
            // In a run at rest nobody is acting: whoever was ended before the outcome was recorded.
            _ => condition(step),
        }
    }
}

fn condition(step: &StepRun) -> Condition {
    match &step.status {
        StepStatus::LeftOut => return Condition::LeftOut,
        StepStatus::Skipped(Skipped { reason, with }) => {
            return Condition::Skipped { reason: reason.clone(), with: with.clone() };
        }
        StepStatus::DoneBy { person } => return Condition::DoneBy { by: person.clone() },
        StepStatus::Restored if step.may_have_written() => return Condition::Restored,
        StepStatus::Restored => return Condition::AlreadyAsDesired,
        StepStatus::Stuck(Stuck::Undecided { halt, .. }) => return Condition::Unknown { reason: halt.to_string() },
        StepStatus::Idle
        | StepStatus::Ready
        | StepStatus::Starting(_)
        | StepStatus::Acting(_)
        | StepStatus::Settling(_)
        | StepStatus::Refused { .. }
        | StepStatus::Between { .. }
        | StepStatus::Confirming(_)
        | StepStatus::Holding(_)
        | StepStatus::Asked
        | StepStatus::Again { .. }
        | StepStatus::Stuck(Stuck::Known(_)) => {}
    }
    known_from_acts(step)
}

/// An act that nobody can tell of makes the rest unknown, unless a later one is known to have been applied.
fn known_from_acts(step: &StepRun) -> Condition {
    match step.last_effect().map(|act| (act, act.knowledge())) {
        None | Some((_, Knowledge::NotApplied)) => Condition::NotTouched,
        Some((act, Knowledge::Unknown)) => {
            Condition::Unknown { reason: format!("whether `{}` happened is unknown", act.summary) }
        }
        Some((act, Knowledge::Applied)) => {
            if let Some(on_the_way) = on_the_way(step, act) {
                return on_the_way;
            }
            let applied = step.acts.iter().filter(|act| act.knowledge() == Knowledge::Applied).count();
            Condition::Changed { applied: u32::try_from(applied).unwrap_or(u32::MAX) }
        }
    }
}

/// Where the last operation brought it to a part of its ramp, and it was found there.
fn on_the_way(step: &StepRun, last: &ActRecord) -> Option<Condition> {
    let part = last.part?;
    step.parts.get(part as usize)?.reached_at?;
    let of = u32::try_from(step.parts.len()).unwrap_or(u32::MAX);
    Some(Condition::OnTheWay { reached: part.saturating_add(1), of })
}
