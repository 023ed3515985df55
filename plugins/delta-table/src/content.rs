//! What must be equal for two versions of a table to be the same. Bounded: the list of files is named by its digest.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use belay_sdk::{Fault, json};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::action::{Add, Metadata};
use crate::snapshot::Table;

/// A table's content. The protocol is not part of it, because it never goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Content {
    /// The table's id, given when it was created.
    table: String,
    /// How many data files it has.
    files: u64,
    /// Their sizes added up.
    bytes: u64,
    /// SHA-256 over a line of JSON for each file in key order: `[key, size, partition values]`.
    files_sha256: String,
    partitioned_by: Vec<String>,
    /// SHA-256 over the schema as JSON with sorted keys.
    schema_sha256: String,
    /// SHA-256 over `[name, description, format, configuration]` as JSON with sorted keys.
    settings_sha256: String,
}

impl Content {
    /// What a table's content is.
    pub(crate) fn of(table: &Table) -> Result<Self, Fault> {
        let mut files = Sha256::new();
        for (key, add) in &table.files {
            files.update(line(key, add)?);
        }
        let metadata = &table.metadata;
        Ok(Self {
            table: metadata.id.clone(),
            files: table.files.len() as u64,
            bytes: table.files.values().map(|add| add.size).sum(),
            files_sha256: hex(files),
            partitioned_by: metadata.partition_columns.clone(),
            schema_sha256: digest(&schema(metadata)?),
            settings_sha256: digest(&settings(metadata)),
        })
    }

    /// Whether both have the same metadata, whatever their files.
    pub(crate) fn has_metadata_of(&self, other: &Self) -> bool {
        let metadata = |of: &Self| {
            (of.table.clone(), of.partitioned_by.clone(), of.schema_sha256.clone(), of.settings_sha256.clone())
        };
        metadata(self) == metadata(other)
    }

    /// As JSON text.
    pub(crate) fn to_text(&self) -> Result<String, Fault> {
        json::text(self)
    }
}

/// Statistics, tags and times are left out: a writer may put them otherwise for the same rows.
fn line(key: &str, add: &Add) -> Result<String, Fault> {
    // The protocol takes an empty partition value for a null.
    let told = |value: &'_ Option<String>| value.clone().filter(|text| !text.is_empty());
    let values: BTreeMap<&str, Option<String>> =
        add.partition_values.iter().map(|(name, value)| (name.as_str(), told(value))).collect();
    Ok(json::text(&(key, add.size, values))? + "\n")
}

fn schema(metadata: &Metadata) -> Result<Value, Fault> {
    serde_json::from_str(&metadata.schema_string)
        .map_err(|error| Fault::Unexpected(format!("the table's schema is not JSON: {error}")))
}

fn settings(metadata: &Metadata) -> Value {
    serde_json::json!([metadata.name, metadata.description, metadata.format, metadata.configuration])
}

fn sorted(mut value: Value) -> Value {
    value.sort_all_objects();
    value
}

fn digest(value: &Value) -> String {
    let mut hash = Sha256::new();
    hash.update(sorted(value.clone()).to_string());
    hex(hash)
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
