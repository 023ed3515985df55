//! A table's metadata, as far as a way back needs it (<https://iceberg.apache.org/spec/#table-metadata-fields>).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A table.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Table {
    /// Moves with each commit; a catalog may keep it to itself.
    #[serde(default)]
    pub(crate) metadata_location: Option<String>,
    pub(crate) metadata: Metadata,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Metadata {
    pub(crate) table_uuid: String,
    #[serde(default)]
    pub(crate) last_updated_ms: u64,
    #[serde(default)]
    pub(crate) current_schema_id: Option<i64>,
    #[serde(default)]
    pub(crate) snapshots: Vec<Snapshot>,
    #[serde(default)]
    pub(crate) refs: BTreeMap<String, SnapshotRef>,
    #[serde(default)]
    pub(crate) snapshot_log: Vec<Logged>,
}

/// What a branch or tag stands at, and how long it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct SnapshotRef {
    pub(crate) snapshot_id: i64,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) min_snapshots_to_keep: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_snapshot_age_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_ref_age_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Branch,
    Tag,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Snapshot {
    pub(crate) snapshot_id: i64,
    #[serde(default)]
    pub(crate) parent_snapshot_id: Option<i64>,
    /// Milliseconds since 1970 UTC.
    pub(crate) timestamp_ms: u64,
    #[serde(default)]
    pub(crate) schema_id: Option<i64>,
    /// `operation`, and counts as text.
    #[serde(default)]
    pub(crate) summary: BTreeMap<String, String>,
}

/// What `main` stood at from a moment on.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Logged {
    pub(crate) snapshot_id: i64,
    /// Milliseconds since 1970 UTC.
    pub(crate) timestamp_ms: u64,
}

impl Metadata {
    /// A snapshot that was not expired.
    pub(crate) fn snapshot(&self, id: i64) -> Option<&Snapshot> {
        self.snapshots.iter().find(|snapshot| snapshot.snapshot_id == id)
    }
}

impl Snapshot {
    /// A count of its summary, where the writer gave it.
    pub(crate) fn count(&self, name: &str) -> Option<u64> {
        self.summary.get(name)?.parse().ok()
    }
}
