//! What the catalog answers. Tells "it isn't there" from "that was no answer of a catalog's".

use belay_sdk::{Fault, Reads, json};
use serde::Deserialize;

use crate::name::Name;
use crate::table::Table;

/// A catalog behind a connection.
pub(crate) struct Catalog<'a> {
    reads: &'a dyn Reads,
    pub(crate) connection: &'a str,
}

/// A catalog's own words for why it has no answer.
#[derive(Deserialize)]
struct Refusal {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    message: String,
    #[serde(rename = "type")]
    kind: String,
}

impl<'a> Catalog<'a> {
    pub(crate) fn of(reads: &'a dyn Reads, connection: &'a str) -> Self {
        Self { reads, connection }
    }

    /// A table with the snapshots that its references stand at, which is all that an observation needs; none where
    /// there is no such table.
    pub(crate) fn referenced(&self, name: &Name) -> Result<Option<Table>, Fault> {
        self.table(&format!("{}?snapshots=refs", name.path))
    }

    /// A table with all its snapshots; none where there is no such table.
    pub(crate) fn whole(&self, name: &Name) -> Result<Option<Table>, Fault> {
        self.table(&name.path)
    }

    fn table(&self, path: &str) -> Result<Option<Table>, Fault> {
        let answer = self.reads.get(self.connection, path)?;
        let what = format!("GET {path} at {}: {}", self.connection, answer.status);
        match answer.status {
            200 => json::answered(&answer.body, &what).map(Some),
            404 => match json::answered::<Refusal>(&answer.body, &what)?.error {
                Reason { kind, .. } if kind == "NoSuchTableException" => Ok(None),
                // A namespace that is not there is a wrong name rather than a table that was dropped.
                Reason { kind, message } => Err(Fault::Missing(format!("{what}: {kind}: {message}"))),
            },
            401 | 403 | 408 | 419 | 429 | 500.. => Err(Fault::Unavailable(what)),
            _ => Err(Fault::Unexpected(what)),
        }
    }
}
