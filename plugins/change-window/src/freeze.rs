//! One freeze: wall-clock times in a time zone, once or again and again, and the moments they stand for.

use std::fmt;
use std::ops::Range;

use belay_sdk::Fault;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _, Unit};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::recurrence::{self, Recurrence};
use crate::tier::Tier;

/// The longest that one freeze may last, in days: so far back its beginnings are looked for.
const LONGEST_DAYS: i32 = 400;

/// A time in which nothing may change, as an operator writes it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// Its first moment on the wall clock: `2026-12-20T18:00`.
    from: String,
    /// The first moment after it: `2026-12-27T06:00`.
    until: String,
    /// Whose wall clock, as the IANA database names it: `Europe/Berlin`.
    time_zone: String,
    /// For people: `Christmas trade`.
    reason: String,
    /// When it comes again, as calendars write it (RFC 5545): `FREQ=WEEKLY;BYDAY=FR`.
    repeats: Option<String>,
    /// Days on which it would begin again, but doesn't: `2026-12-25`.
    #[serde(default)]
    except: Vec<String>,
    /// Tiers of feature sets that it does not hold for.
    #[serde(default)]
    not_for: Vec<Tier>,
}

/// A time in which nothing may change, understood.
#[derive(Clone, Debug)]
pub(crate) struct Freeze {
    pub(crate) first: DateTime,
    pub(crate) until: DateTime,
    pub(crate) zone: TimeZone,
    pub(crate) recurrence: Option<Recurrence>,
    /// Further days on which it begins.
    pub(crate) also: Vec<DateTime>,
    /// When it would begin, but doesn't.
    pub(crate) except: Vec<DateTime>,
    pub(crate) reason: String,
    pub(crate) not_for: Vec<Tier>,
}

/// A freeze that holds at a moment.
pub(crate) struct Holding<'a> {
    freeze: &'a Freeze,
    from: DateTime,
    until: DateTime,
}

impl Written {
    /// The freeze that is meant. Each is read on any day: a mistake must not show on the day itself.
    pub(crate) fn read(&self) -> Result<Freeze, Fault> {
        let invalid = |why: String| self.invalid(&why);
        let zone = zone(&self.time_zone).map_err(invalid)?;
        let first = wall_clock(&self.from).map_err(invalid)?;
        let until = wall_clock(&self.until).map_err(invalid)?;
        let recurrence = self
            .repeats
            .as_deref()
            .map(|rule| Recurrence::read(rule, |text| in_zone(text, &zone)).map_err(|why| self.invalid(&why)));
        let except = self.except.iter().map(|day| {
            let day: Result<Date, _> = day.parse();
            day.map(|day| day.to_datetime(first.time()))
                .map_err(|_| self.invalid("a day that is excepted is written as in 2026-12-25"))
        });
        let freeze = Freeze {
            first,
            until,
            zone,
            recurrence: recurrence.transpose()?,
            also: Vec::new(),
            except: except.collect::<Result<_, _>>()?,
            reason: self.reason.clone(),
            not_for: self.not_for.clone(),
        };
        freeze.check().map_err(|why| self.invalid(&why))?;
        Ok(freeze)
    }

    fn invalid(&self, why: &str) -> Fault {
        Fault::Invalid(format!("the freeze for `{}`: {why}", self.reason))
    }
}

impl Freeze {
    /// Refuses one that ends before it begins, or lasts too long to be meant.
    pub(crate) fn check(&self) -> Result<(), String> {
        let span = self.span(self.first, self.until)?;
        if span.is_empty() {
            return Err("it ends before it begins".to_owned());
        }
        if self.lasts() > i64::from(LONGEST_DAYS) {
            return Err(format!("it lasts more than {LONGEST_DAYS} days"));
        }
        Ok(())
    }

    /// The occurrence that a moment lies in, if it lies in one.
    pub(crate) fn at(&self, moment: Timestamp) -> Result<Option<Holding<'_>>, String> {
        let today = moment.to_zoned(self.zone.clone()).date();
        // A day's clock can be set by some hours at either end.
        let earliest = today.checked_sub(self.lasts().saturating_add(2).days()).unwrap_or(Date::MIN);
        let latest = today.checked_add(1.day()).unwrap_or(Date::MAX);
        let by_rule = earliest
            .series(1.day())
            .take_while(|day| *day <= latest)
            .filter(|day| self.begins_on(*day))
            .map(|day| day.to_datetime(self.first.time()));
        let length = self.length()?;
        for from in by_rule.chain(self.also.iter().copied()).filter(|from| !self.except.contains(from)) {
            let until = from.checked_add(length).map_err(|error| error.to_string())?;
            if self.span(from, until)?.contains(&moment) {
                return Ok(Some(Holding { freeze: self, from, until }));
            }
        }
        Ok(None)
    }

    fn begins_on(&self, day: Date) -> bool {
        match &self.recurrence {
            None => day == self.first.date(),
            Some(rule) => rule.begins_on(self.first, day),
        }
    }

    /// On the wall clock, so that each occurrence ends at the same time of day.
    fn length(&self) -> Result<Span, String> {
        self.first.until((Unit::Day, self.until)).map_err(|error| error.to_string())
    }

    /// Whole days.
    fn lasts(&self) -> i64 {
        self.until.duration_since(self.first).as_hours() / 24
    }

    /// From its first moment until the first after it. Where the clock is set back, a time comes twice; where it is set
    /// forward, a time never comes. Of the two readings each end takes the one that makes the freeze longer.
    fn span(&self, from: DateTime, until: DateTime) -> Result<Range<Timestamp>, String> {
        let from = self.zone.to_ambiguous_timestamp(from).earlier().map_err(|error| error.to_string())?;
        let until = self.zone.to_ambiguous_timestamp(until).later().map_err(|error| error.to_string())?;
        Ok(from..until)
    }
}

impl fmt::Display for Holding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from.strftime("%Y-%m-%dT%H:%M"), self.until.strftime("%Y-%m-%dT%H:%M"));
        let zone = self.freeze.zone.iana_name().unwrap_or("UTC");
        write!(f, "frozen until {until} {zone} (since {from}): {}", self.freeze.reason)
    }
}

/// A time zone by its name in the IANA database.
pub(crate) fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("no time zone is called `{name}`"))
}

fn wall_clock(text: &str) -> Result<DateTime, String> {
    // An offset would contradict the zone, or say it again.
    let has_offset = text.ends_with(['Z', 'z']) || text.contains(['+', '[']);
    let parsed: Option<DateTime> = text.parse().ok().filter(|_| !has_offset);
    parsed.ok_or_else(|| format!("`{text}` is no date and time such as 2026-12-20T18:00"))
}

/// A moment of iCalendar on a zone's wall clock. With a `Z` it is in UTC; a date is the day's last moment.
pub(crate) fn in_zone(text: &str, zone: &TimeZone) -> Result<DateTime, String> {
    let last = jiff::civil::time(23, 59, 59, 0);
    match text.strip_suffix(['Z', 'z']) {
        None => recurrence::moment(text, last),
        Some(text) => {
            let utc = recurrence::moment(text, last)?.to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
            Ok(utc.with_time_zone(zone.clone()).datetime())
        }
    }
}
