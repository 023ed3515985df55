//! What runs came to.

use belay_domain::id::{EnvironmentName, FeatureSetName, IncidentId, Millis, RunId, RunbookName};
use belay_engine::{Receipt, RunView};
use serde::{Deserialize, Serialize};

/// What a run came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunAnswer {
    /// The run.
    pub run: RunId,
    /// How far it came.
    pub view: RunView,
    /// What was and was not done so far; final once the run is sealed.
    pub receipt: Receipt,
    /// The words that ask for the whole of it: nothing excepted, every stage.
    pub whole_run: String,
}

/// One run in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// Where.
    pub environment: EnvironmentName,
    /// The recipe.
    pub runbook: RunbookName,
    /// What it is applied to.
    pub feature_set: FeatureSetName,
    /// The incident.
    pub incident: Option<IncidentId>,
    /// Who asked.
    pub requester: String,
    /// When.
    pub requested_at: Millis,
    /// How far it came.
    pub view: RunView,
    /// What was and was not done so far; final once the run is sealed.
    pub receipt: Receipt,
    /// The words that ask for the whole of it: nothing excepted, every stage.
    pub whole_run: String,
    /// Whether a process is at work on it now.
    pub owned: bool,
}
