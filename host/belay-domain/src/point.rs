//! Rollback points: immutable, content-addressed manifests of the states of a feature set.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{EnvironmentName, FeatureSetName, Millis, PluginName, ResourceAddress, ResourceName, RunId};
use crate::json::{self, NotCanonical};
use crate::state::Pin;

/// The version of this manifest's shape.
pub const SCHEMA: u32 = 1;

/// A feature set in an environment, and the state of each of its resources.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Point {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Where.
    pub environment: EnvironmentName,
    /// Of what.
    pub feature_set: FeatureSetName,
    /// How it came to be.
    pub origin: Origin,
    /// When.
    pub captured_at: Millis,
    /// The person who asked for it.
    pub captured_by: String,
    /// The release's commit.
    pub commit: Option<String>,
    /// A changelog line.
    pub message: String,
    /// Metrics of the release, decimal numbers as text.
    pub metrics: BTreeMap<String, String>,
    /// The point before it in the set's history.
    pub parent: Option<Digest>,
    /// The states.
    pub pins: BTreeMap<ResourceName, PinnedResource>,
}

/// How a point came to be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// Somebody captured it: it stands in the set's history.
    Captured,
    /// It holds what a run's permitted plans had observed; it stands outside that history.
    Undo {
        /// The run that it undoes.
        run: RunId,
    },
}

/// The state of one resource, and who says so.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PinnedResource {
    /// Where it lives.
    pub at: ResourceAddress,
    /// The plugin that observed it.
    pub plugin: PluginName,
    /// That plugin's component.
    pub component: Digest,
    /// What was observed.
    pub pin: Pin,
}

impl Point {
    /// What the point is called by: the digest of its canonical JSON.
    pub fn digest(&self) -> Result<Digest, NotCanonical> {
        json::digest_of(self)
    }
}
