//! A check of a JSON request's labels, as admission controllers make it. For measurements: the same code runs natively
//! and as a guardrail.

use std::collections::BTreeMap;

use belay_sdk::{About, Fault, Guardrail, Judgement, json};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which labels a request must and must not have.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Labels that must be there.
    mandatory: Vec<String>,
    /// Labels that must not.
    denied: Vec<String>,
}

/// A request of an admission review, as far as its labels go.
#[derive(Deserialize)]
pub struct Request {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// The check, from texts: what is wrong with the request's labels.
///
/// # Errors
/// A text is not what it should be.
pub fn check(request: &str, config: &str) -> Result<Vec<String>, Fault> {
    Ok(wrong(&json::configured(request, "the request")?, &json::configured(config, "the configuration")?))
}

fn wrong(request: &Request, config: &Config) -> Vec<String> {
    let labels = &request.object.metadata.labels;
    let missing = config.mandatory.iter().filter(|label| !labels.contains_key(*label));
    let present = config.denied.iter().filter(|label| labels.contains_key(*label));
    missing
        .map(|label| format!("the label `{label}` is missing"))
        .chain(present.map(|label| format!("the label `{label}` is denied")))
        .collect()
}

struct Labels;

impl Guardrail for Labels {
    const ABOUT: About = belay_sdk::about!();
    type Facts = Request;
    type Config = Config;

    fn judge(request: Request, config: Config) -> Result<Judgement, Fault> {
        let wrong = wrong(&request, &config);
        Ok(if wrong.is_empty() { Judgement::allow() } else { Judgement::deny(wrong) })
    }
}

belay_sdk::guardrail!(Labels);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_are_missing_or_denied_are_told() {
        let request = r#"{"object": {"metadata": {"labels": {"owner": "ranking", "debug": "1"}}}}"#;
        let config = r#"{"mandatory": ["owner", "cost-center"], "denied": ["debug"]}"#;
        assert_eq!(
            check(request, config),
            Ok(vec!["the label `cost-center` is missing".to_owned(), "the label `debug` is denied".to_owned()])
        );
    }
}
