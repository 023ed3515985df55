//! Bounds on how much one rollback may touch. Knows nothing of how risky it is.

#[cfg(test)]
mod tests;

use belay_sdk::{About, Fault, Guardrail, Judgement};
use schemars::JsonSchema;
use serde::Deserialize;

/// Bounds for one stage of a rollback; what is left out is not bounded.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The most consumers that the feature set may have.
    max_consumers: Option<usize>,
    /// The most resources that a stage may write.
    max_resources: Option<usize>,
    /// The most writes that a stage may make.
    max_operations: Option<usize>,
}

#[derive(Deserialize)]
struct Facts {
    feature_set: FeatureSet,
    stage: Stage,
}

#[derive(Deserialize)]
struct FeatureSet {
    consumers: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Stage {
    resources: Vec<serde::de::IgnoredAny>,
    operations: Vec<serde::de::IgnoredAny>,
}

struct BlastRadius;

impl Guardrail for BlastRadius {
    const ABOUT: About = belay_sdk::about!();
    type Facts = Facts;
    type Config = Config;

    fn judge(facts: Facts, config: Config) -> Result<Judgement, Fault> {
        let bounds = [
            ("consumers", facts.feature_set.consumers.len(), config.max_consumers),
            ("resources", facts.stage.resources.len(), config.max_resources),
            ("operations", facts.stage.operations.len(), config.max_operations),
        ];
        let exceeded: Vec<String> = bounds.into_iter().filter_map(exceeded).collect();
        Ok(if exceeded.is_empty() { Judgement::allow() } else { Judgement::deny(exceeded) })
    }
}

fn exceeded((what, found, bound): (&str, usize, Option<usize>)) -> Option<String> {
    let bound = bound.filter(|bound| found > *bound)?;
    Some(format!("{found} {what}, at most {bound} are allowed"))
}

belay_sdk::guardrail!(BlastRadius);
