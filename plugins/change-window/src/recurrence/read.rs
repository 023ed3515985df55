//! A rule from its text: `FREQ=WEEKLY;BYDAY=FR`.

use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, Weekday};

use super::{Frequency, Recurrence};

impl Recurrence {
    /// Reads a rule. `until` makes a wall-clock time of the rule's last moment, which may be in UTC.
    pub(crate) fn read(text: &str, until: impl Fn(&str) -> Result<DateTime, String>) -> Result<Self, String> {
        let mut rule = Self {
            frequency: Frequency::Daily,
            interval: 1,
            count: None,
            until: None,
            by_day: Vec::new(),
            by_month_day: Vec::new(),
            by_month: Vec::new(),
            week_start: Weekday::Monday,
        };
        let mut frequency = None;
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("`{part}` is no part of a rule"))?;
            match name.to_ascii_uppercase().as_str() {
                "FREQ" => frequency = Some(read_frequency(value)?),
                "INTERVAL" => rule.interval = number(value, 1, 10_000)?,
                "COUNT" => rule.count = Some(number(value, 1, 10_000)?),
                "UNTIL" => rule.until = Some(until(value)?),
                "BYDAY" => rule.by_day = list(value, read_day)?,
                "BYMONTHDAY" => rule.by_month_day = list(value, |text| signed(text, 31))?,
                "BYMONTH" => rule.by_month = list(value, |text| number(text, 1, 12))?,
                "WKST" => rule.week_start = weekday(value)?,
                other => return Err(format!("{other} in a rule is not understood")),
            }
        }
        rule.frequency = frequency.ok_or("a rule needs a FREQ")?;
        let placed = rule.by_day.iter().any(|(place, _)| place.is_some());
        match rule.frequency {
            Frequency::Daily | Frequency::Weekly if placed => Err(format!("BYDAY with a place in `{text}`")),
            Frequency::Weekly if !rule.by_month_day.is_empty() => Err(format!("BYMONTHDAY in `{text}`")),
            Frequency::Daily | Frequency::Weekly | Frequency::Monthly | Frequency::Yearly => Ok(rule),
        }
    }
}

/// A date, or a date and time in the basic form of iCalendar (`20261218T180000`), without a time zone's mark. A date
/// alone is taken with `time`.
pub(crate) fn moment(text: &str, time: Time) -> Result<DateTime, String> {
    let no_moment = || format!("`{text}` is no date, nor a date and time");
    let (date, clock) = text.split_once('T').map_or((text, None), |(date, clock)| (date, Some(clock)));
    let digits = |text: &str, length: usize| {
        let plain = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        if plain { Ok(()) } else { Err(no_moment()) }
    };
    digits(date, 8)?;
    let date = Date::strptime("%Y%m%d", date).map_err(|_| no_moment())?;
    let Some(clock) = clock else { return Ok(date.to_datetime(time)) };
    digits(clock, 6)?;
    Time::strptime("%H%M%S", clock).map(|clock| date.to_datetime(clock)).map_err(|_| no_moment())
}

fn read_frequency(text: &str) -> Result<Frequency, String> {
    match text.to_ascii_uppercase().as_str() {
        "DAILY" => Ok(Frequency::Daily),
        "WEEKLY" => Ok(Frequency::Weekly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "YEARLY" => Ok(Frequency::Yearly),
        other => Err(format!("FREQ={other} is not understood; there are DAILY, WEEKLY, MONTHLY and YEARLY")),
    }
}

/// `FR`, `1MO`, `-1FR`.
fn read_day(text: &str) -> Result<(Option<i8>, Weekday), String> {
    let split = text.len().checked_sub(2).filter(|split| text.is_char_boundary(*split));
    let (place, day) = split.map(|split| text.split_at(split)).ok_or_else(|| format!("`{text}` is no weekday"))?;
    let place = if place.is_empty() { None } else { Some(signed(place, 53)?) };
    Ok((place, weekday(day)?))
}

fn weekday(text: &str) -> Result<Weekday, String> {
    match text.to_ascii_uppercase().as_str() {
        "MO" => Ok(Weekday::Monday),
        "TU" => Ok(Weekday::Tuesday),
        "WE" => Ok(Weekday::Wednesday),
        "TH" => Ok(Weekday::Thursday),
        "FR" => Ok(Weekday::Friday),
        "SA" => Ok(Weekday::Saturday),
        "SU" => Ok(Weekday::Sunday),
        _ => Err(format!("`{text}` is no weekday")),
    }
}

fn list<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(read).collect()
}

fn number<T: FromStr + PartialOrd>(text: &str, least: T, most: T) -> Result<T, String> {
    let read = text.parse().ok().filter(|number| (least..=most).contains(number));
    read.ok_or_else(|| format!("`{text}` in a rule is no number that makes sense there"))
}

/// A place from the start, or from the end where it is negative.
fn signed(text: &str, most: i8) -> Result<i8, String> {
    number(text, -most, most)
        .and_then(|place: i8| if place == 0 { Err("a place in a rule is never 0".to_owned()) } else { Ok(place) })
}
