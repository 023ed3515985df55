//! Policies in Cedar, from files of the workspace. What no policy permits is denied, and any error in any policy denies.

mod answer;
mod case;
mod facts;
mod mistake;
mod policies;
#[cfg(test)]
mod tests;

use belay_sdk::{About, Fault, Guardrail, Judgement, TextFile};
use cedar_policy::Authorizer;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use facts::Facts;

/// Which policies judge.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The policies. In `belay.toml`, `files = { policies = "policies/*.cedar" }` takes them from files.
    policies: Vec<TextFile>,
    /// One schema in place of belay's own, with which it should begin; the policies are checked against it.
    #[serde(default)]
    schema: Vec<TextFile>,
    /// Teams, groups and people, as Cedar writes entities in JSON; `files = { entities = "people.json" }` takes them
    /// from a file.
    #[serde(default)]
    entities: Vec<Value>,
}

struct Cedar;

impl Guardrail for Cedar {
    const ABOUT: About = belay_sdk::about!();
    type Facts = Facts;
    type Config = Config;

    fn judge(facts: Facts, config: Config) -> Result<Judgement, Fault> {
        let validator = policies::validator(&config.schema)?;
        let policies = policies::load(&config.policies, &validator)?;
        let (request, entities) = case::put(&facts, config.entities, validator.schema())?;
        let response = Authorizer::new().is_authorized(&request, policies.set(), &entities);
        answer::of(&response, &policies)
    }
}

/// Cedar makes its schema, its parsers and the names of its extensions when they are first needed. Judging once, whatever
/// comes of it, makes them.
fn prepare() {
    let facts = belay_sdk::json::configured(include_str!("../../../wit/facts.example.json"), "the facts");
    let policies =
        vec![TextFile { file: "policies.cedar".to_owned(), text: include_str!("../fixtures/team.cedar").to_owned() }];
    let config = Config { policies, schema: Vec::new(), entities: Vec::new() };
    let _judged = facts.and_then(|facts| Cedar::judge(facts, config));
}

belay_sdk::guardrail!(Cedar, prepare);
