//! Policies in Rego, from files of the workspace. Never looks at a clock or a network: what a policy asks of them is
//! the plan's moment, or an error. Any error in a policy denies.

mod entry;
mod mistake;
mod policies;
mod said;
#[cfg(test)]
mod tests;

use belay_sdk::{About, Fault, Guardrail, Judgement, TextFile};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use said::Said;

/// Which policies judge.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The policies. In `belay.toml`, `files = { policies = "policies/*.rego" }` takes them from files.
    policies: Vec<TextFile>,
    /// What the policies find under `data`, beside what they define; `files = { data = "owners.json" }` takes it from a
    /// file.
    #[serde(default)]
    data: Map<String, Value>,
    /// The package whose rules `deny`, `warn`, `allow` and `verdict` are asked; `belay` unless said.
    #[serde(default = "belay")]
    package: String,
    /// The language that the policies are written in; `v1` unless said.
    #[serde(default)]
    language: Language,
}

/// A version of Rego.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Language {
    /// Without `if` and `contains`, as before OPA 1.0.
    V0,
    /// As OPA takes it since 1.0.
    #[default]
    V1,
}

fn belay() -> String {
    "belay".to_owned()
}

struct Rego;

impl Guardrail for Rego {
    const ABOUT: About = belay_sdk::about!();
    /// The whole facts: what policies see as `input`.
    type Facts = regorus::Value;
    type Config = Config;

    fn judge(facts: regorus::Value, config: Config) -> Result<Judgement, Fault> {
        let mut loaded = policies::load(&config, facts)?;
        let mut said = Said::default();
        for entry in entry::declared(&loaded, &config)? {
            let path = entry.path(&config.package);
            let value = loaded.engine.eval_rule(path.clone()).map_err(|error| mistake::fault(&error))?;
            said.hear(entry, &path, &value)?;
        }
        Ok(said.judgement())
    }
}

belay_sdk::guardrail!(Rego);
