//! RFC 5545's recurrence rules, as far as calendars of freezes use them: which days an event begins on. What is not
//! understood is refused: a rule that was half understood would miss a freeze.

mod read;
#[cfg(test)]
mod tests;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Weekday};

pub(crate) use read::moment;

/// When an event comes again. Its time of day is that of its first occurrence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Recurrence {
    frequency: Frequency,
    interval: i64,
    count: Option<u64>,
    until: Option<DateTime>,
    /// Weekdays, each with its place in the month or year: the first is 1, the last -1.
    by_day: Vec<(Option<i8>, Weekday)>,
    by_month_day: Vec<i8>,
    by_month: Vec<i8>,
    week_start: Weekday,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl Recurrence {
    /// Whether an event that first begins at `first` begins again on this day. The first day always counts, as
    /// calendars show it.
    pub(crate) fn begins_on(&self, first: DateTime, day: Date) -> bool {
        if day < first.date() || self.until.is_some_and(|until| day.to_datetime(first.time()) > until) {
            return false;
        }
        self.is_due(first.date(), day) && self.count.is_none_or(|count| self.place(first.date(), day) < count)
    }

    /// How many times it began before this day.
    fn place(&self, first: Date, day: Date) -> u64 {
        let before = first.series(1.day()).take_while(|earlier| *earlier < day);
        before.filter(|earlier| self.is_due(first, *earlier)).count() as u64
    }

    fn is_due(&self, first: Date, day: Date) -> bool {
        day == first || (self.in_interval(first, day) && self.is_month(day) && self.is_day(first, day))
    }

    fn in_interval(&self, first: Date, day: Date) -> bool {
        let apart = match self.frequency {
            Frequency::Daily => days(first, day),
            Frequency::Weekly => days(self.week_of(first), self.week_of(day)) / 7,
            Frequency::Monthly => 12 * i64::from(day.year() - first.year()) + i64::from(day.month() - first.month()),
            Frequency::Yearly => i64::from(day.year() - first.year()),
        };
        apart % self.interval == 0
    }

    /// The first day of the week that a day is in.
    fn week_of(&self, day: Date) -> Date {
        let since = i32::from(day.weekday().since(self.week_start));
        day.checked_sub(since.days()).unwrap_or(Date::MIN)
    }

    fn is_month(&self, day: Date) -> bool {
        self.by_month.is_empty() || self.by_month.contains(&day.month())
    }

    /// Whether the day is one that the rule names, or, where it names none, the one that the first day was.
    fn is_day(&self, first: Date, day: Date) -> bool {
        if self.by_day.is_empty() && self.by_month_day.is_empty() {
            return match self.frequency {
                Frequency::Daily => true,
                Frequency::Weekly => day.weekday() == first.weekday(),
                Frequency::Monthly => day.day() == first.day(),
                Frequency::Yearly => {
                    day.day() == first.day() && (!self.by_month.is_empty() || day.month() == first.month())
                }
            };
        }
        let weekday = self.by_day.is_empty() || self.by_day.iter().any(|named| self.is_named(*named, day));
        let month_day = self.by_month_day.is_empty() || self.by_month_day.iter().any(|named| is_month_day(*named, day));
        weekday && month_day
    }

    fn is_named(&self, (place, weekday): (Option<i8>, Weekday), day: Date) -> bool {
        if day.weekday() != weekday {
            return false;
        }
        let Some(place) = place else { return true };
        // In a year, unless months are named.
        let of_year = self.frequency == Frequency::Yearly && self.by_month.is_empty();
        let (number, length) = if of_year {
            (day.day_of_year(), day.days_in_year())
        } else {
            (i16::from(day.day()), i16::from(day.days_in_month()))
        };
        let from_start = (number - 1) / 7 + 1;
        let from_end = -((length - number) / 7 + 1);
        i16::from(place) == from_start || i16::from(place) == from_end
    }
}

/// Days from one date to another.
fn days(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

fn is_month_day(named: i8, day: Date) -> bool {
    named == day.day() || named == day.day() - day.days_in_month() - 1
}
