//! Which snapshots come from which. Never goes on where a parent was expired.

use std::collections::BTreeSet;

use crate::table::{Metadata, Snapshot};

/// A snapshot and those that it comes from, the latest first, as far as they were not expired.
pub(crate) fn ancestry(metadata: &Metadata, from: i64) -> Vec<&Snapshot> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let mut next = Some(from);
    // A broken catalog might have a circle of parents.
    while let Some(snapshot) = next.filter(|id| seen.insert(*id)).and_then(|id| metadata.snapshot(id)) {
        found.push(snapshot);
        next = snapshot.parent_snapshot_id;
    }
    found
}

/// What a reference no longer shows when it goes from one snapshot to another: those that lead to the first and not to
/// the second, the latest first.
pub(crate) fn set_aside(metadata: &Metadata, from: i64, to: i64) -> Vec<&Snapshot> {
    let kept: BTreeSet<i64> = ancestry(metadata, to).iter().map(|snapshot| snapshot.snapshot_id).collect();
    ancestry(metadata, from).into_iter().filter(|snapshot| !kept.contains(&snapshot.snapshot_id)).collect()
}
