//! `features/*.toml`: the feature sets.

use std::collections::BTreeMap;

use belay_domain::feature_set::{Consumer, Error, FeatureSet, ResourceSpec, Tier, Unchecked};
use belay_domain::id::{ConnectionName, FeatureSetName, PluginName, ResourceAddress, ResourceName, TeamName};
use belay_domain::json::Json;
use serde::Deserialize;
use toml::Spanned;

use super::source::{Problem, Source, to_json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    feature_set: Spanned<Heading>,
    #[serde(default)]
    resource: Vec<ResourceTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Heading {
    name: FeatureSetName,
    owner: Spanned<String>,
    #[serde(default)]
    tier: Tier,
    #[serde(default)]
    consumers: Vec<ConsumerEntry>,
}

/// A name alone, or a name with its tier.
#[derive(Deserialize)]
#[serde(untagged)]
enum ConsumerEntry {
    Name(String),
    Full(Consumer),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceTable {
    name: ResourceName,
    plugin: Spanned<PluginName>,
    at: Spanned<ResourceAddress>,
    #[serde(default)]
    config: Option<Spanned<toml::Value>>,
    #[serde(default)]
    connections: Vec<Spanned<ConnectionName>>,
    upstream: Option<Spanned<Vec<ResourceName>>>,
    quarantine: Option<bool>,
}

/// What a feature set may refer to.
pub(super) struct Known<'config> {
    pub(super) plugins: &'config BTreeMap<PluginName, std::path::PathBuf>,
    pub(super) connections: &'config [&'config ConnectionName],
    /// None: an owner is a word for people.
    pub(super) teams: &'config [&'config TeamName],
}

/// Reads one file.
pub(super) fn parse(source: &Source, known: &Known<'_>) -> Result<FeatureSet, Vec<Problem>> {
    let file: File = source.parse().map_err(|problem| vec![problem])?;
    let span = file.feature_set.span();
    let mut problems = Vec::new();
    let mut lineage = BTreeMap::new();
    let mut resources = Vec::new();
    for table in file.resource {
        if !known.plugins.contains_key(table.plugin.as_ref()) {
            let message =
                format!("`{}` is no plugin of this workspace; belay.toml has [plugin]", table.plugin.as_ref());
            problems.push(source.problem(Some(table.plugin.span()), message));
        }
        if !known.connections.contains(&&table.at.as_ref().connection) {
            let message = format!("`{}` is no connection of belay.toml", table.at.as_ref().connection);
            problems.push(source.problem(Some(table.at.span()), message));
        }
        for name in table.connections.iter().filter(|name| !known.connections.contains(&name.as_ref())) {
            let message = format!("`{}` is no connection of belay.toml", name.as_ref());
            problems.push(source.problem(Some(name.span()), message));
        }
        let config = match table.config {
            None => Json::parse("{}").map_err(|error| error.to_string()),
            Some(value) => {
                let span = value.span();
                to_json(value.into_inner())
                    .inspect_err(|error| problems.push(source.problem(Some(span), error.clone())))
            }
        };
        let Ok(config) = config else { continue };
        if let Some(upstream) = &table.upstream {
            lineage.insert(table.name.clone(), upstream.span());
        }
        resources.push(ResourceSpec {
            name: table.name,
            plugin: table.plugin.into_inner(),
            at: table.at.into_inner(),
            config,
            connections: table.connections.into_iter().map(Spanned::into_inner).collect(),
            upstream: table.upstream.map(Spanned::into_inner).unwrap_or_default(),
            quarantine: table.quarantine,
        });
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let heading = file.feature_set.into_inner();
    let owner = heading.owner.as_ref();
    if !known.teams.is_empty() && !known.teams.iter().any(|team| team.as_str() == owner) {
        let message = format!("`{owner}` is no team: belay.toml has no [team.{owner}]");
        return Err(vec![source.problem(Some(heading.owner.span()), message)]);
    }
    let consumers = heading.consumers.into_iter().map(|entry| match entry {
        ConsumerEntry::Name(name) => Consumer { name, tier: Tier::default() },
        ConsumerEntry::Full(consumer) => consumer,
    });
    let set = Unchecked {
        name: heading.name,
        owner: heading.owner.into_inner(),
        tier: heading.tier,
        consumers: consumers.collect(),
        resources,
    };
    set.try_into().map_err(|error: Error| {
        let place = error.resource().and_then(|resource| lineage.remove(resource));
        vec![source.problem(Some(place.unwrap_or(span)), error.to_string())]
    })
}
