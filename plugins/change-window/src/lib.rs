//! Freezes, with lanes of their own for rollbacks. Never looks at a clock: the moment is the plan's.

mod calendar;
mod freeze;
mod lane;
mod recurrence;
#[cfg(test)]
mod tests;
mod tier;

use belay_sdk::{About, Fault, Guardrail, Judgement, TextFile};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use calendar::Reading;
use freeze::Freeze;
use lane::{Lane, Lanes, Purpose};
use tier::Tier;

/// When nothing may change.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The freezes. In `belay.toml`, `files = { freezes = "freezes.toml#/freezes" }` takes them from a file.
    freezes: Option<Vec<freeze::Written>>,
    /// iCalendar files, of which each event is a freeze: `files = { calendars = "*.ics" }`.
    calendars: Option<Vec<TextFile>>,
    /// The time zone of calendars' whole days, and of their times without one: `Europe/Berlin`.
    time_zone: Option<String>,
    /// Only those events of calendars count whose summary has this text, in capitals or not.
    only: Option<String>,
    /// Tiers of feature sets that the calendars' events do not hold for.
    #[serde(default)]
    not_for: Vec<Tier>,
    /// Whether a rollback may be made during a freeze; `deny` unless said.
    #[serde(default)]
    rollbacks: Lane,
    /// Whether a rollback may be undone during a freeze: that brings a release back. `deny` unless said.
    #[serde(default)]
    undos: Lane,
    /// Exceptions from these two for feature sets of a tier.
    #[serde(default)]
    by_tier: Lanes,
}

#[derive(Deserialize)]
struct Facts {
    now: Moment,
    purpose: Purpose,
    feature_set: FeatureSet,
}

#[derive(Deserialize)]
struct Moment {
    /// Milliseconds since 1970 UTC.
    ms: i64,
}

#[derive(Deserialize)]
struct FeatureSet {
    tier: Tier,
}

struct ChangeWindow;

impl Guardrail for ChangeWindow {
    const ABOUT: About = belay_sdk::about!();
    type Facts = Facts;
    type Config = Config;

    fn judge(facts: Facts, config: Config) -> Result<Judgement, Fault> {
        let now = Timestamp::from_millisecond(facts.now.ms)
            .map_err(|error| Fault::Invalid(format!("the moment of the plan: {error}")))?;
        let mut holding = Vec::new();
        // Each is read, not only those before the first that holds: a mistake must not show on the day itself.
        for freeze in config.read()? {
            let at =
                freeze.at(now).map_err(|why| Fault::Invalid(format!("the freeze for `{}`: {why}", freeze.reason)))?;
            if let Some(at) = at.filter(|_| !freeze.not_for.contains(&facts.feature_set.tier)) {
                holding.push(at.to_string());
            }
        }
        let what = facts.purpose.word();
        Ok(match config.lane(facts.purpose, facts.feature_set.tier) {
            _ if holding.is_empty() => Judgement::allow(),
            Lane::Allow => holding
                .into_iter()
                .fold(Judgement::allow(), |judged, freeze| judged.with_note(format!("{freeze}; {what} lane"))),
            Lane::Deny => Judgement::deny(holding),
        })
    }
}

impl Config {
    fn read(&self) -> Result<Vec<Freeze>, Fault> {
        if self.freezes.is_none() && self.calendars.is_none() {
            return Err(Fault::Invalid(
                "there are neither `freezes` nor `calendars`: nothing would be frozen".to_owned(),
            ));
        }
        let mut freezes =
            self.freezes.iter().flatten().map(freeze::Written::read).collect::<Result<Vec<_>, Fault>>()?;
        let reading =
            Reading { time_zone: self.time_zone.as_deref(), only: self.only.as_deref(), not_for: &self.not_for };
        for calendar in self.calendars.iter().flatten() {
            freezes.extend(calendar::freezes(calendar, &reading)?);
        }
        Ok(freezes)
    }

    fn lane(&self, purpose: Purpose, tier: Tier) -> Lane {
        self.by_tier.of(tier, purpose).unwrap_or(match purpose {
            Purpose::Rollback => self.rollbacks,
            Purpose::Undo => self.undos,
        })
    }
}

belay_sdk::guardrail!(ChangeWindow);
