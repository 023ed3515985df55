//! What a workspace has, and what is wrong with it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use belay_domain::digest::Digest;
use belay_domain::id::{FeatureSetName, Millis, PluginName, PointId, ResourceName, RunId};
use belay_domain::people::PersonName;
use belay_domain::point::Point;
use belay_domain::runbook::Runbook;
use belay_domain::state::Description;
use serde::{Deserialize, Serialize};

use super::request::Mark;

/// One runbook in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunbookSummary {
    /// The runbook.
    pub runbook: Runbook,
    /// Feature sets that have all its resources.
    pub serves: Vec<FeatureSetName>,
    /// When it last ran, and how that ended: for people.
    pub last_run: Option<LastRun>,
    /// Who may ask for it and who approves it, for each feature set that it serves, where people are configured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<SetPeople>,
}

/// Who may ask for runs of a feature set, and who approves them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SetPeople {
    /// The feature set.
    pub feature_set: FeatureSetName,
    /// The team that owns it.
    pub team: String,
    /// Where that team talks.
    pub channel: Option<String>,
    /// Who may ask, in any environment.
    pub requesters: Vec<PersonName>,
    /// Who approves, in any environment.
    pub approvers: Vec<PersonName>,
}

/// When a runbook last ran.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LastRun {
    /// The run.
    pub run: RunId,
    /// When it was asked for.
    pub at: Millis,
    /// For people: `restored in 21 s`.
    pub ending: String,
}

/// One point in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PointSummary {
    /// Its name.
    pub id: PointId,
    /// Its manifest's digest.
    pub digest: Digest,
    /// Its manifest.
    pub point: Point,
    /// The last mark, and who made it.
    pub mark: Option<(Mark, String)>,
}

/// How two points, or a point and the present, differ in one resource.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PointDifference {
    /// The resource.
    pub resource: ResourceName,
    /// Its version on the one side; absent where the point has no such resource.
    pub from: Option<String>,
    /// On the other.
    pub to: Option<String>,
    /// Whether the content is equal.
    pub same: bool,
}

/// One plugin of the workspace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PluginSummary {
    /// Its name in `belay.toml`.
    pub name: PluginName,
    /// Its file.
    pub path: PathBuf,
    /// The digest pinned in `belay.lock`.
    pub pinned: Option<Digest>,
    /// The digest of the file as it is.
    pub found: Option<Digest>,
    /// `reverter`, `guardrail`, `probe`.
    pub world: Option<String>,
    /// What it says of itself: version and summary.
    pub version: Option<String>,
    /// One line.
    pub summary: Option<String>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// What a component is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PluginInspection {
    /// The component's SHA-256.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
    /// `reverter`, `guardrail`, `probe`.
    pub world: String,
    /// The version of the contract that it was built against.
    pub wit: String,
    /// Whether it runs only as `limits = "large"` in `belay.toml` allows.
    pub large: bool,
    /// What it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// What it says of itself.
    pub description: Option<Description>,
    /// Why it could not say that.
    pub problem: Option<String>,
}

/// Something that a lint found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// The file, relative to the workspace.
    pub file: PathBuf,
    /// From 1, where it is known.
    pub line: Option<u32>,
    /// What is wrong, and what to do.
    pub message: String,
}

/// What a lint found, and how much it looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LintAnswer {
    /// Environments, feature sets, runbooks and plugins examined.
    pub examined: BTreeMap<String, u64>,
    /// Empty: the workspace is sound.
    pub findings: Vec<Finding>,
    /// Who may ask for what and who approves it, where people are configured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<SetPeople>,
}
