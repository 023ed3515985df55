//! The commits that take a reference along a path of pinned states. Each names what the reference stands at before it, so
//! a commit of somebody else in between makes it fail, never overwrites.

use belay_sdk::{Change, Desired, Fault, Loss, NoAttributes, Operation, Pin, Reversibility, State, Write, json};

use crate::catalog::Catalog;
use crate::content::{Content, Revision};
use crate::lineage::set_aside;
use crate::name::{MAIN, Name};
use crate::table::{Metadata, Snapshot, SnapshotRef};
use crate::{notes, past, write};

/// One change for each desired state.
pub(crate) fn plan(
    catalog: &Catalog,
    name: &Name,
    observed: &State,
    path: Vec<Desired<NoAttributes>>,
) -> Result<Vec<Change>, Fault> {
    let pins: Vec<Pin> = path.into_iter().map(pinned).collect();
    if pins.iter().all(|pin| json::same(&pin.state.content, &observed.content)) {
        return Ok(pins.iter().map(|_| Change::nothing()).collect());
    }
    let table = past::there(catalog.whole(name)?, name)?;
    let mut from = observed.clone();
    let mut changes = Vec::with_capacity(pins.len());
    for pin in pins {
        changes.push(change(catalog, name, &table.metadata, &from, &pin)?);
        from = pin.state;
    }
    Ok(changes)
}

fn pinned(desired: Desired<NoAttributes>) -> Pin {
    match desired {
        Desired::Pinned(pin) => pin,
        Desired::Attributes(never) => match never {},
    }
}

fn change(catalog: &Catalog, name: &Name, metadata: &Metadata, from: &State, pin: &Pin) -> Result<Change, Fault> {
    if json::same(&from.content, &pin.state.content) {
        return Ok(Change::nothing());
    }
    let standing = from.content::<Option<Content>>()?.map(|content| content.snapshot()).transpose()?;
    let Some(wanted) = pin.state.content::<Option<Content>>()? else {
        return removal(catalog, name, metadata, from, pin, standing);
    };
    if wanted.table != metadata.table_uuid {
        return Err(Fault::Missing(format!("`{}` was dropped and made anew since it was pinned", name.table)));
    }
    let snapshot = past::kept(metadata, wanted.snapshot()?)?;
    let to = reference(metadata, name, &wanted, snapshot.snapshot_id);
    let aside = standing.map_or_else(Vec::new, |from| set_aside(metadata, from, snapshot.snapshot_id));
    let operation = operation(
        format!("{} of {}: {} → {}", name.reference, name.table, from.version, pin.state.version),
        write::set(catalog, name, &wanted.table, standing, &to)?,
        &pin.state,
        files(&aside),
        Reversibility::Reversible,
    );
    let notes = notes::of(metadata, name, standing, snapshot);
    Ok(Change { operations: vec![operation], factors: Vec::new(), loss: loss(&aside), notes })
}

/// The reference as it is to be: how long it is kept stays what it is, since the commit replaces all of it.
fn reference(metadata: &Metadata, name: &Name, wanted: &Content, snapshot_id: i64) -> SnapshotRef {
    match metadata.refs.get(&name.reference) {
        Some(present) => SnapshotRef { snapshot_id, kind: wanted.kind, ..present.clone() },
        None => SnapshotRef {
            snapshot_id,
            kind: wanted.kind,
            min_snapshots_to_keep: None,
            max_snapshot_age_ms: None,
            max_ref_age_ms: None,
        },
    }
}

fn removal(
    catalog: &Catalog,
    name: &Name,
    metadata: &Metadata,
    from: &State,
    pin: &Pin,
    standing: Option<i64>,
) -> Result<Change, Fault> {
    let declined = |why: &str| Err(Fault::Unsupported(format!("the desired state is that there is {why}")));
    match (pin.state.revision::<Option<Revision>>()?, standing) {
        (None, _) => declined("no table; this plugin drops none"),
        (Some(_), _) if name.reference == MAIN => declined("nothing in `main`, which no commit can bring back"),
        (Some(_), None) => Ok(Change::nothing()),
        (Some(_), Some(standing)) => {
            let write = write::remove(catalog, name, &metadata.table_uuid, standing)?;
            let summary = format!("{} of {}: {} → absent", name.reference, name.table, from.version);
            let operation = operation(summary, write, &pin.state, 1, Reversibility::Recoverable);
            Ok(Change { operations: vec![operation], factors: Vec::new(), loss: None, notes: Vec::new() })
        }
    }
}

fn operation(summary: String, write: Write, yields: &State, touches: u64, reversibility: Reversibility) -> Operation {
    Operation { summary, write, yields: yields.content.clone(), reversibility, touches }
}

/// How many files leave or come back, as far as writers counted them.
fn files(aside: &[&Snapshot]) -> u64 {
    let count = |name| aside.iter().filter_map(|snapshot| snapshot.count(name)).sum::<u64>();
    (count("added-data-files") + count("deleted-data-files")).max(1)
}

/// What is set aside; nothing where the path leads forward. Rows only where each writer counted them.
fn loss(aside: &[&Snapshot]) -> Option<Loss> {
    let since = aside.last()?.timestamp_ms;
    let rows = aside.iter().map(|snapshot| rows(snapshot)).sum::<Option<u64>>();
    Some(Loss { since, changes: aside.len() as u64, rows })
}

/// The rows that a snapshot added. Writers that count leave out what is 0.
fn rows(snapshot: &Snapshot) -> Option<u64> {
    snapshot.count("added-records").or_else(|| snapshot.count("total-records").map(|_| 0))
}
