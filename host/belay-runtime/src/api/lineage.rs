//! What hangs together, and what was active when.

use belay_domain::digest::Digest;
use belay_domain::id::{EnvironmentName, FeatureSetName, Millis, PointId, ResourceAddress, ResourceName, RunbookName};
use belay_domain::lineage::{Impact, Node};
use serde::{Deserialize, Serialize};

/// What hangs together with something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImpactAnswer {
    /// As it was asked for.
    pub name: String,
    /// Upstream, downstream and consumers.
    #[serde(flatten)]
    pub impact: Impact,
    /// The runbooks with a step for it.
    pub runbooks: Vec<Covering>,
}

/// A runbook, and which of the resources it has a step for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Covering {
    /// The runbook.
    pub runbook: RunbookName,
    /// The resources.
    pub covers: Vec<Node>,
}

/// What was active at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeaturesAnswer {
    /// Where.
    pub environment: EnvironmentName,
    /// When.
    pub at: Millis,
    /// Each feature set.
    pub sets: Vec<ActiveSet>,
}

/// What was active of a feature set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActiveSet {
    /// The set.
    pub feature_set: FeatureSetName,
    /// The newest point of it then.
    pub point: Option<PointId>,
    /// Each resource.
    pub resources: Vec<ActiveResource>,
}

/// What is known of a resource around a moment. Between the two sightings nobody looked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActiveResource {
    /// Its name.
    pub name: ResourceName,
    /// Where it lives.
    pub at: ResourceAddress,
    /// The last sighting at or before the moment.
    pub last: Option<Seen>,
    /// The first one after it.
    pub next: Option<Seen>,
}

/// A sighting.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// When.
    pub at: Millis,
    /// The version's label.
    pub version: String,
    /// The content's digest.
    pub content: Digest,
    /// For people: `left by r-77`, `captured`, `changed outside belay`.
    pub by: String,
}
