//! `may = { … }`: what a team, a role or a runbook may touch. A name that nothing has would limit nothing or everything,
//! and nobody would notice: it is refused.

use std::collections::BTreeSet;
use std::fmt::Display;

use belay_domain::feature_set::FeatureSet;
use belay_domain::id::{ConnectionName, EnvironmentName, FeatureSetName, ResourceName};
use belay_domain::people::Scope;
use serde::Deserialize;
use toml::Spanned;

use super::source::{Problem, Source};

/// A scope, with the place of each name.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScopeTable {
    feature_sets: Option<Vec<Spanned<FeatureSetName>>>,
    resources: Option<Vec<Spanned<ResourceName>>>,
    environments: Option<Vec<Spanned<EnvironmentName>>>,
    connections: Option<Vec<Spanned<ConnectionName>>>,
}

/// What a scope can name.
pub(super) struct Nameable<'config> {
    pub(super) environments: BTreeSet<&'config EnvironmentName>,
    pub(super) connections: BTreeSet<&'config ConnectionName>,
    pub(super) feature_sets: BTreeSet<&'config FeatureSetName>,
    pub(super) resources: BTreeSet<&'config ResourceName>,
}

impl<'config> Nameable<'config> {
    pub(super) fn new(
        environments: impl IntoIterator<Item = &'config EnvironmentName>,
        connections: impl IntoIterator<Item = &'config ConnectionName>,
        sets: impl IntoIterator<Item = &'config FeatureSet>,
    ) -> Self {
        let sets: Vec<_> = sets.into_iter().collect();
        Self {
            environments: environments.into_iter().collect(),
            connections: connections.into_iter().collect(),
            feature_sets: sets.iter().map(|set| set.name()).collect(),
            resources: sets.iter().flat_map(|set| set.resources()).map(|spec| &spec.name).collect(),
        }
    }
}

impl ScopeTable {
    /// The scope; what it names that nothing has becomes a problem.
    pub(super) fn read(self, source: &Source, nameable: &Nameable<'_>, problems: &mut Vec<Problem>) -> Scope {
        Scope {
            feature_sets: names(self.feature_sets, &nameable.feature_sets, "feature set", source, problems),
            resources: names(self.resources, &nameable.resources, "resource", source, problems),
            environments: names(self.environments, &nameable.environments, "environment", source, problems),
            connections: names(self.connections, &nameable.connections, "connection", source, problems),
        }
    }
}

fn names<N: Ord + Display>(
    listed: Option<Vec<Spanned<N>>>,
    known: &BTreeSet<&N>,
    what: &str,
    source: &Source,
    problems: &mut Vec<Problem>,
) -> Option<BTreeSet<N>> {
    let listed = listed?;
    for name in listed.iter().filter(|name| !known.contains(name.as_ref())) {
        let message = format!("`{}` is no {what} of this workspace", name.as_ref());
        problems.push(source.problem(Some(name.span()), message));
    }
    Some(listed.into_iter().map(Spanned::into_inner).collect())
}
