//! How old a rollback point may be, by the feature set's tier. Knows nothing of the workspace's own `max_point_age`,
//! which holds beside it.

#[cfg(test)]
mod tests;

use std::time::Duration;

use belay_sdk::{About, Fault, Guardrail, Judgement};
use schemars::JsonSchema;
use serde::Deserialize;

/// The oldest state that may be gone back to, as in `"7d"`, `"36h"` or `"1h 30m"`; what is left out is not bounded.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// By the feature set's tier; the strictest bound of this tier and of those below it holds.
    #[serde(default)]
    oldest: Oldest,
    /// What happens where the states were named one by one, so that their age isn't known; `deny` unless said.
    #[serde(default)]
    without_age: WithoutAge,
}

/// A bound for each tier.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Oldest {
    /// Nobody's work stops.
    experimental: Option<String>,
    /// The usual.
    standard: Option<String>,
    /// Users notice.
    important: Option<String>,
    /// The business stops.
    critical: Option<String>,
}

/// What an unknown age does.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum WithoutAge {
    /// It is noted.
    Allow,
    /// It denies.
    #[default]
    Deny,
}

#[derive(Deserialize)]
struct Facts {
    now: Moment,
    feature_set: FeatureSet,
    destination: Destination,
    stage: Stage,
}

#[derive(Deserialize)]
struct Moment {
    ms: u64,
}

#[derive(Deserialize)]
struct FeatureSet {
    tier: Tier,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tier {
    Experimental,
    Standard,
    Important,
    Critical,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Destination {
    Point { id: String, age_ms: u64 },
    Before { at: u64 },
    Versions {},
    UndoPoint {},
}

#[derive(Deserialize)]
struct Stage {
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    work: Work,
}

/// What a step does, as far as it matters here: whether it goes back to a pin.
#[derive(Deserialize)]
struct Work {
    to: Option<Wanted>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    Pinned(serde::de::IgnoredAny),
    Attributes(serde::de::IgnoredAny),
}

struct PointAge;

impl Guardrail for PointAge {
    const ABOUT: About = belay_sdk::about!();
    type Facts = Facts;
    type Config = Config;

    fn judge(facts: Facts, config: Config) -> Result<Judgement, Fault> {
        // Each bound is read, whatever the tier: a mistake must not show on the day itself.
        let Some(oldest) = config.oldest.of(facts.feature_set.tier)? else { return Ok(Judgement::allow()) };
        let goes_back = facts.stage.steps.iter().any(|step| matches!(step.work.to, Some(Wanted::Pinned(_))));
        if !goes_back {
            // Containment sets attributes: it needs no point, and an old one must not hold it up.
            return Ok(Judgement::allow());
        }
        let (what, age_ms) = match facts.destination {
            Destination::Point { id, age_ms } => (id, age_ms),
            Destination::Before { at } => ("the moment gone back to".to_owned(), facts.now.ms.saturating_sub(at)),
            // What a run had found just before it wrote.
            Destination::UndoPoint {} => return Ok(Judgement::allow()),
            Destination::Versions {} => return Ok(config.without_age.judge()),
        };
        let age = Duration::from_millis(age_ms);
        Ok(if age <= oldest {
            Judgement::allow()
        } else {
            Judgement::deny([format!("{what} is {} old; at most {} is allowed", rounded(age), rounded(oldest))])
        })
    }
}

impl Oldest {
    /// The bound for a tier: the strictest of its own and those of lower tiers, since what is too old for less is too
    /// old for more.
    fn of(&self, tier: Tier) -> Result<Option<Duration>, Fault> {
        let bounds = [
            ("experimental", &self.experimental),
            ("standard", &self.standard),
            ("important", &self.important),
            ("critical", &self.critical),
        ];
        let mut read = Vec::new();
        for (name, bound) in bounds {
            read.push(bound.as_deref().map(|text| duration(name, text)).transpose()?);
        }
        Ok(read.into_iter().take(tier as usize + 1).flatten().min())
    }
}

impl WithoutAge {
    fn judge(self) -> Judgement {
        let said = "the states were named one by one: how old they are together isn't known";
        match self {
            Self::Allow => Judgement::allow().with_note(said),
            Self::Deny => Judgement::deny([said.to_owned()]),
        }
    }
}

fn duration(tier: &str, text: &str) -> Result<Duration, Fault> {
    humantime::parse_duration(text)
        .map_err(|error| Fault::Invalid(format!("the bound for `{tier}`: `{text}` is no length of time: {error}")))
}

/// To whole hours, or minutes below one; up, so that what exceeds a bound never reads as the bound.
fn rounded(duration: Duration) -> humantime::FormattedDuration {
    let unit = if duration < Duration::from_secs(3_600) { 60 } else { 3_600 };
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    humantime::format_duration(Duration::from_secs(ms.div_ceil(unit * 1_000) * unit))
}

belay_sdk::guardrail!(PointAge);
