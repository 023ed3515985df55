//! Feature sets: catalog entries with an owner, a tier, resources, lineage and consumers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::{ConnectionName, FeatureSetName, PluginName, ResourceAddress, ResourceName};
use crate::json::Json;

/// How much rests on a feature set or a consumer. Ordered: later is more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Nobody's work stops.
    Experimental,
    /// The usual.
    #[default]
    Standard,
    /// Users notice.
    Important,
    /// The business stops.
    Critical,
}

impl std::fmt::Display for Tier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Experimental => "experimental",
            Self::Standard => "standard",
            Self::Important => "important",
            Self::Critical => "critical",
        })
    }
}

/// Who uses a feature set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Consumer {
    /// For people: `search-page`.
    pub name: String,
    /// How much rests on it.
    #[serde(default)]
    pub tier: Tier,
}

/// One resource of a feature set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ResourceSpec {
    /// Its name within the set.
    pub name: ResourceName,
    /// The reverter that knows its kind.
    pub plugin: PluginName,
    /// Where it lives.
    pub at: ResourceAddress,
    /// The plugin's configuration for it.
    pub config: Json,
    /// Connections that the plugin may read beside the resource's own, such as the one where the feature is served.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<ConnectionName>,
    /// The resources of the set that it is made from: they are restored first.
    pub upstream: Vec<ResourceName>,
    /// Whether a content that a rollback leaves is quarantined; absent: where its reverter has no attributes to set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<bool>,
}

/// A catalog entry. Its resources have distinct names and addresses, and lineage has no cycle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct FeatureSet {
    name: FeatureSetName,
    owner: String,
    tier: Tier,
    consumers: Vec<Consumer>,
    resources: Vec<ResourceSpec>,
}

/// A feature set before its resources and lineage were examined.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unchecked {
    /// Its name.
    pub name: FeatureSetName,
    /// The team that owns it.
    pub owner: String,
    /// How much rests on it.
    pub tier: Tier,
    /// Who uses it.
    pub consumers: Vec<Consumer>,
    /// What it is made of.
    pub resources: Vec<ResourceSpec>,
}

/// Why a feature set can't be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// Without resources there is nothing to roll back.
    #[error("it has no resources")]
    Empty,
    /// Steps could not tell them apart.
    #[error("two resources are called `{0}`")]
    SameName(ResourceName),
    /// Two steps would write one thing.
    #[error("`{0}` and `{1}` are at the same address")]
    SameAddress(ResourceName, ResourceName),
    /// Lineage names something that is not in the set.
    #[error("`{resource}` is said to be made from `{upstream}`, which this set doesn't have")]
    UnknownUpstream {
        /// The resource.
        resource: ResourceName,
        /// What its `upstream` names.
        upstream: ResourceName,
    },
    /// No order could restore them.
    #[error("lineage goes in a circle: {}", .0.iter().map(ResourceName::as_str).collect::<Vec<_>>().join(" → "))]
    Cycle(Vec<ResourceName>),
}

impl Error {
    /// The resource whose lineage is wrong.
    pub fn resource(&self) -> Option<&ResourceName> {
        match self {
            Self::Empty | Self::SameName(_) | Self::SameAddress(..) => None,
            Self::UnknownUpstream { resource, .. } => Some(resource),
            Self::Cycle(path) => path.first(),
        }
    }
}

impl FeatureSet {
    /// The set's name.
    pub const fn name(&self) -> &FeatureSetName {
        &self.name
    }

    /// The team that owns it.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// How much rests on it.
    pub const fn tier(&self) -> Tier {
        self.tier
    }

    /// Who uses it.
    pub fn consumers(&self) -> &[Consumer] {
        &self.consumers
    }

    /// What it is made of, in the order of its file.
    pub fn resources(&self) -> &[ResourceSpec] {
        &self.resources
    }

    /// One resource.
    pub fn resource(&self, name: &ResourceName) -> Option<&ResourceSpec> {
        self.resources.iter().find(|resource| resource.name == *name)
    }

    /// What a resource is made from, directly or through others.
    pub fn upstream_of<'s>(&'s self, name: &ResourceName) -> BTreeSet<&'s ResourceName> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&'s ResourceName> = self.resource(name).map(|spec| &spec.name).into_iter().collect();
        while let Some(spec) = open.pop().and_then(|next| self.resource(next)) {
            open.extend(spec.upstream.iter().filter(|upstream| found.insert(*upstream)));
        }
        found
    }

    /// What is made from a resource, directly or through others.
    pub fn downstream_of<'s>(&'s self, name: &ResourceName) -> BTreeSet<&'s ResourceName> {
        let others = self.resources.iter().map(|resource| &resource.name);
        others.filter(|other| self.upstream_of(other).contains(name)).collect()
    }
}

impl TryFrom<Unchecked> for FeatureSet {
    type Error = Error;

    fn try_from(set: Unchecked) -> Result<Self, Error> {
        if set.resources.is_empty() {
            return Err(Error::Empty);
        }
        let mut names = BTreeSet::new();
        let mut addresses = BTreeMap::new();
        for resource in &set.resources {
            if !names.insert(&resource.name) {
                return Err(Error::SameName(resource.name.clone()));
            }
            let place = (&resource.at, &resource.plugin, resource.config.canonical());
            if let Some(other) = addresses.insert(place, &resource.name) {
                return Err(Error::SameAddress(other.clone(), resource.name.clone()));
            }
        }
        for resource in &set.resources {
            if let Some(upstream) = resource.upstream.iter().find(|upstream| !names.contains(upstream)) {
                return Err(Error::UnknownUpstream { resource: resource.name.clone(), upstream: upstream.clone() });
            }
        }
        acyclic(&set.resources)?;
        Ok(Self {
            name: set.name,
            owner: set.owner,
            tier: set.tier,
            consumers: set.consumers,
            resources: set.resources,
        })
    }
}

impl From<FeatureSet> for Unchecked {
    fn from(set: FeatureSet) -> Self {
        Self { name: set.name, owner: set.owner, tier: set.tier, consumers: set.consumers, resources: set.resources }
    }
}

/// Takes away, again and again, what is made from nothing that is left; what remains holds a circle.
fn acyclic(resources: &[ResourceSpec]) -> Result<(), Error> {
    let mut left: BTreeMap<&ResourceName, &ResourceSpec> = resources.iter().map(|r| (&r.name, r)).collect();
    loop {
        let free: Vec<_> =
            left.values().filter(|r| !r.upstream.iter().any(|u| left.contains_key(u))).map(|r| &r.name).collect();
        if free.is_empty() {
            break;
        }
        for name in free {
            left.remove(name);
        }
    }
    let Some(start) = left.keys().next() else { return Ok(()) };
    let mut path = vec![(*start).clone()];
    // Each resource that is left has an upstream that is left, so the walk must come back to where it was.
    while let Some(next) =
        path.last().and_then(|last| left.get(last)?.upstream.iter().find(|upstream| left.contains_key(upstream)))
    {
        let next = next.clone();
        if let Some(begin) = path.iter().position(|name| *name == next) {
            path.drain(..begin);
            path.push(next);
            break;
        }
        path.push(next);
    }
    Err(Error::Cycle(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(name: &str, upstream: &[&str]) -> ResourceSpec {
        ResourceSpec {
            name: name.parse().unwrap(),
            plugin: "delta-table".parse().unwrap(),
            at: format!("lake/{name}").parse().unwrap(),
            config: Json::parse("{}").unwrap(),
            connections: vec![],
            upstream: upstream.iter().map(|name| name.parse().unwrap()).collect(),
            quarantine: None,
        }
    }

    fn set(resources: Vec<ResourceSpec>) -> Result<FeatureSet, Error> {
        Unchecked {
            name: "ranker".parse().unwrap(),
            owner: "ranking".into(),
            tier: Tier::Critical,
            consumers: vec![],
            resources,
        }
        .try_into()
    }

    #[test]
    fn lineage_reaches_through_others() {
        let set = set(vec![resource("a", &[]), resource("b", &["a"]), resource("c", &["b"])]).unwrap();
        let names = |found: BTreeSet<&ResourceName>| found.into_iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(set.upstream_of(&"c".parse().unwrap())), ["a", "b"]);
        assert_eq!(names(set.downstream_of(&"a".parse().unwrap())), ["b", "c"]);
    }

    #[test]
    fn a_circle_is_shown_as_one() {
        let error =
            set(vec![resource("x", &["a"]), resource("a", &["c"]), resource("b", &["a"]), resource("c", &["b"])]);
        assert_eq!(error.unwrap_err().to_string(), "lineage goes in a circle: a → c → b → a");
    }

    #[test]
    fn what_could_not_be_told_apart_is_refused() {
        assert_eq!(set(vec![]), Err(Error::Empty));
        assert!(matches!(set(vec![resource("a", &[]), resource("a", &[])]), Err(Error::SameName(_))));
        assert!(matches!(set(vec![resource("a", &["b"])]), Err(Error::UnknownUpstream { .. })));
        let mut twin = resource("b", &[]);
        twin.at = "lake/a".parse().unwrap();
        assert!(matches!(set(vec![resource("a", &[]), twin]), Err(Error::SameAddress(..))));
    }
}
