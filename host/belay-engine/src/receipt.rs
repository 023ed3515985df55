//! The receipt of a run: what was and was not done, for people and for the ledger. Never guesses: what nobody knows
//! is called unknown.

use belay_domain::check::{Check, CheckResult};
use belay_domain::digest::Digest;
use belay_domain::id::{EnvironmentName, Millis, ResourceAddress, ResourceName, RunId, StageName, StepId};
use belay_domain::mandate::Purpose;
use belay_domain::risk::Assessment;
use serde::{Deserialize, Serialize};

use crate::act_record::ActRecord;
use crate::failure::Failure;
use crate::outlook::Ending;
use crate::part::PartRecord;

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
    /// What failed, and what the run did about it; the stages that followed come after those of the runbook.
    pub failure: Option<Failure>,
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
    /// Whose approvals counted; empty where it needed none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approved_by: Vec<String>,
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
    /// Each part of its ramp; empty where it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartRecord>,
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
    /// The run took it to a part of its ramp, where it stands.
    OnTheWay {
        /// How many parts are reached.
        reached: u32,
        /// Of how many.
        of: u32,
    },
    /// Whether the last operation happened is unknown.
    Unknown {
        /// Why.
        reason: String,
    },
    /// A write was intended and its outcome is not recorded yet. Where the process that intended it is gone, that is as
    /// good as unknown.
    Acting {
        /// The operation, for people.
        summary: String,
    },
    /// The responder left it out.
    LeftOut,
    /// Left as it is, because a system is down.
    Skipped {
        /// How that was noticed.
        reason: String,
        /// The resource whose system is down, where that is another one, which this one is made from.
        with: Option<ResourceName>,
    },
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
