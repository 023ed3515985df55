//! {{summary}}

use belay_sdk::{About, Fault, Guardrail, Judgement};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What the operator sets. A misspelt bound is no bound, so it is refused.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The most consumers that the feature set may have.
    max_consumers: usize,
}

/// What this policy needs of the facts. The rest is ignored: facts grow.
#[derive(Deserialize)]
struct Facts {
    feature_set: FeatureSet,
}

#[derive(Deserialize)]
struct FeatureSet {
    consumers: Vec<IgnoredAny>,
}

struct {{type}};

impl Guardrail for {{type}} {
    const ABOUT: About = belay_sdk::about!();
    type Facts = Facts;
    type Config = Config;

    fn judge(facts: Facts, config: Config) -> Result<Judgement, Fault> {
        let (found, most) = (facts.feature_set.consumers.len(), config.max_consumers);
        Ok(if found <= most {
            Judgement::allow()
        } else {
            Judgement::deny([format!("{found} consumers, at most {most} are allowed")])
        })
    }
}

belay_sdk::guardrail!({{type}});
