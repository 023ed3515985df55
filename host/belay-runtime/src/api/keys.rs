//! The keys that sign the log.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The keys of the log, and where the present one lies.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeysAnswer {
    /// The log's name.
    pub origin: String,
    /// Every key that the log has had, the present one last.
    pub keys: Vec<LogKey>,
    /// The file of the present key's secret half.
    pub secret: PathBuf,
    /// The file that a reader of the log needs: the present verifier.
    pub verifier: PathBuf,
    /// What should not be so.
    pub warnings: Vec<String>,
}

/// One key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogKey {
    /// Its short name: 8 hex digits, as in each of its signatures.
    pub id: String,
    /// As signed notes write keys: what a reader trusts.
    pub verifier: String,
    /// The entry that made it the log's key; absent for the first.
    pub from: Option<u64>,
    /// The entry that made another one the log's key; absent for the present.
    pub until: Option<u64>,
    /// Whether it fell into wrong hands.
    pub compromised: Option<KeyCut>,
}

/// From where on a compromised key counts for nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyCut {
    /// The entry that says so.
    pub entry: u64,
    /// A checkpoint over more entries than this counts for nothing if no other key signed it.
    pub since: u64,
}

/// That a key fell into wrong hands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CompromisedRequest {
    /// Which, by its id or its verifier; the present one if not given.
    pub key: Option<String>,
    /// The first entry that a thief may have signed another one in the place of.
    pub since: u64,
    /// How that is known, for the record.
    pub reason: String,
}

/// A change of keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyChangedAnswer {
    /// The entry that says so.
    pub entry: u64,
    /// The key until then, or the one that was compromised.
    pub before: LogKey,
    /// The key that signs from now on.
    pub after: LogKey,
    /// All of them.
    pub keys: KeysAnswer,
}
