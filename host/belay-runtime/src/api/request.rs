//! Requests.

use std::collections::BTreeMap;
use std::path::PathBuf;

use belay_domain::id::{
    EnvironmentName, FeatureSetName, IncidentId, Millis, PointId, ResourceName, RunId, RunbookName, StageName,
};
use serde::{Deserialize, Serialize};

/// Who asks. Until requests are signed this is the operating system's user.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Requester {
    /// The name: `ana`.
    pub name: String,
    /// How that is known: `operating system user 1000`.
    pub authenticated_by: String,
}

/// Back to what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// This point.
    Point(PointId),
    /// The newest point that is marked good.
    LatestGood,
    /// The states just before a moment, as the plugins find them.
    Before(Millis),
    /// States named one by one.
    Versions(BTreeMap<ResourceName, String>),
}

/// What a responder names. The words of `belay plan` and `belay run`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlanRequest {
    /// The recipe.
    pub runbook: RunbookName,
    /// What it is to be applied to.
    pub feature_set: FeatureSetName,
    /// Where; may be left out where the workspace has only one.
    pub environment: Option<EnvironmentName>,
    /// Back to what; may be left out where no step restores a pinned state.
    pub goal: Option<Goal>,
    /// This stage alone.
    pub only: Option<StageName>,
    /// Not these resources: the run ends partial.
    pub except: Vec<ResourceName>,
    /// As typed.
    pub parameters: BTreeMap<String, String>,
    /// The incident that it is about.
    pub incident: Option<IncidentId>,
    /// Why, for the record.
    pub reason: Option<String>,
    /// Bands and denials are to be overridden, by two people.
    #[serde(default)]
    pub break_glass: bool,
}

/// With which key a person signs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Keys {
    /// This one: a private key file, or a public one whose other half ssh-agent has. None: the one in ssh-agent that is
    /// one of the workspace's people.
    pub file: Option<PathBuf>,
    /// Where ssh-agent listens: `SSH_AUTH_SOCK`.
    pub agent: Option<PathBuf>,
}

/// How somebody signs what they say of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignWith {
    /// belay signs with this key. The digits say which mandate is meant: the first 8 of its digest.
    Key {
        /// Which.
        keys: Keys,
        /// What the person typed.
        digest: String,
    },
    /// It is signed already, as `ssh-keygen -Y sign` does: the text of the signature's file.
    Signature(String),
}

/// What to run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunRequest {
    /// Plan and run.
    Plan(PlanRequest),
    /// A rollback package: the bytes of its file.
    Package(Vec<u8>),
    /// Back to what a run had found.
    Undo(UndoRequest),
}

/// Which run to undo. The words of `belay undo`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UndoRequest {
    /// That run.
    pub run: RunId,
    /// Not these resources: the undo ends partial.
    pub except: Vec<ResourceName>,
    /// Whether the runbook's checks are made too.
    pub with_checks: bool,
    /// The incident that it is about; that of the run if not given.
    pub incident: Option<IncidentId>,
    /// Why, for the record.
    pub reason: Option<String>,
    /// Bands and denials are to be overridden, by two people.
    #[serde(default)]
    pub break_glass: bool,
}

/// A person's word on a step that belay can't decide.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResolveAs {
    /// The write happened.
    Applied,
    /// It did not and will not.
    NotApplied,
    /// Look at what is there now and plan the step again.
    PlanAgain,
}

/// Captures a point.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CaptureRequest {
    /// Of what.
    pub feature_set: FeatureSetName,
    /// Where.
    pub environment: Option<EnvironmentName>,
    /// The release's commit.
    pub commit: Option<String>,
    /// A changelog line.
    pub message: String,
    /// Decimal numbers as text.
    pub metrics: BTreeMap<String, String>,
    /// Marked good at once if this runbook's checks pass.
    pub good_if: Option<RunbookName>,
}

/// What people say of a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Worth going back to.
    Good,
    /// Not to go back to.
    Bad,
}

/// Which entries to read: those that fit everything that is given.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LogRequest {
    /// Of this run.
    pub run: Option<RunId>,
    /// Of this incident, or of a run that has an entry of it.
    pub incident: Option<IncidentId>,
    /// Of this environment.
    pub environment: Option<EnvironmentName>,
    /// Of one of these kinds, such as `intent`; none is all.
    pub kinds: Vec<String>,
    /// What this person did, or what names them.
    pub person: Option<String>,
    /// About a feature set that this team owns, or of a run on one.
    pub team: Option<String>,
    /// About this plugin: its name, or its component's digest.
    pub plugin: Option<String>,
    /// About this resource: its name in its feature set, or its address.
    pub resource: Option<String>,
    /// About this feature set, or of a run on it.
    pub feature_set: Option<String>,
    /// That have words that begin with each of these.
    pub text: Option<String>,
    /// At this moment or later.
    pub from: Option<Millis>,
    /// Before this moment.
    pub to: Option<Millis>,
    /// Only behind this sequence number.
    pub after: Option<u64>,
    /// The newest so many.
    pub limit: Option<u32>,
}
