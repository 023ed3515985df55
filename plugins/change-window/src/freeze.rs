//! One freeze: wall-clock times in a time zone, and the moments they stand for.

use std::fmt;
use std::ops::Range;

use belay_sdk::Fault;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

/// A time in which nothing may change.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Freeze {
    /// Its first moment on the wall clock: `2026-12-20T18:00`.
    from: String,
    /// The first moment after it: `2026-12-27T06:00`.
    until: String,
    /// Whose wall clock, as the IANA database names it: `Europe/Berlin`.
    time_zone: String,
    /// For people: `Christmas trade`.
    reason: String,
}

impl Freeze {
    /// From its first moment until the first after it. Where the clock is set back, a time comes twice; where it is set
    /// forward, a time never comes. Of the two readings each end takes the one that makes the freeze longer.
    pub(crate) fn span(&self) -> Result<Range<Timestamp>, Fault> {
        let zone = TimeZone::get(&self.time_zone)
            .map_err(|_| self.invalid(&format!("no time zone is called `{}`", self.time_zone)))?;
        let from = zone.to_ambiguous_timestamp(self.wall_clock(&self.from)?).earlier();
        let until = zone.to_ambiguous_timestamp(self.wall_clock(&self.until)?).later();
        match (from, until) {
            (Ok(from), Ok(until)) if from < until => Ok(from..until),
            (Ok(_), Ok(_)) => Err(self.invalid("it ends before it begins")),
            (Err(error), _) | (_, Err(error)) => Err(self.invalid(&error.to_string())),
        }
    }

    fn wall_clock(&self, text: &str) -> Result<DateTime, Fault> {
        // An offset would contradict the zone, or say it again.
        let has_offset = text.ends_with(['Z', 'z']) || text.contains(['+', '[']);
        let parsed =
            text.parse().map_err(|_| has_offset).and_then(|time| if has_offset { Err(true) } else { Ok(time) });
        parsed.map_err(|_| self.invalid(&format!("`{text}` is no date and time such as 2026-12-20T18:00")))
    }

    fn invalid(&self, why: &str) -> Fault {
        Fault::Invalid(format!("the freeze for `{}`: {why}", self.reason))
    }
}

impl fmt::Display for Freeze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, until, time_zone, reason } = self;
        write!(f, "frozen until {until} {time_zone} (since {from}): {reason}")
    }
}
