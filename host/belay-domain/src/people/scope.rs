//! Scopes: what a team, a role or a runbook may touch. A scope only ever takes away.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{ConnectionName, EnvironmentName, FeatureSetName, ResourceName};

/// What may be touched. A list that is absent sets no limit; an empty one allows nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Feature sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature_sets: Option<BTreeSet<FeatureSetName>>,
    /// Resources, by their name within their feature set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<BTreeSet<ResourceName>>,
    /// Environments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<BTreeSet<EnvironmentName>>,
    /// Connections, also those that are only read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<BTreeSet<ConnectionName>>,
}

/// What a request touches: everything that its runbook would restore or read of a feature set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Touched {
    /// The feature set.
    pub feature_set: FeatureSetName,
    /// Its owner.
    pub owner: String,
    /// Where.
    pub environment: EnvironmentName,
    /// Its resources that the request restores.
    pub resources: BTreeSet<ResourceName>,
    /// Connections that are written or read for that.
    pub connections: BTreeSet<ConnectionName>,
}

/// Something that a scope leaves out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Outside {
    /// A feature set.
    FeatureSet(FeatureSetName),
    /// A resource.
    Resource(ResourceName),
    /// An environment.
    Environment(EnvironmentName),
    /// A connection.
    Connection(ConnectionName),
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FeatureSet(name) => write!(f, "feature set {name}"),
            Self::Resource(name) => write!(f, "resource {name}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Connection(name) => write!(f, "connection {name}"),
        }
    }
}

impl Scope {
    /// Whether it limits nothing.
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// What a request touches and the scope leaves out, in order.
    pub fn outside(&self, touched: &Touched) -> Vec<Outside> {
        let mut outside = Vec::new();
        if left_out(self.feature_sets.as_ref(), &touched.feature_set) {
            outside.push(Outside::FeatureSet(touched.feature_set.clone()));
        }
        outside.extend(self.outside_but_sets(touched));
        outside
    }

    /// Like [`Scope::outside`], whatever the feature set.
    pub(super) fn outside_but_sets(&self, touched: &Touched) -> Vec<Outside> {
        let environment = [&touched.environment].into_iter().filter(|name| left_out(self.environments.as_ref(), name));
        let environment = environment.cloned().map(Outside::Environment);
        let resources = touched.resources.iter().filter(|name| left_out(self.resources.as_ref(), name));
        let connections = touched.connections.iter().filter(|name| left_out(self.connections.as_ref(), name));
        let rest = resources.cloned().map(Outside::Resource).chain(connections.cloned().map(Outside::Connection));
        environment.chain(rest).collect()
    }
}

fn left_out<N: Ord>(allowed: Option<&BTreeSet<N>>, name: &N) -> bool {
    allowed.is_some_and(|allowed| !allowed.contains(name))
}

/// `environment prod, connection registry`.
pub(super) fn list(outside: &[Outside]) -> String {
    outside.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
