//! A run as progress is shown. Never decides anything.

use belay_domain::check::CheckResult;
use belay_domain::id::{Epoch, Millis, RunId, StageName, StepId};
use belay_domain::risk::Assessment;
use serde::{Deserialize, Serialize};

use crate::outlook::{Ending, Halt, Wait};
use crate::receipt::{Condition, condition};
use crate::run::{CheckStatus, Phase, Run, Stop};
use crate::stage::{StageRun, StageStatus};
use crate::step::{SettlePhase, StepRun, StepStatus, Stuck};

/// A run at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunView {
    /// Which.
    pub run: RunId,
    /// Its owner.
    pub owner: String,
    /// The owner's epoch.
    pub epoch: Epoch,
    /// When the responder asked.
    pub requested_at: Millis,
    /// What the runbook promised, in milliseconds from the request.
    pub restored_within_ms: Option<u64>,
    /// When every stage was restored.
    pub restored_at: Option<Millis>,
    /// How it stands.
    pub status: Status,
    /// Each stage.
    pub stages: Vec<StageView>,
    /// Each check.
    pub checks: Vec<CheckView>,
}

/// How a run stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A stage is under way.
    Working,
    /// All stages are restored; checks measure.
    Checking,
    /// A stage needs approval.
    Waiting(Wait),
    /// Nothing starts any more; what is under way ends.
    Stopping,
    /// Can be resumed.
    Halted(Halt),
    /// Ended.
    Ended {
        /// How.
        ending: Ending,
        /// Its receipt is recorded.
        sealed: bool,
    },
}

/// One stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StageView {
    /// Its name.
    pub name: StageName,
    /// Where it stands.
    pub display: StageDisplay,
    /// The risk of its latest plan.
    pub assessment: Option<Assessment>,
    /// When its turn came.
    pub began: Option<Millis>,
    /// When its last step was done.
    pub ended: Option<Millis>,
    /// Each step.
    pub steps: Vec<StepView>,
}

/// Where a stage stands, for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageDisplay {
    /// Its turn has not come.
    Pending,
    /// Its locks are being taken.
    Locking,
    /// What was under way ends, then it is planned.
    Resting,
    /// It is being planned and judged.
    Planning,
    /// Its operations are performed.
    Acting,
    /// It needs approval.
    Waiting,
    /// Every step is done.
    Finished,
    /// Every step is done, and the run wrote nothing.
    NothingToDo,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StepView {
    /// Which.
    pub step: StepId,
    /// The resource's name, or `by hand`.
    pub title: String,
    /// Where it stands.
    pub display: StepDisplay,
    /// How its resource is left, as far as anybody knows.
    pub condition: Condition,
    /// The version that was observed last.
    pub version: Option<String>,
    /// When its first command came.
    pub began: Option<Millis>,
    /// When it was done.
    pub ended: Option<Millis>,
}

/// Where a step stands, for people.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepDisplay {
    /// Left out.
    LeftOut,
    /// Not begun.
    Pending,
    /// Permitted; waits for those upstream of it.
    Ready,
    /// An operation is being performed.
    Acting {
        /// Its place, from 0.
        index: u32,
        /// Which try, from 1.
        attempt: u32,
    },
    /// The system did not answer; `settle` is waited out.
    Settling,
    /// It is being observed whether an operation happened.
    Observing,
    /// It is being confirmed.
    Confirming,
    /// A person is asked.
    AskedPerson,
    /// To be planned again.
    PlanAgain {
        /// Why.
        reason: String,
    },
    /// As desired.
    Restored,
    /// A person did it.
    DoneBy {
        /// Who.
        by: String,
    },
    /// It made the run halt.
    Stuck {
        /// Why.
        reason: String,
    },
}

/// One check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CheckView {
    /// The probe's name.
    pub probe: String,
    /// `value below 0.02`
    pub claim: String,
    /// How it ended; absent while it has not.
    pub result: Option<CheckResult>,
}

impl Run {
    /// The run as progress is shown.
    pub fn view(&self) -> RunView {
        let stages = self.stages.iter().zip(&self.spec.stages).enumerate();
        RunView {
            run: self.spec.id().clone(),
            owner: self.owner.clone(),
            epoch: self.epoch,
            requested_at: self.spec.requested_at,
            restored_within_ms: self.spec.service_level.restored_within_ms,
            restored_at: self.restored_at,
            status: self.status(),
            stages: stages
                .map(|(index, (stage, spec))| StageView {
                    name: spec.name.clone(),
                    display: self.stage_display(index, stage),
                    assessment: stage.assessment.clone(),
                    began: stage.began,
                    ended: stage.ended,
                    steps: stage.steps.iter().map(|step| self.step_view(step)).collect(),
                })
                .collect(),
            checks: self.check_views(),
        }
    }

    /// How the run stands.
    pub fn status(&self) -> Status {
        match &self.phase {
            Phase::Working => Status::Working,
            Phase::Checking => Status::Checking,
            Phase::Waiting(wait) => Status::Waiting(wait.clone()),
            Phase::Stopping(Stop::Halt(_) | Stop::End(_)) => Status::Stopping,
            Phase::Halted { halt, .. } => Status::Halted(halt.clone()),
            Phase::Ended { ending, .. } => Status::Ended { ending: ending.clone(), sealed: false },
            Phase::Sealed { ending, .. } => Status::Ended { ending: ending.clone(), sealed: true },
        }
    }

    fn stage_display(&self, index: usize, stage: &StageRun) -> StageDisplay {
        if index == self.current && matches!(self.phase, Phase::Waiting(_)) {
            return StageDisplay::Waiting;
        }
        match stage.status {
            StageStatus::Pending => StageDisplay::Pending,
            StageStatus::Locking => StageDisplay::Locking,
            StageStatus::Resting => StageDisplay::Resting,
            StageStatus::Planning => StageDisplay::Planning,
            StageStatus::Acting => StageDisplay::Acting,
            StageStatus::Finished if stage.did_nothing() => StageDisplay::NothingToDo,
            StageStatus::Finished => StageDisplay::Finished,
        }
    }

    fn step_view(&self, step: &StepRun) -> StepView {
        let title = self.spec.step(step.id).map(|spec| spec.subject.title().to_owned());
        StepView {
            step: step.id,
            title: title.unwrap_or_default(),
            display: step_display(step),
            condition: condition(step),
            version: step.found.as_ref().map(|state| state.version.clone()),
            began: step.began,
            ended: step.ended,
        }
    }

    fn check_views(&self) -> Vec<CheckView> {
        let result = |index: usize| match &self.checks.get(index)?.status {
            CheckStatus::Ended(result) => Some(result.clone()),
            CheckStatus::Measuring | CheckStatus::Waiting { .. } => None,
        };
        let view = |(index, check): (usize, &belay_domain::check::Check)| CheckView {
            probe: check.probe.to_string(),
            claim: format!("{} {}", check.measurement, check.must),
            result: result(index),
        };
        self.spec.checks.iter().enumerate().map(view).collect()
    }
}

fn step_display(step: &StepRun) -> StepDisplay {
    match &step.status {
        StepStatus::LeftOut => StepDisplay::LeftOut,
        StepStatus::Idle | StepStatus::Between { .. } => StepDisplay::Pending,
        StepStatus::Ready => StepDisplay::Ready,
        StepStatus::Starting(act) | StepStatus::Acting(act) => {
            StepDisplay::Acting { index: act.index, attempt: act.attempt }
        }
        StepStatus::Settling(settling) => match settling.phase {
            SettlePhase::Waiting { .. } => StepDisplay::Settling,
            SettlePhase::First | SettlePhase::Last { .. } => StepDisplay::Observing,
        },
        StepStatus::Refused { .. } => StepDisplay::Observing,
        StepStatus::Confirming(_) => StepDisplay::Confirming,
        StepStatus::Asked => StepDisplay::AskedPerson,
        StepStatus::Again { reason } => StepDisplay::PlanAgain { reason: reason.clone() },
        StepStatus::Restored => StepDisplay::Restored,
        StepStatus::DoneBy { person } => StepDisplay::DoneBy { by: person.clone() },
        StepStatus::Stuck(Stuck::Undecided { halt, .. } | Stuck::Known(halt)) => {
            StepDisplay::Stuck { reason: halt.to_string() }
        }
    }
}
