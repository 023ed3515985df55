//! What a run would do, before there is one.

use belay_domain::examined::Examined;
use belay_domain::id::{
    EnvironmentName, FeatureSetName, Millis, PluginName, ResourceAddress, ResourceName, RunbookName, StageName,
};
use belay_domain::mandate::{Destination, Purpose};
use belay_domain::no_return::NoReturn;
use belay_domain::plan::StagePlan;
use belay_domain::risk::{Assessment, Band};
use belay_domain::verdict::{Judgement, Quorum};
use serde::{Deserialize, Serialize};

use super::GuardrailFailure;

/// What a run would do, every stage from the present.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlanAnswer {
    /// Where.
    pub environment: EnvironmentName,
    /// The recipe.
    pub runbook: RunbookName,
    /// What it is applied to.
    pub feature_set: FeatureSetName,
    /// What for.
    pub purpose: Purpose,
    /// Back to what.
    pub destination: Option<Destination>,
    /// For people: `rp-0412 (2 days old, marked good by ana)`.
    pub destination_label: String,
    /// In order.
    pub stages: Vec<PlannedStage>,
    /// Resources that changed since the point, and how: for people.
    pub changed_since: Vec<String>,
    /// Who uses what is rolled back and is not part of the runbook.
    pub not_covered: Vec<String>,
    /// What follows where a stage or a check fails.
    pub on_failure: PlannedFallback,
    /// Resources left out with `--except`.
    pub excepted: Vec<ResourceName>,
    /// When it was planned.
    pub at: Millis,
}

/// What would follow where a stage or a check fails.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlannedFallback {
    /// The run halts, or ends as failed.
    #[default]
    Halt,
    /// What the run wrote is put back.
    Undo,
    /// The stages of another runbook, planned from the present.
    Runbook {
        /// Which.
        name: RunbookName,
        /// In order.
        stages: Vec<PlannedStage>,
    },
}

/// What a stage would do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlannedStage {
    /// Its name.
    pub name: StageName,
    /// Its steps.
    pub plan: StagePlan,
    /// What the plan checker found.
    pub check: PlanCheck,
    /// Its risk.
    pub assessment: Assessment,
    /// What each guardrail said.
    pub verdicts: Vec<GuardrailVerdict>,
    /// From where on nothing takes back what it does; absent: everything can be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_return: Option<NoReturn>,
    /// What follows for a run.
    pub gate: Gate,
    /// What a run would skip of it now, because a system is down; it is not part of the plan.
    pub skipped: Vec<PlannedSkip>,
}

/// A resource that a run would skip, because a system is down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlannedSkip {
    /// Its name.
    pub resource: ResourceName,
    /// Where it lives.
    pub at: ResourceAddress,
    /// How it was noticed that a system is down.
    pub reason: String,
    /// The resource whose system that is, where it is another one, which this one is made from.
    pub with: Option<ResourceName>,
}

/// What the independent plan checker found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanCheck {
    /// The plan keeps the rules.
    Kept(Examined),
    /// It does not: each line says which and how.
    Broken(Vec<String>),
}

/// What a guardrail said, and how.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuardrailVerdict {
    /// Which.
    pub plugin: PluginName,
    /// Whether it binds.
    pub enforced: bool,
    /// What it said.
    pub judgement: Judgement,
    /// Where it could not answer and so denied: why.
    pub failed: Option<GuardrailFailure>,
}

/// What stands between a stage and its run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Gate {
    /// There is nothing to do.
    NothingToDo,
    /// Everything in it would be skipped, because a system is down.
    Skipped,
    /// It runs at once.
    RunsAtOnce {
        /// The band.
        band: Band,
    },
    /// People must approve first.
    NeedsApprovals {
        /// Who, how many, and why.
        quorums: Vec<Quorum>,
    },
    /// It does not run.
    Refused {
        /// Why.
        reasons: Vec<String>,
    },
    /// A resource could not be observed: the run halts before this stage.
    Blind {
        /// Which and why.
        reasons: Vec<String>,
    },
}
