//! The pins that a run goes back to belong together: a model was trained on the dataset and the features that it is put
//! back beside. Reads what the pins record; never guesses. What isn't known is said to be unknown.

mod compare;
mod pins;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use belay_sdk::{About, Fault, Guardrail, Judgement};
use schemars::JsonSchema;
use serde::Deserialize;

use compare::Outcome;
use pins::Pin;

/// Which pins must belong together.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// What must match.
    pairs: Vec<Pair>,
    /// What happens where it isn't known whether two pins belong together; `deny` unless said.
    #[serde(default)]
    unknown: Unknown,
}

/// What one pin recorded about another, and what it is held against.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Pair {
    /// The resource whose pin recorded what it was made from: `model`.
    resource: String,
    /// What it recorded.
    recorded: Recorded,
    /// The resource that it was made from: `dataset`.
    of: String,
    /// What of that one's pin it must be: `version`, `content` (its SHA-256), or a member of its content, such as
    /// `files_sha256`; `version` unless said.
    #[serde(default = "version")]
    is: String,
}

/// Where a pin recorded it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Recorded {
    /// The digest of the input dataset of this name.
    Input(String),
    /// The tag of this name.
    Tag(String),
}

/// What an unknown match does.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Unknown {
    /// It is noted.
    Note,
    /// It denies.
    #[default]
    Deny,
}

fn version() -> String {
    "version".to_owned()
}

#[derive(Deserialize)]
struct Facts {
    pins: Vec<Pin>,
    stage: Stage,
}

#[derive(Deserialize)]
struct Stage {
    resources: BTreeSet<String>,
}

struct TagMatch;

impl Guardrail for TagMatch {
    const ABOUT: About = belay_sdk::about!();
    type Facts = Facts;
    type Config = Config;

    fn judge(facts: Facts, config: Config) -> Result<Judgement, Fault> {
        let (mut mismatches, mut unknown) = (Vec::new(), Vec::new());
        for pair in &config.pairs {
            // A stage that writes neither, as one that contains, is not what brings them together.
            let written = [&pair.resource, &pair.of].into_iter().any(|name| facts.stage.resources.contains(name));
            if !written {
                continue;
            }
            let pin = |name: &str| facts.pins.iter().find(|pin| pin.resource == name);
            match compare::held(pair, pin(&pair.resource), pin(&pair.of)) {
                Outcome::Match => {}
                Outcome::Mismatch(why) => mismatches.push(why),
                Outcome::Unknown(why) => unknown.push(why),
            }
        }
        let denials = match config.unknown {
            Unknown::Deny => [mismatches, unknown.clone()].concat(),
            Unknown::Note => mismatches,
        };
        let judged = if denials.is_empty() { Judgement::allow() } else { Judgement::deny(denials) };
        let notes = if config.unknown == Unknown::Note { unknown } else { Vec::new() };
        Ok(notes.into_iter().fold(judged, Judgement::with_note))
    }
}

belay_sdk::guardrail!(TagMatch);
