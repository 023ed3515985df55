//! A run as progress is shown. Never decides anything.

use belay_domain::check::CheckResult;
use belay_domain::id::{Epoch, Millis, RunId, StageName, StepId};
use belay_domain::json::Json;
use belay_domain::risk::Assessment;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::no_return::NoReturnView;
use crate::outlook::{Ending, Halt, Pause, Wait};
use crate::receipt::Condition;

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
    /// What failed, and what the run did about it.
    pub failure: Option<Failure>,
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
    /// A person wants it to rest.
    Paused(Pause),
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
    /// From where on nothing takes back what it does; absent: everything can be taken back, or it is not planned yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_return: Option<NoReturnView>,
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
    /// How far its ramp came; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp: Option<RampView>,
    /// When its first command came.
    pub began: Option<Millis>,
    /// When it was done.
    pub ended: Option<Millis>,
}

/// A ramp on its way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RampView {
    /// The attribute.
    pub attribute: String,
    /// Its values, in order.
    pub through: Vec<Json>,
    /// How many of them are reached, or were passed already.
    pub reached: u32,
}

/// Where a step stands, for people.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepDisplay {
    /// Left out.
    LeftOut,
    /// Skipped, because a system is down.
    Skipped {
        /// How that was noticed; for a resource that is made from the one whose system it is, which that is.
        reason: String,
    },
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
    /// A part of its ramp is held.
    Holding {
        /// Until when, if the clock doesn't step.
        until: Millis,
    },
    /// A part of its ramp was held; the checks measure.
    Checking,
    /// It stands on a part of its ramp, and the run doesn't go on.
    Standing,
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
