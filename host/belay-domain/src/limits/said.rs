//! What somebody said, and where. The place is for people: it is no part of any digest.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// A line of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Relative to the workspace.
    pub file: String,
    /// From 1, where it is known.
    pub line: Option<u32>,
}

/// A value, and where it was said; it is written as the value alone.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(from = "T", bound(deserialize = "T: Deserialize<'de>"))]
pub struct Said<T> {
    /// What.
    pub value: T,
    /// Where; absent: nowhere, so it is what belay takes by itself.
    pub at: Option<Place>,
}

impl<T> From<T> for Said<T> {
    fn from(value: T) -> Self {
        Self { value, at: None }
    }
}

impl<T: Serialize> Serialize for Said<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// `8h (belay.toml:60)`; without a place `8h`.
pub(super) struct At<'a, T>(pub(super) T, pub(super) Option<&'a Place>);

impl<T: fmt::Display> fmt::Display for At<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(place) => write!(f, "{} ({place})", self.0),
            None => write!(f, "{} (what belay takes by itself)", self.0),
        }
    }
}

impl Said<u64> {
    pub(super) const fn as_time(&self) -> At<'_, Span> {
        At(Span(self.value), self.at.as_ref())
    }
}

/// Milliseconds for people, in the largest unit that divides them: `36h`, `90s`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span(pub u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
        let fits = |(unit, _): &&(u64, &str)| self.0 >= *unit && self.0.is_multiple_of(*unit);
        let (unit, name) = units.iter().find(fits).unwrap_or(&(1, "ms"));
        write!(f, "{}{name}", self.0 / unit)
    }
}
