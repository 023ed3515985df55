//! What a runbook or a person may touch: a list of what is in scope. What no line of it covers is denied. Knows nothing
//! of how risky it is.

mod pattern;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use belay_sdk::{About, Fault, Guardrail, Judgement};
use schemars::JsonSchema;
use serde::Deserialize;

use pattern::Patterns;

/// What is in scope. Each write must be covered by one line, whole; what no line covers is denied.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The lines. Without any, nothing may be written.
    allow: Vec<Line>,
}

/// Who may write what. A key that is left out stands for all; `*` in a name stands for any text.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Line {
    /// The people who may ask for it.
    requesters: Option<Patterns>,
    /// The runbooks that may do it.
    runbooks: Option<Patterns>,
    /// Where.
    environments: Option<Patterns>,
    /// The feature sets.
    feature_sets: Option<Patterns>,
    /// The teams that own the feature sets.
    owners: Option<Patterns>,
    /// The resources, as the feature set names them.
    resources: Option<Patterns>,
    /// The connections that are written through.
    connections: Option<Patterns>,
}

#[derive(Deserialize)]
struct Facts {
    requester: String,
    environment: String,
    runbook: Runbook,
    feature_set: FeatureSet,
    stage: Stage,
}

#[derive(Deserialize)]
struct Runbook {
    name: String,
}

#[derive(Deserialize)]
struct FeatureSet {
    name: String,
    owner: String,
}

#[derive(Deserialize)]
struct Stage {
    operations: Vec<Operation>,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Operation {
    resource: String,
    connection: String,
}

struct Scope;

impl Guardrail for Scope {
    const ABOUT: About = belay_sdk::about!();
    type Facts = Facts;
    type Config = Config;

    fn judge(facts: Facts, config: Config) -> Result<Judgement, Fault> {
        let here: Vec<&Line> = config.allow.iter().filter(|line| line.takes(&facts)).collect();
        let outside: BTreeSet<&Operation> =
            facts.stage.operations.iter().filter(|write| !here.iter().any(|line| line.covers(write))).collect();
        Ok(if outside.is_empty() {
            Judgement::allow()
        } else {
            Judgement::deny(outside.into_iter().map(|write| denial(&facts, write)))
        })
    }
}

impl Line {
    /// Whether it is about this run at all.
    fn takes(&self, facts: &Facts) -> bool {
        let Facts { requester, environment, runbook, feature_set, stage: _ } = facts;
        let named = [
            (&self.requesters, requester),
            (&self.runbooks, &runbook.name),
            (&self.environments, environment),
            (&self.feature_sets, &feature_set.name),
            (&self.owners, &feature_set.owner),
        ];
        named.into_iter().all(|(patterns, name)| fits(patterns.as_ref(), name))
    }

    /// Whether it covers a write.
    fn covers(&self, write: &Operation) -> bool {
        fits(self.resources.as_ref(), &write.resource) && fits(self.connections.as_ref(), &write.connection)
    }
}

fn fits(patterns: Option<&Patterns>, name: &str) -> bool {
    patterns.is_none_or(|patterns| patterns.match_any(name))
}

fn denial(facts: &Facts, Operation { resource, connection }: &Operation) -> String {
    let Facts { requester, environment, runbook, feature_set, stage: _ } = facts;
    format!(
        "{resource} of {} through {connection} in {environment} is not in the scope of {} by {requester}",
        feature_set.name, runbook.name
    )
}

belay_sdk::guardrail!(Scope);
