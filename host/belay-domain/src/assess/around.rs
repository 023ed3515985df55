//! What surrounds a run: others that are in flight, and what its runbook did before. Counted by the host, from the ledger.

use serde::{Deserialize, Serialize};

/// What surrounds a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Around {
    /// Other runs on the same feature set, in the same environment, that have not ended: under way, halted or waiting.
    pub runs_on_set: u64,
    /// The same, on other feature sets.
    pub runs_elsewhere: u64,
    /// What the runbook did on this feature set before.
    pub record: Record,
}

/// What a runbook did on a feature set before, in whatever environment: a rehearsal counts. Ordered: later is worse.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// As it is now, it restored the set the last time; or the run is an undo, which goes by no recipe.
    #[default]
    Proven,
    /// It restored the set the last time, and was changed since.
    Changed,
    /// It never ran on the set.
    Untried,
    /// Its last run on the set failed.
    WentBadly,
}

impl Record {
    /// For people: the cause of the risk that it adds.
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Proven => "runbook proven",
            Self::Changed => "runbook changed since it ran",
            Self::Untried => "runbook untried here",
            Self::WentBadly => "runbook's last run failed",
        }
    }
}
