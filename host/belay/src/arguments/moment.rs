//! Moments as people type them: `02:10`, `2026-11-22 02:10`, RFC 3339.

use belay_domain::id::Millis;
use belay_runtime::api::Error;
use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, ToSpan, Zoned};

/// Reads a moment in the past. A time alone is the last one that is past: today's, or else yesterday's.
pub(crate) fn past(text: &str, now: &Zoned) -> Result<Millis, String> {
    let moment = time_of_day(text, now).or_else(|| civil(text, now)).or_else(|| exact(text)).ok_or_else(|| {
        format!("`{text}` is no moment: write 02:10, \"2026-11-22 02:10\" (local time) or 2026-11-22T02:10:00Z")
    })?;
    if moment > now.timestamp() {
        return Err(format!("`{text}` has yet to come"));
    }
    u64::try_from(moment.as_millisecond()).map(Millis).map_err(|_| format!("`{text}` is before 1970"))
}

/// Reads `--from` and `--to`: from the first moment on, before the second. A date is its whole day.
pub(crate) fn period(
    from: Option<&str>,
    to: Option<&str>,
    now: &Zoned,
) -> Result<(Option<Millis>, Option<Millis>), Error> {
    let bad = |name: &'static str| move |reason: String| Error::usage(format!("{name}: {reason}"));
    let from = from.map(|text| past(text, now)).transpose().map_err(bad("--from"))?;
    let to = to.map(|text| end(text, now)).transpose().map_err(bad("--to"))?;
    match (from, to) {
        (Some(from), Some(to)) if to <= from => Err(Error::usage("--to is not after --from")),
        period => Ok(period),
    }
}

/// The end of a period: a date's is the beginning of the next day. It may have yet to come.
fn end(text: &str, now: &Zoned) -> Result<Millis, String> {
    let day = |text: &str| text.parse::<Date>().ok().filter(|_| text.len() == "2026-12-31".len());
    let next = |day: Date| Some(day.tomorrow().ok()?.to_zoned(now.time_zone().clone()).ok()?.timestamp());
    let moment = match day(text).and_then(next) {
        Some(moment) => Some(moment),
        None => time_of_day(text, now).or_else(|| civil(text, now)).or_else(|| exact(text)),
    };
    let moment = moment.ok_or_else(|| {
        format!("`{text}` is no moment: write 2026-12-31, 02:10, \"2026-11-22 02:10\" or 2026-11-22T02:10:00Z")
    })?;
    u64::try_from(moment.as_millisecond()).map(Millis).map_err(|_| format!("`{text}` is before 1970"))
}

fn time_of_day(text: &str, now: &Zoned) -> Option<Timestamp> {
    // A time parser also takes the time of a whole date; only a time alone means the last one that is past.
    if text.contains('-') {
        return None;
    }
    let time: Time = text.parse().ok()?;
    let on = |day: Zoned| day.date().to_datetime(time).to_zoned(now.time_zone().clone()).ok();
    let today = on(now.clone())?;
    if today <= *now { Some(today.timestamp()) } else { Some(on(now.checked_sub(1.day()).ok()?)?.timestamp()) }
}

fn civil(text: &str, now: &Zoned) -> Option<Timestamp> {
    // With an offset or a `Z` it is not local time.
    if exact(text).is_some() {
        return None;
    }
    let moment: DateTime = text.parse().ok()?;
    Some(moment.to_zoned(now.time_zone().clone()).ok()?.timestamp())
}

fn exact(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let now: Zoned = "2026-11-22T03:00:00[Europe/Berlin]".parse().unwrap();
        let found = past(text, &now).map(|at| Timestamp::from_millisecond(at.0 as i64).unwrap().to_string());
        assert_eq!(found.unwrap_or_else(|error| error), expected, "{text}");
    }

    #[test]
    fn a_time_alone_is_the_last_one_that_is_past() {
        check("02:10", "2026-11-22T01:10:00Z");
        check("03:00", "2026-11-22T02:00:00Z");
        check("03:00:01", "2026-11-21T02:00:01Z");
        check("23:55", "2026-11-21T22:55:00Z");
    }

    #[test]
    fn dates_are_local_unless_they_say_otherwise() {
        check("2026-11-20 02:10", "2026-11-20T01:10:00Z");
        check("2026-11-20T02:10", "2026-11-20T01:10:00Z");
        check("2026-11-20T02:10:00Z", "2026-11-20T02:10:00Z");
        check("2026-11-20T02:10:00-05:00", "2026-11-20T07:10:00Z");
    }

    #[test]
    fn what_is_no_moment_in_the_past_is_refused() {
        check("2026-11-22T02:00:01Z", "`2026-11-22T02:00:01Z` has yet to come");
        check("1969-01-01T00:00:00Z", "`1969-01-01T00:00:00Z` is before 1970");
        let help = "write 02:10, \"2026-11-22 02:10\" (local time) or 2026-11-22T02:10:00Z";
        for text in ["yesterday", "25:00", "", "2026-13-01 00:00"] {
            check(text, &format!("`{text}` is no moment: {help}"));
        }
    }

    #[test]
    fn a_period_of_dates_has_both_days_in_it() {
        let now: Zoned = "2026-11-22T03:00:00[UTC]".parse().unwrap();
        let (from, to) = period(Some("2026-10-01"), Some("2026-12-31"), &now).unwrap();
        let exact = |text: &str| Some(Millis(text.parse::<Timestamp>().unwrap().as_millisecond() as u64));
        assert_eq!((from, to), (exact("2026-10-01T00:00:00Z"), exact("2027-01-01T00:00:00Z")));
        let (_, to) = period(None, Some("2026-11-22 02:10"), &now).unwrap();
        assert_eq!(to, exact("2026-11-22T02:10:00Z"));
        assert!(period(Some("02:00"), Some("01:00"), &now).unwrap_err().what.contains("not after"));
        assert!(period(Some("2026-12-31"), None, &now).unwrap_err().what.contains("yet to come"));
    }
}
