//! How much one call may use. Nothing here is a security boundary by itself: the sandbox enforces all of it.

use std::fmt;

use belay_domain::json::MAX_INTEGER;
use serde::{Deserialize, Serialize};

/// The most memory that any `Limits` may grant: what a slot of the pool holds, in bytes.
pub const MAX_MEMORY_BYTES: u64 = 256 << 20;
/// The most table elements that any `Limits` may grant.
pub const MAX_TABLE_ELEMENTS: u32 = 20_000;

/// The most table elements on the engine for large plugins.
pub const MAX_TABLE_ELEMENTS_LARGE: u32 = 200_000;

/// How much room a plugin has. Its operator grants it; a plugin can't take it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// For compiled languages: one module, a small table. Fast, and 64 calls at once.
    #[default]
    Standard,
    /// For components that bring an interpreter with them, such as Python's or JavaScript's: hundreds of core
    /// instances, large tables, 8 calls at once.
    Large,
}

impl Size {
    /// The most table elements that limits may grant.
    pub const fn max_table_elements(self) -> u32 {
        match self {
            Self::Standard => MAX_TABLE_ELEMENTS,
            Self::Large => MAX_TABLE_ELEMENTS_LARGE,
        }
    }
}

/// What one call may use. Recorded with each call, because a replay needs the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Limits {
    /// Fuel. A reproducible bound, not a clock: a nanosecond burns 2 to 18. Default: 20 · 10⁹.
    #[serde(with = "decimal")]
    pub fuel: u64,
    /// Milliseconds of processor time that the guest may compute. Neither what its reads take counts nor the time in which
    /// others had the processor: on a busy machine [`Limits::total_ms`] ends it. Counted from the first look of the clock,
    /// within 100 ms, and checked every 10 ms. Default: 5,000.
    pub compute_ms: u64,
    /// Milliseconds from the start of the call to its end, reads included. Default: 60,000.
    pub total_ms: u64,
    /// Bytes of linear memory, all memories of the component together; at most [`MAX_MEMORY_BYTES`]. Default: 128 MiB.
    pub memory_bytes: u64,
    /// Elements of any one table; at most [`Size::max_table_elements`]. Default: 10,000.
    pub table_elements: u32,
    /// Bytes that one answer, or the arguments of one host call, may bring into the host. Default: 16 MiB.
    pub output_bytes: u64,
    /// Calls of imported functions, log lines included. Default: 10,000.
    pub host_calls: u32,
    /// Bytes that all reads of the call may bring in together. Default: 128 MiB.
    pub read_bytes: u64,
    /// Log lines kept; later ones are counted and dropped. Default: 1,000.
    pub log_lines: u32,
    /// Bytes kept of all log lines together; what is beyond is cut off. Default: 64 KiB.
    pub log_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 20_000_000_000,
            compute_ms: 5_000,
            total_ms: 60_000,
            memory_bytes: 128 << 20,
            table_elements: 10_000,
            output_bytes: 16 << 20,
            host_calls: 10_000,
            read_bytes: 128 << 20,
            log_lines: 1_000,
            log_bytes: 64 << 10,
        }
    }
}

impl Limits {
    /// What a plugin of this size gets.
    pub fn of(size: Size) -> Self {
        match size {
            Size::Standard => Self::default(),
            Size::Large => {
                Self { memory_bytes: MAX_MEMORY_BYTES, table_elements: MAX_TABLE_ELEMENTS_LARGE, ..Self::default() }
            }
        }
    }
}

/// Limits that no pool can grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a limit of {asked} {what}: {most} is the most that a plugin can have")]
pub struct TooGenerous {
    what: &'static str,
    asked: u64,
    most: u64,
}

impl Limits {
    /// These limits, if the pool can hold what they allow.
    pub(crate) fn checked(self, size: Size) -> Result<Self, TooGenerous> {
        let within = |what, asked, most| if asked > most { Err(TooGenerous { what, asked, most }) } else { Ok(()) };
        within("bytes of memory", self.memory_bytes, MAX_MEMORY_BYTES)?;
        within("table elements", self.table_elements.into(), size.max_table_elements().into())?;
        // What is recorded must fit canonical JSON.
        let most = MAX_INTEGER.unsigned_abs();
        within("ms to compute", self.compute_ms, most)?;
        within("ms in all", self.total_ms, most)?;
        within("bytes at once", self.output_bytes, most)?;
        within("bytes read", self.read_bytes, most)?;
        Ok(self)
    }
}

/// A limit that a plugin went over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// [`Limits::memory_bytes`].
    Memory,
    /// [`Limits::table_elements`].
    Table,
    /// [`Limits::output_bytes`].
    Output,
    /// [`Limits::host_calls`].
    HostCalls,
    /// [`Limits::read_bytes`].
    ReadBytes,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Memory => "memory",
            Self::Table => "table elements",
            Self::Output => "what it hands over at once",
            Self::HostCalls => "calls of the host",
            Self::ReadBytes => "bytes read",
        })
    }
}

/// Numbers that canonical JSON can't hold as such, as decimal text.
mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_survive_canonical_json() {
        let limits = Limits { fuel: u64::MAX, ..Limits::default() };
        let json = belay_domain::json::Json::from(&limits).unwrap();
        assert_eq!(json.to::<Limits>().unwrap(), limits);
    }

    #[test]
    fn more_than_a_slot_holds_is_refused() {
        for size in [Size::Standard, Size::Large] {
            assert!(Limits::of(size).checked(size).is_ok());
            assert!(Limits { memory_bytes: MAX_MEMORY_BYTES + 1, ..Limits::of(size) }.checked(size).is_err());
            let tables = size.max_table_elements() + 1;
            assert!(Limits { table_elements: tables, ..Limits::of(size) }.checked(size).is_err());
        }
        assert!(Limits::of(Size::Large).checked(Size::Standard).is_err());
    }
}
