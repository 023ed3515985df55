//! What must be equal for two versions of a table to be the same. Bounded: the list of files is named by its digest.

use std::fmt::Write as _;

use belay_sdk::{Fault, json};
use serde::{Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::action::{Metadata, PartitionValues};
use crate::snapshot::{File, Table};

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
        let mut text = Vec::new();
        for file in &table.files {
            text.clear();
            line(file, &mut text)?;
            files.update(&text);
        }
        let metadata = &table.metadata;
        Ok(Self {
            table: metadata.id.clone(),
            files: table.files.len() as u64,
            bytes: table.files.iter().map(|file| file.size).sum(),
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
fn line(file: &File, into: &mut Vec<u8>) -> Result<(), Fault> {
    struct Told<'a>(&'a PartitionValues);
    impl Serialize for Told<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            // The protocol takes an empty partition value for a null.
            serializer.collect_map(self.0.iter().map(|(column, value)| (column, value.filter(|text| !text.is_empty()))))
        }
    }
    serde_json::to_writer(&mut *into, &(file.key(), file.size, Told(&file.partition_values)))
        .map_err(|error| Fault::Unexpected(format!("the file `{}` has no JSON: {error}", file.key())))?;
    into.push(b'\n');
    Ok(())
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
