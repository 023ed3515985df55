//! A classic checkpoint: one Parquet file whose rows are actions. Reads the columns that make the table's state and
//! skips those that repeat or explain it.

use std::sync::Arc;

use belay_sdk::Fault;
use bytes::Bytes;
use parquet::basic::Compression;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Map, Row};
use parquet::schema::types::Type;
use serde::de::Error as _;
use serde_json::{Error, Value};

use crate::action::{Action, Add, IgnoredField, Pair, PartitionValues};

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

/// The one action of a row; none where the row holds one that was left out. Files are most of a table, so their rows become
/// actions directly; the others by way of JSON.
fn action(row: &Row) -> serde_json::Result<Option<Action>> {
    let add = row.get_column_iter().find(|(name, _)| *name == "add");
    if let Some((_, Field::Group(add))) = add {
        return self::add(add).map(|add| Some(Action::Add(add)));
    }
    let Value::Object(columns) = row.to_json_value() else { return Ok(None) };
    let present: serde_json::Map<_, _> = columns.into_iter().filter(|(_, value)| !value.is_null()).collect();
    if present.is_empty() { Ok(None) } else { serde_json::from_value(Value::Object(present)).map(Some) }
}

/// A file, from the columns of [`ADD_FIELDS`].
fn add(row: &Row) -> serde_json::Result<Add> {
    let mut path = None;
    let mut partition_values = None;
    let (mut size, mut modification_time) = (None, None);
    let (mut data_change, mut stats, mut tags, mut deletion_vector) = (false, None, None, None);
    for (name, field) in row.get_column_iter() {
        match (name.as_str(), field) {
            (_, Field::Null) => {}
            ("path", Field::Str(text)) => path = Some(text.clone()),
            ("partitionValues", Field::MapInternal(map)) => partition_values = Some(PartitionValues::of(pairs(map)?)),
            ("size", Field::Long(bytes)) => size = u64::try_from(*bytes).ok(),
            ("modificationTime", Field::Long(at)) => modification_time = Some(*at),
            ("dataChange", Field::Bool(changes)) => data_change = *changes,
            ("stats", Field::Str(text)) => stats = Some(text.clone()),
            ("tags", Field::MapInternal(map)) => {
                let plain = |(tag, value): Pair| (tag.into(), value.map(Into::into));
                tags = Some(pairs(map)?.into_iter().map(plain).collect());
            }
            ("deletionVector", _) => deletion_vector = Some(IgnoredField),
            (other, _) => {
                return Err(Error::custom(format!("`add.{other}` is of another type than the protocol says")));
            }
        }
    }
    let missing = |name: &str| Error::custom(format!("a file without `{name}`"));
    Ok(Add {
        path: path.ok_or_else(|| missing("path"))?,
        partition_values: partition_values.ok_or_else(|| missing("partitionValues"))?,
        size: size.ok_or_else(|| missing("size"))?,
        modification_time: modification_time.ok_or_else(|| missing("modificationTime"))?,
        data_change,
        stats,
        tags,
        deletion_vector,
    })
}

/// A map from text to text or null.
fn pairs(map: &Map) -> serde_json::Result<Vec<Pair>> {
    let pair = |pair: &(Field, Field)| match pair {
        (Field::Str(key), Field::Null) => Ok((key.as_str().into(), None)),
        (Field::Str(key), Field::Str(value)) => Ok((key.as_str().into(), Some(value.as_str().into()))),
        _ => Err(Error::custom("a map of something else than text")),
    };
    map.entries().iter().map(pair).collect()
}
