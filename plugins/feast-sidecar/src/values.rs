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
    /// The latest moment of these, rounded up to milliseconds since 1970 UTC; 0 where nothing is stored.
    pub latest: u64,
    /// When the sidecar answered, in milliseconds since 1970 UTC.
    pub now: u64,
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

/// What is stored of a version, and what materialising would do to it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Comparison {
    /// What is stored for each entity that was asked for.
    pub stored: Vec<Row>,
    /// Whether materialising would leave that although it is something else.
    pub stands: Vec<bool>,
    /// How many such rows there are, of all entities.
    pub standing: u64,
    /// What materialising would write.
    #[serde(flatten)]
    pub source: Preview,
}

/// The moments between which rows of the batch source count, in milliseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From.
    pub start: u64,
    /// To, itself included.
    pub end: u64,
}

#[derive(Serialize)]
struct Asked<'a> {
    entities: &'a [Entity],
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(flatten)]
    window: Option<&'a Window>,
}

impl Sidecar<'_> {
    /// What the online store has for some entities, of the version that the view is at.
    pub fn online(&self, entities: &[Entity]) -> Result<Rows, Fault> {
        let rows: Rows = self.query("/online/read", &Asked { entities, version: None, window: None })?;
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

    /// What is stored of a version, and what materialising it would do.
    pub fn compare(&self, entities: &[Entity], version: u32, window: &Window) -> Result<Comparison, Fault> {
        let asked = Asked { entities, version: Some(version), window: Some(window) };
        let found: Comparison = self.query("/online/compare", &asked)?;
        of_all(entities, &found.stored)?;
        of_all(entities, &found.source.rows)?;
        if found.stands.len() == entities.len() {
            return Ok(found);
        }
        Err(Fault::Unexpected("the sidecar did not compare each entity".to_owned()))
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
