//! The values of a feature view's entities: as the online store has them, and as its batch source would give them.

use std::collections::BTreeMap;

use belay_sdk::Fault;
use serde::{Deserialize, Serialize};

use crate::Sidecar;

/// An entity by its keys, all as text: `{ user_id = "1" }`.
pub type Entity = BTreeMap<String, String>;

/// The values of an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Whose.
    pub entity: Entity,
    /// Each feature as text; nothing where it has no value.
    pub values: BTreeMap<String, Option<String>>,
    /// Since when they are true, as RFC 3339; nothing where nothing is stored.
    pub at: Option<String>,
}

/// The values of some entities, in the order in which they were asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Rows {
    /// The version whose values they are.
    pub version: u32,
    /// One for each entity.
    pub rows: Vec<Row>,
}

/// What materialising would write.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Preview {
    /// One for each entity that was asked for.
    pub rows: Vec<Row>,
    /// How many entities it would write in all.
    pub count: u64,
    /// The digest of all of them, in lower-case hex.
    pub sha256: String,
}

#[derive(Deserialize)]
struct Standing {
    count: u64,
}

/// The moments between which rows of the batch source count, as RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From.
    pub start: String,
    /// To.
    pub end: String,
}

#[derive(Serialize)]
struct Asked<'a> {
    entities: &'a [Entity],
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(flatten)]
    window: Option<&'a Window>,
}

#[derive(Serialize)]
struct Counted<'a> {
    version: u32,
    #[serde(flatten)]
    window: &'a Window,
}

impl Sidecar<'_> {
    /// What the online store has for some entities; of the version that the view is at where none is named.
    pub fn online(&self, entities: &[Entity], version: Option<u32>) -> Result<Rows, Fault> {
        let rows: Rows = self.query("/online/read", &Asked { entities, version, window: None })?;
        of_all(entities, &rows.rows)?;
        Ok(rows)
    }

    /// What materialising a version would write.
    pub fn preview(&self, entities: &[Entity], version: u32, window: &Window) -> Result<Preview, Fault> {
        let asked = Asked { entities, version: Some(version), window: Some(window) };
        let preview: Preview = self.query("/source/read", &asked)?;
        of_all(entities, &preview.rows)?;
        Ok(preview)
    }

    /// How many rows materialising a version would leave although they are others.
    pub fn standing(&self, version: u32, window: &Window) -> Result<u64, Fault> {
        Ok(self.query::<Standing>("/online/standing", &Counted { version, window })?.count)
    }
}

fn of_all(asked: &[Entity], answered: &[Row]) -> Result<(), Fault> {
    if answered.iter().map(|row| &row.entity).eq(asked) {
        return Ok(());
    }
    Err(Fault::Unexpected(format!(
        "the sidecar was asked for {} entities and answered for {} or for others",
        asked.len(),
        answered.len()
    )))
}
