//! What events carry: the answers to a run's commands. Never says what follows from them.

use belay_domain::examined::Examined;
use belay_domain::id::{Millis, PluginName, ResourceName, RunId};
use belay_domain::risk::Assessment;
use belay_domain::state::State;
use belay_domain::verdict::Judgement;
use serde::{Deserialize, Serialize};

use crate::consent::Consent;

/// What the host and the guardrails make of a plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// It breaks rules, so it was neither assessed nor judged.
    Violates {
        /// Each of them, for people.
        violations: Vec<String>,
    },
    /// It keeps the rules.
    Judged {
        /// Its operations as the host sees them.
        examined: Examined,
        /// Its risk, with what the guardrails added.
        assessment: Assessment,
        /// Where it passes the mandate's bounds, for people; empty: it is within them.
        outside: Vec<String>,
        /// What each guardrail said; one that could not answer has denied.
        judgements: Vec<GuardrailJudgement>,
        /// What people said of the mandate, as far as it counts now.
        #[serde(default)]
        consent: Box<Consent>,
    },
}

/// What one guardrail said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuardrailJudgement {
    /// Which.
    pub guardrail: PluginName,
    /// Binding; otherwise recorded and shown.
    pub enforced: bool,
    /// What it said.
    pub judgement: Judgement,
}

/// Who holds a resource.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Holder {
    /// The resource.
    pub resource: ResourceName,
    /// The run that holds it.
    pub run: RunId,
    /// Its owner.
    pub by: String,
    /// Since when.
    pub since: Millis,
}

/// What the host itself found where an operation writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// The operation's own bytes: it was applied.
    HoldsOperationsBytes,
    /// Something else.
    HoldsOther,
    /// Nothing.
    Absent,
    /// The host can't look there itself.
    CannotTell,
}

/// What a plugin observed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// The resource's state.
    State(State),
    /// It could not be observed, and why.
    Failed(String),
}

/// What a person says of an operation whose outcome nobody could tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It happened.
    Applied,
    /// It did not happen, and won't.
    NotApplied,
    /// Whatever happened, plan from what is there now.
    PlanAgain,
}
