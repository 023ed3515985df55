//! What must be equal for a reference to be as it was: the table, and the snapshot that it stands at.

use belay_sdk::{Fault, State};
use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::table::{Kind, Metadata, Table};

/// A reference's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The table's UUID: a table that was dropped and made anew is another.
    pub(crate) table: String,
    /// Whether it is a branch or a tag.
    pub(crate) kind: Kind,
    /// The snapshot, as text: its number may be larger than JSON's readers can hold.
    pub(crate) snapshot: String,
}

/// What moves whenever somebody commits to the table. Without a table it is `null`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Revision {
    pub(crate) table: String,
    pub(crate) metadata: Option<String>,
    pub(crate) updated: u64,
}

impl Content {
    pub(crate) fn of(metadata: &Metadata, kind: Kind, snapshot: i64) -> Self {
        Self { table: metadata.table_uuid.clone(), kind, snapshot: snapshot.to_string() }
    }

    /// The snapshot's number.
    pub(crate) fn snapshot(&self) -> Result<i64, Fault> {
        self.snapshot.parse().map_err(|_| Fault::Invalid(format!("`{}` is no snapshot", self.snapshot)))
    }
}

impl Revision {
    pub(crate) fn of(table: &Table) -> Self {
        Self {
            table: table.metadata.table_uuid.clone(),
            metadata: table.metadata_location.clone(),
            updated: table.metadata.last_updated_ms,
        }
    }
}

/// The state of a reference; absent where there is no table, or no such reference.
pub(crate) fn state(table: Option<&Table>, name: &Name) -> Result<State, Fault> {
    let Some(table) = table else { return State::of("absent", &(), &()) };
    match table.metadata.refs.get(&name.reference) {
        Some(reference) => standing(table, reference.kind, reference.snapshot_id),
        None => State::of("absent", &(), &Revision::of(table)),
    }
}

/// The state of a reference that stands at a snapshot.
pub(crate) fn standing(table: &Table, kind: Kind, snapshot: i64) -> Result<State, Fault> {
    let content = Content::of(&table.metadata, kind, snapshot);
    State::of(&content.snapshot, &content, &Revision::of(table))
}
