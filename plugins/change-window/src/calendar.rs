//! Freezes from iCalendar files (RFC 5545): each event is one. What is not understood is refused, with the event's name:
//! an event that was passed over would be a freeze that nobody keeps.

use belay_sdk::{Fault, TextFile};
use ical::LineReader;
use ical::property::{Property, PropertyParser};
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};

use crate::freeze::{Freeze, in_zone, zone};
use crate::recurrence::{Recurrence, moment};
use crate::tier::Tier;

/// How the events of all calendars are taken.
pub(crate) struct Reading<'a> {
    /// For times that name no zone.
    pub(crate) time_zone: Option<&'a str>,
    /// Only events whose summary has this text.
    pub(crate) only: Option<&'a str>,
    pub(crate) not_for: &'a [Tier],
}

/// The lines of one event.
struct Event(Vec<Property>);

/// The freezes of a file.
pub(crate) fn freezes(file: &TextFile, reading: &Reading<'_>) -> Result<Vec<Freeze>, Fault> {
    let events = events(file).map_err(|why| Fault::Invalid(format!("the calendar {}: {why}", file.file)))?;
    let named = |event: &Event, why: String| {
        Fault::Invalid(format!("the calendar {}, the event `{}`: {why}", file.file, event.summary()))
    };
    let mut found = Vec::new();
    for event in events.iter().filter(|event| event.is_meant(reading)) {
        let freeze = event.freeze(reading).map_err(|why| named(event, why))?;
        found.push((event, freeze));
    }
    // One occurrence that was moved, changed or cancelled stands in an event of its own: the rule's own doesn't count.
    for event in events.iter().filter(|event| event.replaces_one()) {
        let of_rule = |other: &Event| !other.replaces_one() && other.text("UID") == event.text("UID");
        for (_, freeze) in found.iter_mut().filter(|(other, _)| of_rule(other)) {
            let replaced = event.moment("RECURRENCE-ID", reading).map_err(|why| named(event, why))?;
            if let Some((at, from)) = replaced {
                freeze.except.push(convert(at, &from, &freeze.zone).map_err(|why| named(event, why))?);
            }
        }
    }
    Ok(found.into_iter().map(|(_, freeze)| freeze).collect())
}

/// The events of a file, each with its own lines, but not those of its alarms.
fn events(file: &TextFile) -> Result<Vec<Event>, String> {
    let mut open: Vec<String> = Vec::new();
    let mut events: Vec<Event> = Vec::new();
    let mut is_calendar = false;
    for line in PropertyParser::new(LineReader::new(file.text.as_bytes())) {
        let line = line.map_err(|error| error.to_string())?;
        let name = line.value.clone().unwrap_or_default().to_ascii_uppercase();
        match line.name.as_str() {
            "BEGIN" => {
                if name == "VEVENT" {
                    events.push(Event(Vec::new()));
                }
                is_calendar |= name == "VCALENDAR";
                open.push(name);
            }
            "END" if open.pop().as_ref() != Some(&name) => return Err(format!("END:{name} ends what did not begin")),
            "END" => {}
            _ if open.last().is_some_and(|within| within == "VEVENT") => {
                if let Some(event) = events.last_mut() {
                    event.0.push(line);
                }
            }
            _ => {}
        }
    }
    match open.last() {
        Some(name) => Err(format!("BEGIN:{name} has no end")),
        None if !is_calendar => Err("it is no iCalendar file".to_owned()),
        None => Ok(events),
    }
}

impl Event {
    fn all(&self, name: &str) -> impl Iterator<Item = &Property> {
        self.0.iter().filter(move |line| line.name == name)
    }

    fn replaces_one(&self) -> bool {
        self.has("RECURRENCE-ID")
    }

    fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    fn text(&self, name: &str) -> String {
        let value = self.all(name).next().and_then(|line| line.value.clone()).unwrap_or_default();
        value.replace("\\n", " ").replace("\\N", " ").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
    }

    fn summary(&self) -> String {
        let summary = self.text("SUMMARY");
        if summary.is_empty() { "without a summary".to_owned() } else { summary }
    }

    fn is_meant(&self, reading: &Reading<'_>) -> bool {
        let named = reading.only.is_none_or(|only| self.summary().to_lowercase().contains(&only.to_lowercase()));
        named && !self.text("STATUS").eq_ignore_ascii_case("CANCELLED")
    }

    fn freeze(&self, reading: &Reading<'_>) -> Result<Freeze, String> {
        let (first, zone) = self.moment("DTSTART", reading)?.ok_or("it has no DTSTART")?;
        let until = self.until(first, &zone, reading)?;
        let mut rules = self.all("RRULE").map(|line| line.value.clone().unwrap_or_default());
        let rule = rules.next();
        if rules.next().is_some() || self.has("EXRULE") {
            return Err("it has several rules, which is not understood".to_owned());
        }
        let recurrence = rule.map(|rule| Recurrence::read(&rule, |text| in_zone(text, &zone))).transpose()?;
        let freeze = Freeze {
            first,
            until,
            recurrence,
            also: self.moments("RDATE", first, &zone, reading)?,
            except: self.moments("EXDATE", first, &zone, reading)?,
            reason: self.summary(),
            not_for: reading.not_for.to_vec(),
            zone,
        };
        freeze.check()?;
        Ok(freeze)
    }

    /// The first moment after the event, on the clock that it begins by.
    fn until(&self, first: DateTime, zone: &TimeZone, reading: &Reading<'_>) -> Result<DateTime, String> {
        if let Some((until, from)) = self.moment("DTEND", reading)? {
            return convert(until, &from, zone);
        }
        let whole_day = self.all("DTSTART").any(is_date);
        let length = match self.all("DURATION").next().and_then(|line| line.value.as_deref()) {
            Some(length) => length.parse::<Span>().map_err(|_| format!("`{length}` is no length of time"))?,
            None if whole_day => 1.day(),
            None => return Err("it has neither an end nor a length".to_owned()),
        };
        first.checked_add(length).map_err(|error| error.to_string())
    }

    /// A moment on its wall clock, and whose clock that is.
    fn moment(&self, name: &str, reading: &Reading<'_>) -> Result<Option<(DateTime, TimeZone)>, String> {
        let Some(line) = self.all(name).next() else { return Ok(None) };
        read(line, line.value.as_deref().unwrap_or_default(), reading).map(Some)
    }

    /// Days or moments of a list, on a wall clock. A day alone stands for the event's time of that day.
    fn moments(
        &self,
        name: &str,
        first: DateTime,
        zone: &TimeZone,
        reading: &Reading<'_>,
    ) -> Result<Vec<DateTime>, String> {
        let mut found = Vec::new();
        for line in self.all(name) {
            for value in line.value.as_deref().unwrap_or_default().split(',') {
                if value.contains('/') {
                    return Err(format!("{name} with a period is not understood"));
                }
                let (at, from) = read(line, value, reading)?;
                let at = if is_date(line) { at.date().to_datetime(first.time()) } else { convert(at, &from, zone)? };
                found.push(at);
            }
        }
        Ok(found)
    }
}

fn parameter<'a>(line: &'a Property, name: &str) -> Option<&'a str> {
    let found = line.params.iter().flatten().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.and_then(|(_, values)| values.first()).map(String::as_str)
}

fn is_date(line: &Property) -> bool {
    parameter(line, "VALUE").is_some_and(|kind| kind.eq_ignore_ascii_case("DATE"))
}

fn read(line: &Property, value: &str, reading: &Reading<'_>) -> Result<(DateTime, TimeZone), String> {
    if let Some(utc) = value.strip_suffix(['Z', 'z']) {
        return Ok((moment(utc, Time::midnight())?, TimeZone::UTC));
    }
    let named = parameter(line, "TZID").or(reading.time_zone);
    let zone = zone(named.ok_or_else(|| format!("{} names no time zone; set `time_zone`", line.name))?)?;
    Ok((moment(value, Time::midnight())?, zone))
}

/// The same moment on another wall clock.
fn convert(at: DateTime, from: &TimeZone, to: &TimeZone) -> Result<DateTime, String> {
    if from == to {
        return Ok(at);
    }
    let at = at.to_zoned(from.clone()).map_err(|error| error.to_string())?;
    Ok(at.with_time_zone(to.clone()).datetime())
}
