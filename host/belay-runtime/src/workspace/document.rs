//! The governance as one document: everything in a workspace that says what may be done and by whom. What is not in it
//! (runbooks, checks, the configuration of resources) is judged each time that it is used.

use std::collections::{BTreeMap, BTreeSet};

use belay_domain::connection::ConnectionRules;
use belay_domain::digest::Digest;
use belay_domain::feature_set::{Consumer, FeatureSet, Tier};
use belay_domain::id::{ConnectionName, EnvironmentName, FeatureSetName, PluginName, ResourceAddress, ResourceName};
use belay_domain::json::{Json, NotCanonical};
use serde::Serialize;

use super::{Days, Environment, Guardrail, PinnedPlugin, RiskPolicy, Staff, Workspace};

/// The version of this shape.
const SCHEMA: u32 = 1;
/// How fast a connection is used, and for how long: it widens nothing, and may have to change in the night.
const PACE: [&str; 5] = ["timeout", "digest_timeout", "scan_timeout", "retry", "rate"];

#[derive(Serialize)]
struct Document<'w> {
    schema: u32,
    environments: BTreeMap<&'w EnvironmentName, Rules<'w>>,
    guardrails: &'w [Guardrail],
    plugins: &'w BTreeMap<PluginName, PinnedPlugin>,
    /// Those that were granted more room.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    large: &'w BTreeSet<PluginName>,
    feature_sets: BTreeMap<&'w FeatureSetName, Owned<'w>>,
    staff: Option<&'w Staff>,
    /// How long blobs are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    retention: Option<Days>,
}

/// What holds in an environment. Where a connection leads is part of it: rules for one system must not become those of
/// another by a change of an address.
#[derive(Serialize)]
struct Rules<'w> {
    risk: &'w RiskPolicy,
    connections: BTreeMap<&'w ConnectionName, Connection<'w>>,
}

#[derive(Serialize)]
struct Connection<'w> {
    rules: &'w ConnectionRules,
    place: &'w BTreeMap<String, Json>,
}

/// What of a feature set decides who may approve and how risky it is: whose it is, and what it is made of.
#[derive(Serialize)]
struct Owned<'w> {
    owner: &'w str,
    tier: Tier,
    consumers: &'w [Consumer],
    resources: BTreeMap<&'w ResourceName, &'w ResourceAddress>,
}

impl Workspace {
    /// The governance as the files have it.
    pub fn governance(&self) -> Result<Json, NotCanonical> {
        Json::from(&Document {
            schema: SCHEMA,
            environments: self.environments.iter().map(|(name, environment)| (name, rules(environment))).collect(),
            guardrails: &self.guardrails,
            plugins: &self.lock.plugin,
            large: &self.large,
            feature_sets: self.feature_sets.iter().map(|(name, set)| (name, owned(set))).collect(),
            staff: self.staff.as_ref(),
            retention: self.retention,
        })
    }
}

fn rules(environment: &Environment) -> Rules<'_> {
    let connections = environment.connections.iter().filter_map(|(name, spec)| {
        Some((name, Connection { rules: &spec.rules, place: environment.places.get(name)? }))
    });
    Rules { risk: &environment.risk, connections: connections.collect() }
}

fn owned(set: &FeatureSet) -> Owned<'_> {
    Owned {
        owner: set.owner(),
        tier: set.tier(),
        consumers: set.consumers(),
        resources: set.resources().iter().map(|spec| (&spec.name, &spec.at)).collect(),
    }
}

/// Where a connection leads, as the files say it. What may hold a secret stands there as its digest only.
pub(super) fn place(keys: &toml::Table) -> BTreeMap<String, Json> {
    let told = keys.iter().filter(|(key, _)| !PACE.contains(&key.as_str())).map(|(key, value)| {
        let plain = super::source::to_json(value.clone());
        let secret = key == "auth" || value.as_str().is_some_and(|text| text.contains('@'));
        let told = match plain {
            Ok(json) if !secret => json,
            Ok(json) => digested(&json.digest()),
            Err(_) => digested(&Digest::of(value.to_string().as_bytes())),
        };
        (key.clone(), told)
    });
    told.collect()
}

fn digested(digest: &Digest) -> Json {
    Json::new(format!("sha256 {digest}").into()).unwrap_or(Json::NULL)
}
