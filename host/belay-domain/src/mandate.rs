//! Mandates: what a run may do. A plan is held against one; who signs it is the business of others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::fallback::Fallback;
use crate::id::{
    EnvironmentName, FeatureSetName, IncidentId, Millis, PluginName, PointId, ResourceName, RunId, RunbookName,
    StageName,
};
use crate::json::{self, Json, NotCanonical};
use crate::operation::Reversibility;
use crate::plan::Target;
use crate::ramp::Ramp;
use crate::skip::Skips;
use crate::state::Desired;
use crate::verdict::Quorum;

mod difference;
mod text;

pub use difference::Difference;

#[cfg(test)]
mod tests;

/// The version of this shape.
pub const SCHEMA: u32 = 1;

/// What a run may do, one for each run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mandate {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The run.
    pub run: RunId,
    /// What for.
    pub purpose: Purpose,
    /// Where.
    pub environment: EnvironmentName,
    /// Who asked: a person of the workspace where the request is signed, otherwise the operating system's user.
    pub requester: String,
    /// The incident that it is about.
    pub incident: Option<IncidentId>,
    /// The recipe, by its digest.
    pub runbook: Named<RunbookName>,
    /// The feature set, by its digest.
    pub feature_set: Named<FeatureSetName>,
    /// The team that owns it; empty where nobody said so.
    #[serde(default)]
    pub team: String,
    /// What people asked to go back to.
    pub destination: Destination,
    /// The parameters, as resolved.
    pub parameters: BTreeMap<String, Json>,
    /// What is wanted of each resource.
    pub desired: BTreeMap<ResourceName, Wanted>,
    /// What may be left as it is where its system is down.
    #[serde(default)]
    pub may_skip: Skips,
    /// What each stage may do at the most.
    pub stages: Vec<Bounds>,
    /// Who must approve which stages, as their first plans asked; stages that need nobody are not named. A later plan
    /// that asks for more waits for more.
    #[serde(default)]
    pub approvals: Vec<Asks>,
    /// Bands and denials are to be overridden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlass>,
    /// What the run may do once something failed.
    #[serde(default)]
    pub on_failure: Fallback,
    /// The rules in force: bands, guardrails, connections' lists, as one digest.
    pub governance: Digest,
    /// The components in use.
    pub components: BTreeMap<PluginName, Digest>,
    /// The log as it stood.
    pub ledger: LogHead,
    /// From when.
    pub issued_at: Millis,
    /// Until when.
    pub expires_at: Millis,
    /// 128 random bits, lower-case hex: a mandate is used once.
    pub nonce: String,
}

/// Why a run is made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Purpose {
    /// Back to a rollback point.
    Rollback,
    /// Back to what a run had found.
    Undo {
        /// That run.
        run: RunId,
    },
}

/// A name, and the digest of what it named.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Named<N> {
    /// The name.
    pub name: N,
    /// What it named.
    pub digest: Digest,
}

/// What people asked to go back to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Destination {
    /// A point.
    Point {
        /// Its name.
        id: PointId,
        /// Its manifest.
        digest: Digest,
        /// When it was captured.
        captured_at: Millis,
    },
    /// The states at a moment, found by the plugins.
    Before {
        /// The moment.
        at: Millis,
    },
    /// States named one by one, found by the plugins.
    Versions {
        /// A label for each resource.
        versions: BTreeMap<ResourceName, String>,
    },
    /// A run's undo point.
    UndoPoint {
        /// Its manifest.
        digest: Digest,
        /// The run.
        run: RunId,
    },
}

/// What is wanted of a resource, as people sign it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// A pinned state.
    Pinned {
        /// Its label.
        version: String,
        /// Its content.
        content: Digest,
        /// Its pin, proof included.
        pin: Digest,
    },
    /// Attributes.
    Attributes(Json),
    /// An attribute, by parts: the whole way is signed.
    Ramp(Ramp),
}

impl Wanted {
    /// What a step's target becomes in a mandate.
    pub fn of_target(target: &Target) -> Result<Self, NotCanonical> {
        target.ramp.as_ref().map_or_else(|| Self::of(&target.desired), |ramp| Ok(Self::Ramp(ramp.clone())))
    }

    /// What a desired state becomes in a mandate.
    pub fn of(desired: &Desired) -> Result<Self, NotCanonical> {
        Ok(match desired {
            Desired::Pinned(pin) => Self::Pinned {
                version: pin.state.version.clone(),
                content: pin.state.content_digest(),
                pin: json::digest_of(pin)?,
            },
            Desired::Attributes(attributes) => Self::Attributes(attributes.clone()),
        })
    }
}

/// What a stage may do at the most.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bounds {
    /// The stage.
    pub stage: StageName,
    /// The worst reversibility of its operations; absent: it may write nothing.
    pub worst: Option<Reversibility>,
    /// The top of the band that its first plan fell into.
    pub highest_risk: u32,
    /// The most things touched: what its first plan showed, times the headroom.
    pub most_touches: u64,
    /// The most rows of later data set aside, of each resource of which its first plan could tell: what that showed,
    /// times the headroom.
    #[serde(default)]
    pub most_rows_set_aside: BTreeMap<ResourceName, u64>,
}

/// Who must approve a stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Asks {
    /// The stage.
    pub stage: StageName,
    /// Each of these.
    pub quorums: Vec<Quorum>,
}

/// Bands and denials are to be overridden, by two people.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BreakGlass {
    /// Why.
    pub reason: String,
}

/// The log as it stood when the mandate was made: whoever signs the mandate is a witness to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogHead {
    /// The log's name.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Digest,
}

impl Mandate {
    /// The digest that approvals and entries name.
    pub fn digest(&self) -> Result<Digest, NotCanonical> {
        json::digest_of(self)
    }
}
