//! What must be equal for values to be as they were, and what is established about all the others.

use belay_sdk::{Fault, State};
use feast_sidecar::{Preview, Row, Rows, label};
use serde::{Deserialize, Serialize};

/// The content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The version that the feature view is at: each has values of its own.
    pub(crate) version: u32,
    /// The values of the configured entities, and since when they are true. Feast calls a value that is not there
    /// present, of 1970; here it is nothing.
    pub(crate) rows: Vec<Row>,
}

/// What moves with the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Revision {
    /// The latest moment of the configured entities' values, in milliseconds since 1970 UTC.
    pub(crate) latest: u64,
}

/// What was established when a point was captured, from the batch source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof {
    /// Rows until this moment count, in milliseconds since 1970 UTC.
    pub(crate) until: u64,
    /// How many entities a materialisation gave values.
    pub(crate) count: u64,
    /// The digest of all these values.
    pub(crate) sha256: String,
}

impl Proof {
    pub(crate) fn of(preview: &Preview, until: u64) -> Self {
        Self { until, count: preview.count, sha256: preview.sha256.clone() }
    }
}

/// Rows of a version as a state.
pub(crate) fn state(version: u32, rows: Vec<Row>, latest: u64) -> Result<State, Fault> {
    let newest = rows.iter().filter_map(|row| row.at.as_deref()).max();
    let words = newest.map_or_else(|| "no values".to_owned(), |at| format!("values of {at}"));
    State::of(format!("{}, {words}", label(version)), &Content { version, rows }, &Revision { latest })
}

/// The stored values as a state.
pub(crate) fn stored(found: Rows) -> Result<State, Fault> {
    state(found.version, found.rows, found.latest)
}

/// The same entity without values.
pub(crate) fn emptied(row: &Row) -> Row {
    let values = row.values.keys().map(|name| (name.clone(), None)).collect();
    Row { entity: row.entity.clone(), values, at: None }
}

/// How rows differ from others, for people; nothing where they are the same.
pub(crate) fn difference(would: &[Row], pinned: &[Row]) -> Option<String> {
    let (would, pinned) = would.iter().zip(pinned).find(|(would, pinned)| would != pinned)?;
    Some(format!("{} would have {} instead of {}", entity(would), told(would, pinned), told(pinned, would)))
}

/// `user_id 1`
pub(crate) fn entity(row: &Row) -> String {
    let keys: Vec<String> = row.entity.iter().map(|(name, value)| format!("{name} {value}")).collect();
    keys.join(", ")
}

/// What a row says and the other does not.
fn told(row: &Row, other: &Row) -> String {
    let Some(at) = &row.at else { return "no values".to_owned() };
    let differing = row.values.iter().filter(|(name, value)| other.values.get(*name) != Some(*value));
    let mut words: Vec<String> =
        differing.map(|(name, value)| format!("{name} {}", value.as_deref().unwrap_or("nothing"))).collect();
    if row.at != other.at || words.is_empty() {
        words.push(format!("values of {at}"));
    }
    words.join(", ")
}
