//! Freezes, with a lane of its own for rollbacks. Never looks at a clock: the moment is the plan's.

mod freeze;
#[cfg(test)]
mod tests;

use belay_sdk::{About, Fault, Guardrail, Judgement};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use freeze::Freeze;

/// When nothing may change.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The freezes. In `belay.toml`, `files = { freezes = "freezes.toml#/freezes" }` takes them from a file.
    freezes: Vec<Freeze>,
    /// Whether a rollback may be made during a freeze; `deny` unless said.
    #[serde(default)]
    rollbacks: Lane,
    /// Whether a rollback may be undone during a freeze: that brings a release back. `deny` unless said.
    #[serde(default)]
    undos: Lane,
}

/// What a freeze does to a kind of run.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Lane {
    /// It may be made.
    Allow,
    /// It waits until the freeze is over.
    #[default]
    Deny,
}

#[derive(Deserialize)]
struct Facts {
    now: Moment,
    purpose: Purpose,
}

#[derive(Deserialize)]
struct Moment {
    /// Milliseconds since 1970 UTC.
    ms: i64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Purpose {
    Rollback,
    Undo,
}

struct ChangeWindow;

impl Guardrail for ChangeWindow {
    const ABOUT: About = belay_sdk::about!();
    type Facts = Facts;
    type Config = Config;

    fn judge(facts: Facts, config: Config) -> Result<Judgement, Fault> {
        let now = Timestamp::from_millisecond(facts.now.ms)
            .map_err(|error| Fault::Invalid(format!("the moment of the plan: {error}")))?;
        let (lane, what) = match facts.purpose {
            Purpose::Rollback => (config.rollbacks, "rollback"),
            Purpose::Undo => (config.undos, "undo"),
        };
        let mut holding = Vec::new();
        for freeze in &config.freezes {
            // Each is read, not only those before the first that holds: a mistake must not show on the day itself.
            if freeze.span()?.contains(&now) {
                holding.push(freeze.to_string());
            }
        }
        Ok(match lane {
            _ if holding.is_empty() => Judgement::allow(),
            Lane::Allow => holding
                .into_iter()
                .fold(Judgement::allow(), |judged, freeze| judged.with_note(format!("{freeze}; {what} lane"))),
            Lane::Deny => Judgement::deny(holding),
        })
    }
}

belay_sdk::guardrail!(ChangeWindow);
