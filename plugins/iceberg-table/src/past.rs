//! What a reference stood at: `main` by the table's own log, others by the snapshots that theirs comes from.

use belay_sdk::{Fault, Past, State};

use crate::content;
use crate::lineage::ancestry;
use crate::name::{MAIN, Name};
use crate::table::{Kind, Logged, Metadata, Snapshot, Table};

/// The table, which must be there.
pub(crate) fn there(table: Option<Table>, name: &Name) -> Result<Table, Fault> {
    table.ok_or_else(|| Fault::Missing(format!("the catalog has no table `{}`", name.table)))
}

/// A snapshot by its number, or what another branch or tag stands at, by its name.
pub(crate) fn labelled(table: &Table, name: &Name, label: &str) -> Result<State, Fault> {
    let metadata = &table.metadata;
    let snapshot = match (metadata.refs.get(label), label.parse()) {
        (Some(reference), _) => reference.snapshot_id,
        (None, Ok(number)) => number,
        (None, Err(_)) => {
            return Err(Fault::Invalid(format!("`{label}` is neither a snapshot's number nor a branch or tag")));
        }
    };
    kept(metadata, snapshot)?;
    content::standing(table, kind(metadata, name), snapshot)
}

/// What the reference stood at at a moment, in milliseconds since 1970 UTC.
pub(crate) fn at(table: &Table, name: &Name, moment: u64) -> Result<State, Fault> {
    let metadata = &table.metadata;
    let stood = course(metadata, name).into_iter().find(|entry| entry.timestamp_ms <= moment);
    let entry = stood.ok_or_else(|| {
        Fault::Missing(format!("`{}` of `{}` has no history that goes back so far", name.reference, name.table))
    })?;
    kept(metadata, entry.snapshot_id)?;
    content::standing(table, kind(metadata, name), entry.snapshot_id)
}

/// What the reference stood at, the latest first.
pub(crate) fn history(table: &Table, name: &Name, limit: u32) -> Vec<Past> {
    let metadata = &table.metadata;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    course(metadata, name).into_iter().take(limit).map(|entry| told(metadata, entry)).collect()
}

/// A snapshot that was not expired.
pub(crate) fn kept(metadata: &Metadata, snapshot: i64) -> Result<&Snapshot, Fault> {
    metadata
        .snapshot(snapshot)
        .ok_or_else(|| Fault::Missing(format!("snapshot {snapshot} is not in the table any more: it was expired")))
}

/// Where the reference stood and since when, the latest first.
fn course(metadata: &Metadata, name: &Name) -> Vec<Logged> {
    if name.reference == MAIN {
        return metadata.snapshot_log.iter().rev().copied().collect();
    }
    let Some(reference) = metadata.refs.get(&name.reference) else { return Vec::new() };
    let logged =
        |snapshot: &Snapshot| Logged { snapshot_id: snapshot.snapshot_id, timestamp_ms: snapshot.timestamp_ms };
    ancestry(metadata, reference.snapshot_id).into_iter().map(logged).collect()
}

fn kind(metadata: &Metadata, name: &Name) -> Kind {
    metadata.refs.get(&name.reference).map_or(Kind::Branch, |reference| reference.kind)
}

fn told(metadata: &Metadata, entry: Logged) -> Past {
    let summary = match metadata.snapshot(entry.snapshot_id) {
        None => "expired".to_owned(),
        Some(snapshot) => {
            let operation = snapshot.summary.get("operation").cloned();
            let added = snapshot.count("added-records").map(|rows| format!("{rows} rows added"));
            let deleted = snapshot.count("deleted-records").map(|rows| format!("{rows} rows deleted"));
            [operation, added, deleted].into_iter().flatten().collect::<Vec<_>>().join(" · ")
        }
    };
    Past { version: entry.snapshot_id.to_string(), at: Some(entry.timestamp_ms), summary }
}
