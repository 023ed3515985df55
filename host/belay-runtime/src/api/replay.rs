//! Recorded calls, made again.

use belay_domain::digest::Digest;
use belay_domain::id::{PluginName, RunId};
use belay_sandbox::{Function, Status};
use serde::{Deserialize, Serialize};

/// Which calls to make again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayRequest {
    /// The call of this entry.
    Entry(u64),
    /// Those of this run.
    Run(RunId),
    /// All that the ledger has.
    All,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReplayAnswer {
    /// The wasmtime that the calls were made on now.
    pub wasmtime: String,
    /// How many recorded calls were asked for.
    pub calls: u64,
    /// The same output, reads, log and fuel.
    pub same: u64,
    /// The same output, reads and log. They had run on another engine, so that fuel was not compared.
    pub other_engine: u64,
    /// Something came out otherwise.
    pub differ: u64,
    /// Ended by a clock or by the machine, which nothing can repeat.
    pub not_reproducible: u64,
    /// What they were given was redacted.
    pub redacted: u64,
    /// They could not be made: something that should be there is not, or can't be read.
    pub not_made: u64,
    /// From the first call to the last, in milliseconds.
    pub took_ms: u64,
    /// The call of the entry that was asked for; of many, those that are not simply the same, the first 1,000.
    pub shown: Vec<ReplayedCall>,
}

impl ReplayAnswer {
    /// Whether every call that can be made again came out as recorded, and none is missing.
    pub const fn is_faithful(&self) -> bool {
        self.differ == 0 && self.not_made == 0
    }
}

/// One recorded call, made again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReplayedCall {
    /// The entry that records it.
    pub entry: u64,
    /// The plugin's name in `belay.toml`; empty where the entry can't be read.
    pub plugin: String,
    /// What was recorded of it; absent where the entry can't be read.
    pub recorded: Option<RecordedCall>,
    /// What came of it.
    pub verdict: ReplayVerdict,
}

/// What an entry tells of a call in the open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecordedCall {
    /// The component's SHA-256.
    pub component: Digest,
    /// What was called.
    pub function: Function,
    /// How it ended.
    pub status: Status,
    /// How many reads it made.
    pub reads: u32,
    /// The fuel that it burnt.
    pub fuel: u64,
    /// The wasmtime that it ran on.
    pub wasmtime: String,
}

/// What came of making a call again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReplayVerdict {
    /// The same output, reads, log and fuel.
    Same,
    /// The same output, reads and log on another engine; fuel was not compared.
    OtherEngine,
    /// Something came out otherwise.
    Differs(Difference),
    /// A clock or the machine ended it, which nothing can repeat.
    NotReproducible,
    /// What it was given or read was redacted.
    Redacted {
        /// Which part of the record.
        part: String,
    },
    /// A part of the record is gone or damaged, and nothing says that it was redacted.
    Missing {
        /// Which part.
        part: String,
        /// What was found.
        problem: String,
    },
    /// There is no component with the recorded digest, or it can't be loaded.
    NoComponent {
        /// Why.
        why: String,
    },
    /// The record can't be read.
    Unreadable {
        /// Why.
        why: String,
    },
}

/// The first difference between a recorded call and the same call now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Difference {
    /// Where: `output /answer/0/label`, `read 2`, `log`, `fuel`.
    pub at: String,
    /// What was recorded there, in short; absent where there was nothing.
    pub recorded: Option<String>,
    /// What is there now, in short; absent where there is nothing.
    pub replayed: Option<String>,
}

impl RecordedCall {
    pub(crate) fn of(summary: &belay_sandbox::CallSummary) -> Self {
        Self {
            component: summary.plugin,
            function: summary.function,
            status: summary.status,
            reads: summary.reads,
            fuel: summary.fuel_used,
            wasmtime: summary.engine.wasmtime.clone(),
        }
    }
}

impl ReplayedCall {
    /// A call whose entry tells nothing of it.
    pub(crate) fn unreadable(entry: u64, why: impl Into<String>) -> Self {
        let verdict = ReplayVerdict::Unreadable { why: why.into() };
        Self { entry, plugin: String::new(), recorded: None, verdict }
    }

    /// A call of a plugin.
    pub(crate) fn of(entry: u64, plugin: &PluginName, recorded: RecordedCall, verdict: ReplayVerdict) -> Self {
        Self { entry, plugin: plugin.to_string(), recorded: Some(recorded), verdict }
    }
}
