//! What came of it.

use belay_domain::digest::Digest;
use belay_sandbox::Plugin;
use serde::Serialize;

/// All that was tried of a plugin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// The component's SHA-256.
    pub digest: Digest,
    /// Its world.
    pub world: String,
    /// The author's own fixtures.
    pub fixtures: Vec<Check>,
    /// The suite.
    pub suite: Vec<Check>,
    /// What its calls cost.
    pub figures: Figures,
    /// Whether nothing failed.
    pub passed: bool,
}

/// One thing that was tried.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// What must hold, in words.
    pub name: String,
    /// In how many variations.
    pub tried: u64,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not.
    Failed {
        /// Each case in words; of many, the first few.
        why: Vec<String>,
        /// How many more cases failed.
        more: u64,
    },
    /// It could not be tried.
    LeftOut {
        /// Why.
        why: String,
    },
}

/// What calls cost; of all that were made, the largest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Figures {
    /// How many calls.
    pub calls: u64,
    /// Fuel.
    pub fuel: u64,
    /// Bytes of linear memory.
    pub memory_bytes: u64,
    /// Microseconds of an ordinary call: the median. Not reproducible.
    pub median_us: u64,
    /// Microseconds of the slowest call.
    pub slowest_us: u64,
}

/// What a plugin said to one fixture.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Tried {
    /// The function, and on what.
    pub what: String,
    /// The answer, or the error, as recorded.
    pub output: serde_json::Value,
    /// The plugin's log.
    pub log: Vec<String>,
    /// Fuel burnt.
    pub fuel: u64,
    /// Bytes of linear memory.
    pub memory_bytes: u64,
    /// Microseconds.
    pub took_us: u64,
}

/// How many cases a check tells.
const TOLD: usize = 3;

impl Check {
    /// A check of so many variations, of which these failed.
    pub(crate) fn of(name: &str, tried: usize, mut failed: Vec<String>) -> Self {
        let more = failed.len().saturating_sub(TOLD) as u64;
        failed.truncate(TOLD);
        let outcome = if failed.is_empty() { Outcome::Passed } else { Outcome::Failed { why: failed, more } };
        Self { name: name.to_owned(), tried: tried as u64, outcome }
    }

    /// A check that could not be made.
    pub(crate) fn left_out(name: &str, why: &str) -> Self {
        Self { name: name.to_owned(), tried: 0, outcome: Outcome::LeftOut { why: why.to_owned() } }
    }

    /// Whether it holds or was left out.
    pub const fn is_fine(&self) -> bool {
        match self.outcome {
            Outcome::Passed | Outcome::LeftOut { .. } => true,
            Outcome::Failed { .. } => false,
        }
    }
}

impl Report {
    pub(crate) fn of(plugin: &Plugin, fixtures: Vec<Check>, suite: Vec<Check>, figures: Figures) -> Self {
        let passed = fixtures.iter().chain(&suite).all(Check::is_fine);
        Self { digest: plugin.digest(), world: plugin.world().to_string(), fixtures, suite, figures, passed }
    }
}
