//! Moments as people read them, seen from one moment in one time zone. Never asks what time it is.

use belay_domain::id::Millis;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::amount::counted;

/// The reader's moment and time zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Clock {
    now: Zoned,
}

impl Clock {
    /// Seen from here.
    pub(crate) const fn new(now: Zoned) -> Self {
        Self { now }
    }

    /// Now.
    pub(crate) fn now(&self) -> Millis {
        Millis(u64::try_from(self.now.timestamp().as_millisecond()).unwrap_or(0))
    }

    /// `02:07` today, `2026-11-20 02:07` on another day.
    pub(crate) fn short(&self, at: Millis) -> String {
        let moment = self.zoned(at);
        let form = if moment.date() == self.now.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
        moment.strftime(form).to_string()
    }

    /// `2026-11-22 02:07:13`.
    pub(crate) fn long(&self, at: Millis) -> String {
        self.zoned(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// `2026-11-22T02:10:00+01:00`: means the same to everybody, everywhere, tomorrow too.
    pub(crate) fn exact(&self, at: Millis) -> String {
        self.zoned(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// `just now`, `12 s ago`, `5 minutes ago`, `3 hours ago`, `2 days ago`.
    pub(crate) fn ago(&self, at: Millis) -> String {
        let seconds = self.now().since(at) / 1_000;
        match seconds {
            0..5 => "just now".to_owned(),
            5..60 => format!("{seconds} s ago"),
            60..3_600 => format!("{} ago", counted(seconds / 60, "minute", "minutes")),
            3_600..86_400 => format!("{} ago", counted(seconds / 3_600, "hour", "hours")),
            _ => format!("{} ago", counted(seconds / 86_400, "day", "days")),
        }
    }

    fn zoned(&self, at: Millis) -> Zoned {
        let milliseconds = i64::try_from(at.0).unwrap_or(i64::MAX);
        let moment = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX);
        moment.to_zoned(self.zone())
    }

    fn zone(&self) -> TimeZone {
        self.now.time_zone().clone()
    }
}

/// A reader at this moment, for tests.
#[cfg(test)]
pub(crate) fn at(text: &str) -> Clock {
    Clock::new(text.parse().unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_from_where_the_reader_stands() {
        let clock = at("2026-11-22T03:10:00[Europe/Berlin]");
        let minutes = |back: u64| Millis(clock.now().0 - back * 60_000);
        assert_eq!(clock.short(minutes(60)), "02:10");
        assert_eq!(clock.short(minutes(4 * 60)), "2026-11-21 23:10");
        assert_eq!(clock.exact(minutes(0)), "2026-11-22T03:10:00+01:00");
        assert_eq!(
            [0, 1, 90, 3_000].map(|m| clock.ago(minutes(m))),
            ["just now", "1 minute ago", "1 hour ago", "2 days ago"]
        );
    }
}
