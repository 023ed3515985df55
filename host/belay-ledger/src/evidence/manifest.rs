//! What a file says of itself. Says; proves nothing.

use std::collections::BTreeMap;

use belay_domain::digest::{Commitment, Digest};
use belay_domain::json::Json;
use serde::{Deserialize, Serialize};

/// The first field of every manifest.
pub(super) const FORMAT: &str = "belay-evidence";
/// The version of the file's form that this code writes, and the only one that it reads.
pub(super) const VERSION: u64 = 1;

/// What a file is, and what it has.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `belay-evidence`.
    pub format: String,
    /// The version of the file's form.
    pub version: u64,
    /// The log's name.
    pub origin: String,
    /// How many entries the log had.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Digest,
    /// The numbers of the entries in this file.
    pub entries: Vec<u64>,
    /// What became of each object that they name.
    pub objects: BTreeMap<Digest, ObjectState>,
    /// Whether the whole published log is in it, so that it can be checked that nothing was left out.
    pub with_log: bool,
    /// What was asked for, by whoever made it.
    pub about: Json,
}

/// What became of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectState {
    /// It is in the file.
    Present,
    /// It was left out of the file; the ledger has it.
    Withheld,
    /// The ledger does not have it.
    Missing,
}

/// What became of a blob.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlobState {
    /// It is in the file.
    Present,
    /// It was left out of the file; the ledger has it.
    Withheld,
    /// It was taken out of the ledger, and an entry says by whom and why.
    Redacted,
    /// The ledger does not have it, and nothing says why.
    Missing,
}

/// One line of `blobs.json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobLine {
    /// What names it.
    pub commitment: Commitment,
    /// The entry that names it.
    pub entry: u64,
    /// What became of it.
    pub state: BlobState,
    /// What it was committed to as, where it is present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The salt in hex, where it is present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}
