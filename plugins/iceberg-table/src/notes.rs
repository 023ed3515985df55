//! What the reader of a plan should know.

use crate::lineage::ancestry;
use crate::name::{MAIN, Name};
use crate::table::{Metadata, Snapshot};

/// What holds of going from one snapshot to another.
pub(crate) fn of(metadata: &Metadata, name: &Name, from: Option<i64>, to: &Snapshot) -> Vec<String> {
    let mut notes = Vec::new();
    if let (Some(then), Some(now)) = (to.schema_id, metadata.current_schema_id)
        && then != now
    {
        notes.push(format!(
            "the schema does not roll back: the table keeps schema {now}, snapshot {} was written with {then}",
            to.snapshot_id
        ));
    }
    notes.push("properties, partitioning and sort order stay as they are".to_owned());
    if let Some(from) = from {
        if name.reference == MAIN || ancestry(metadata, from).iter().any(|found| found.snapshot_id == to.snapshot_id) {
            notes.push(format!("undo works until snapshot {from} is expired"));
        } else {
            notes.push(format!("snapshot {} is no ancestor of {from}", to.snapshot_id));
        }
    }
    notes.push("whether the snapshot's files are still in their place the catalog does not tell".to_owned());
    notes
}
