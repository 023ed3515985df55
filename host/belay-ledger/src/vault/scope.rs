//! Which blobs share a data key. Follows from an entry alone, so that a verifier can tell it without the database.

use std::fmt;

use belay_domain::id::{Millis, RunId};

use crate::entry::Entry;
use crate::error::Error;

/// What a data key is for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// The blobs of a run's entries.
    Run(RunId),
    /// The blobs of entries of no run, by the month of their time in UTC: `2026-11`.
    Month(String),
}

impl Scope {
    /// The scope of an entry with this run and time.
    pub fn of(run: Option<&RunId>, at: Millis) -> Self {
        run.map_or_else(|| Self::Month(month(at)), |run| Self::Run(run.clone()))
    }

    /// The scope of an entry's blobs.
    pub fn of_entry(entry: &Entry) -> Self {
        Self::of(entry.run.as_ref(), entry.at)
    }

    /// What the database holds.
    pub(crate) fn of_column(column: &str) -> Result<Self, Error> {
        if let Some(month) = column.strip_prefix("month ") {
            return Ok(Self::Month(month.to_owned()));
        }
        column.parse().map(Self::Run).map_err(|_| Error::Corrupt(format!("`{column}` is no scope of a key")))
    }

    /// As the database holds it. No run's id has a space.
    pub(crate) fn column(&self) -> String {
        match self {
            Self::Run(run) => run.to_string(),
            Self::Month(month) => format!("month {month}"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(run) => write!(f, "the run {run}"),
            Self::Month(month) => write!(f, "what was outside runs in {month}"),
        }
    }
}

/// The month of a time, in UTC. A time beyond the calendar, which only a broken clock tells, has the month `0000-00`.
pub fn month(at: Millis) -> String {
    let moment = i64::try_from(at.0).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    moment.map_or_else(|| "0000-00".to_owned(), |moment| moment.strftime("%Y-%m").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_turn_at_midnight_utc() {
        assert_eq!(month(Millis(1_764_547_199_999)), "2025-11");
        assert_eq!(month(Millis(1_764_547_200_000)), "2025-12");
        assert_eq!(month(Millis(u64::MAX)), "0000-00");
    }

    #[test]
    fn a_runs_entries_have_the_runs_key_whenever_they_came() {
        let run: RunId = "r-7".parse().unwrap();
        assert_eq!(Scope::of(Some(&run), Millis(0)), Scope::of(Some(&run), Millis(1 << 40)));
        assert_eq!(Scope::of(None, Millis(0)).column(), "month 1970-01");
    }
}
