//! The receipt of a run: what was and was not done, for people and for the ledger. Never guesses: what nobody knows
//! is called unknown.

use belay_domain::check::{Check, CheckResult};
use belay_domain::digest::Digest;
use belay_domain::feature_set::Tier;
use belay_domain::id::{EnvironmentName, Millis, ResourceAddress, RunId, StageName, StepId};
use belay_domain::mandate::Purpose;
use belay_domain::risk::Assessment;
use serde::{Deserialize, Serialize};

use crate::outlook::Ending;
use crate::run::{CheckStatus, Phase, Run};
use crate::stage::{StageRun, StageStatus};
use crate::step::{ActRecord, Knowledge, StepRun, StepStatus, Stuck};

/// What a run did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// Which run.
    pub run: RunId,
    /// What for.
    pub purpose: Purpose,
    /// Where.
    pub environment: EnvironmentName,
    /// How it ended; absent while it has not.
    pub ending: Option<Ending>,
    /// When the responder asked.
    pub requested_at: Millis,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// When every stage was restored.
    pub restored_at: Option<Millis>,
    /// What the runbook promised and what came of it; absent where it promised nothing.
    pub promise: Option<Promise>,
    /// Each stage.
    pub stages: Vec<StageReceipt>,
    /// Stages that the responder left out.
    pub left_out: Vec<StageName>,
    /// Each check.
    pub checks: Vec<CheckReceipt>,
    /// Who vouches for the result.
    pub verification: Verification,
    /// What is affected and was not restored by this runbook.
    pub still_affected: Vec<String>,
}

/// The service level.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Promise {
    /// From request to restored, in milliseconds.
    pub restored_within_ms: u64,
    /// What it took, in milliseconds; absent where the run did not restore everything.
    pub took_ms: Option<u64>,
    /// Whether it was kept.
    pub kept: bool,
}

/// What a stage did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StageReceipt {
    /// Its name.
    pub name: StageName,
    /// The risk of its latest plan; absent where it was never planned.
    pub assessment: Option<Assessment>,
    /// The latest plan that was permitted.
    pub plan: Option<Digest>,
    /// Whether every step is done.
    pub finished: bool,
    /// Each step.
    pub steps: Vec<StepReceipt>,
}

/// What a step did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StepReceipt {
    /// Which.
    pub step: StepId,
    /// The resource's name, or `by hand`.
    pub title: String,
    /// Where the resource lives.
    pub at: Option<ResourceAddress>,
    /// The version that was there before the first write; where nothing was written, what was observed.
    pub before: Option<String>,
    /// The version that was observed last.
    pub after: Option<String>,
    /// How it is left.
    pub condition: Condition,
    /// Each intent, with its outcome.
    pub acts: Vec<ActRecord>,
    /// From its first command to its end, in milliseconds; absent where it did not begin or end.
    pub took_ms: Option<u64>,
}

/// How a resource is left.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Condition {
    /// As desired, by this run.
    Restored,
    /// As desired already; the run wrote nothing.
    AlreadyAsDesired,
    /// The run wrote nothing to it.
    NotTouched,
    /// The run wrote to it and it is not known to be as desired.
    Changed {
        /// How many operations are known to have been applied.
        applied: u32,
    },
    /// Whether the last operation happened is unknown.
    Unknown {
        /// Why.
        reason: String,
    },
    /// The responder left it out.
    LeftOut,
    /// A person did it.
    DoneBy {
        /// Who.
        by: String,
    },
}

/// What came of a check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CheckReceipt {
    /// The check.
    pub check: Check,
    /// How it ended; absent where it did not come to that.
    pub result: Option<CheckResult>,
}

/// Who vouches for the result.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// A check passed: another component measured.
    ByCheck,
    /// Nothing beyond the resources' own plugins; enough below the critical tier.
    ByOwnPlugin,
    /// Critical tier, and verified by its own plugin only.
    ByOwnPluginOnly,
    /// Nothing was restored that could be verified.
    NotVerified,
}

impl Run {
    /// What was and was not done so far; for a sealed run, its receipt.
    pub fn receipt(&self) -> Receipt {
        let (ending, ended_at) = match &self.phase {
            Phase::Ended { ending, at } | Phase::Sealed { ending, at } => (Some(ending.clone()), Some(*at)),
            Phase::Working | Phase::Checking | Phase::Waiting(_) | Phase::Stopping(_) | Phase::Halted { .. } => {
                (None, None)
            }
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
            stages: self
                .stages
                .iter()
                .zip(&self.spec.stages)
                .map(|(s, spec)| self.stage_receipt(s, &spec.name))
                .collect(),
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
            plan: stage.permit.as_ref().map(|permit| permit.digest),
            finished: stage.status == StageStatus::Finished,
            steps: stage.steps.iter().map(|step| self.step_receipt(step)).collect(),
        }
    }

    fn step_receipt(&self, step: &StepRun) -> StepReceipt {
        let spec = self.spec.step(step.id);
        StepReceipt {
            step: step.id,
            title: spec.map(|spec| spec.subject.title().to_owned()).unwrap_or_default(),
            at: self.target(step.id).map(|target| target.at.clone()),
            before: step.before.as_ref().or(step.found.as_ref()).map(|state| state.version.clone()),
            after: step.found.as_ref().map(|state| state.version.clone()),
            condition: condition(step),
            acts: step.acts.clone(),
            took_ms: step.began.zip(step.ended).map(|(began, ended)| ended.since(began)),
        }
    }

    fn check_receipts(&self) -> Vec<CheckReceipt> {
        let result = |index: usize| match &self.checks.get(index)?.status {
            CheckStatus::Ended(result) => Some(result.clone()),
            CheckStatus::Measuring | CheckStatus::Waiting { .. } => None,
        };
        let checks = self.spec.checks.iter().enumerate();
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

/// How a step leaves its resource, as far as anybody knows.
pub(crate) fn condition(step: &StepRun) -> Condition {
    match &step.status {
        StepStatus::LeftOut => return Condition::LeftOut,
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
        | StepStatus::Asked
        | StepStatus::Again { .. }
        | StepStatus::Stuck(Stuck::Known(_)) => {}
    }
    known_from_acts(step)
}

/// An act that nobody can tell of makes the rest unknown, unless a later one is known to have been applied.
fn known_from_acts(step: &StepRun) -> Condition {
    let telling = step.acts.iter().rev().find(|act| act.knowledge() != Knowledge::NotApplied);
    match telling.map(|act| (act, act.knowledge())) {
        None | Some((_, Knowledge::NotApplied)) => Condition::NotTouched,
        Some((act, Knowledge::Unknown)) => {
            Condition::Unknown { reason: format!("whether `{}` happened is unknown", act.summary) }
        }
        Some((_, Knowledge::Applied)) => {
            let applied = step.acts.iter().filter(|act| act.knowledge() == Knowledge::Applied).count();
            Condition::Changed { applied: u32::try_from(applied).unwrap_or(u32::MAX) }
        }
    }
}
