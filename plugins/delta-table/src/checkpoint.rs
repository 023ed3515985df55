//! A classic checkpoint: one Parquet file whose rows are actions. Reads the columns that make the table's state and
//! skips those that repeat or explain it.

use std::sync::Arc;

use belay_sdk::Fault;
use bytes::Bytes;
use parquet::basic::Compression;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Row;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;
use serde_json::Value;

use crate::action::Action;

/// What makes the state. Tombstones, transaction ids and parsed statistics don't.
const ACTIONS: [&str; 6] = ["add", "metaData", "protocol", "domainMetadata", "sidecar", "checkpointMetadata"];
const ADD_FIELDS: [&str; 8] =
    ["path", "partitionValues", "size", "modificationTime", "dataChange", "stats", "tags", "deletionVector"];

/// Calls `each` with every action of a checkpoint that makes the table's state, in the file's order.
pub(crate) fn read(
    version: u64,
    bytes: Vec<u8>,
    mut each: impl FnMut(Action) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let broken = |error: &dyn std::fmt::Display| Fault::Unexpected(format!("checkpoint {version}: {error}"));
    let reader = SerializedFileReader::new(Bytes::from(bytes)).map_err(|error| broken(&error))?;
    refuse_unreadable_compression(version, &reader)?;
    let columns = projection(reader.metadata().file_metadata().schema()).map_err(|error| broken(&error))?;
    for row in RowIter::from_file(Some(columns), &reader).map_err(|error| broken(&error))? {
        let row = row.map_err(|error| broken(&error))?;
        if let Some(action) = action(&row).map_err(|error| broken(&error))? {
            each(action)?;
        }
    }
    Ok(())
}

fn refuse_unreadable_compression(version: u64, reader: &impl FileReader) -> Result<(), Fault> {
    let mut chunks = reader.metadata().row_groups().iter().flat_map(|group| group.columns());
    let readable = |used: Compression| matches!(used, Compression::UNCOMPRESSED | Compression::SNAPPY);
    match chunks.find(|chunk| !readable(chunk.compression())) {
        Some(chunk) => Err(Fault::Unsupported(format!(
            "checkpoint {version} is compressed with {}; uncompressed and SNAPPY can be read",
            chunk.compression()
        ))),
        None => Ok(()),
    }
}

/// The file's schema without the columns that are not needed.
fn projection(schema: &Type) -> parquet::errors::Result<Type> {
    let kept = keep(schema, &ACTIONS).map(|field| {
        if field.name() == "add" && field.is_group() {
            Type::group_type_builder(field.name())
                .with_repetition(field.get_basic_info().repetition())
                .with_fields(keep(field, &ADD_FIELDS).cloned().collect())
                .build()
                .map(Arc::new)
        } else {
            Ok(Arc::clone(field))
        }
    });
    Type::group_type_builder(schema.name()).with_fields(kept.collect::<Result<_, _>>()?).build()
}

fn keep<'a>(group: &'a Type, names: &'a [&str]) -> impl Iterator<Item = &'a Arc<Type>> {
    group.get_fields().iter().filter(|field| names.contains(&field.name()))
}

/// The one action of a row; none where the row holds one that was left out.
fn action(row: &Row) -> serde_json::Result<Option<Action>> {
    let Value::Object(columns) = row.to_json_value() else { return Ok(None) };
    let present: serde_json::Map<_, _> = columns.into_iter().filter(|(_, value)| !value.is_null()).collect();
    if present.is_empty() { Ok(None) } else { serde_json::from_value(Value::Object(present)).map(Some) }
}
