//! The actions of a Delta log, as its protocol names them. Never decides what they mean together.
//!
//! Format: <https://github.com/delta-io/delta/blob/master/PROTOCOL.md#actions>.

use std::collections::BTreeMap;
use std::fmt;

use belay_sdk::Fault;
use percent_encoding::percent_decode_str;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One line of a commit, or one row of a checkpoint. An action that the protocol did not have is an error: whoever
/// wrote it meant something by it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Action {
    Add(Add),
    Remove(Remove),
    MetaData(Metadata),
    Protocol(Protocol),
    CommitInfo(CommitInfo),
    Txn(Transaction),
    DomainMetadata(DomainMetadata),
    Sidecar(IgnoredAny),
    CheckpointMetadata(IgnoredAny),
    Cdc(IgnoredAny),
}

/// A data file of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Add {
    /// A URI reference, percent-encoded, as the writer wrote it.
    pub(crate) path: String,
    pub(crate) partition_values: PartitionValues,
    /// In bytes.
    pub(crate) size: u64,
    /// Milliseconds since 1970 UTC.
    pub(crate) modification_time: i64,
    /// Whether the file brought rows that the table did not hold in another file before.
    #[serde(default)]
    pub(crate) data_change: bool,
    /// JSON text. Readers skip files by it; without it they only skip less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stats: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<BTreeMap<String, Option<String>>>,
    #[serde(default, skip_serializing)]
    pub(crate) deletion_vector: Option<IgnoredField>,
}

/// A name with a text or null.
pub(crate) type Pair = (Box<str>, Option<Box<str>>);

/// A value for each partition column, in the order of their names. A list, since a table has one for each of its files.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct PartitionValues(Box<[Pair]>);

impl PartitionValues {
    /// From pairs in any order; of two for one column the last counts.
    pub(crate) fn of(mut pairs: Vec<Pair>) -> Self {
        pairs.sort_by(|one, other| one.0.cmp(&other.0));
        // Sorting keeps the order of equals, and the first of a run is what is kept.
        pairs.reverse();
        pairs.dedup_by(|one, other| one.0 == other.0);
        pairs.reverse();
        Self(pairs.into_boxed_slice())
    }

    /// Columns and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(column, value)| (&**column, value.as_deref()))
    }

    /// Bytes of text.
    pub(crate) fn len(&self) -> usize {
        self.iter().map(|(column, value)| column.len() + value.map_or(0, str::len)).sum()
    }
}

impl Serialize for PartitionValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for PartitionValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = PartitionValues;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("partition values by column")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PartitionValues, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(PartitionValues::of(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// Something that was there; what it was does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IgnoredField;

impl<'de> Deserialize<'de> for IgnoredField {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl Add {
    /// How many rows the file has, where its writer counted them.
    pub(crate) fn rows(&self) -> Option<u64> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Stats {
            num_records: Option<u64>,
        }
        serde_json::from_str::<Stats>(self.stats.as_deref()?).ok()?.num_records
    }
}

/// A data file that left the table.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Remove {
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) deletion_vector: Option<IgnoredField>,
}

/// Schema, partitioning and properties.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) format: Format,
    /// JSON text.
    pub(crate) schema_string: String,
    pub(crate) partition_columns: Vec<String>,
    #[serde(default)]
    pub(crate) created_time: Option<i64>,
    #[serde(default)]
    pub(crate) configuration: BTreeMap<String, Option<String>>,
}

impl Metadata {
    /// Whether a property is `true`.
    pub(crate) fn is_on(&self, property: &str) -> bool {
        matches!(self.configuration.get(property), Some(Some(value)) if value.eq_ignore_ascii_case("true"))
    }
}

/// How data files are written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Format {
    pub(crate) provider: String,
    #[serde(default)]
    pub(crate) options: BTreeMap<String, Option<String>>,
}

/// What a reader and a writer must know.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Protocol {
    pub(crate) min_reader_version: u32,
    pub(crate) min_writer_version: u32,
    #[serde(default)]
    pub(crate) reader_features: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) writer_features: Option<Vec<String>>,
}

/// What a writer says of its commit. Free in form: whatever doesn't fit counts as not said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "BTreeMap<String, serde_json::Value>")]
pub(crate) struct CommitInfo {
    /// Milliseconds since 1970 UTC.
    pub(crate) timestamp: Option<u64>,
    /// As in `WRITE` or `RESTORE`.
    pub(crate) operation: Option<String>,
    /// How it wrote: `Append`, `Overwrite`.
    pub(crate) mode: Option<String>,
}

impl From<BTreeMap<String, serde_json::Value>> for CommitInfo {
    fn from(said: BTreeMap<String, serde_json::Value>) -> Self {
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        Self {
            timestamp: said.get("timestamp").and_then(serde_json::Value::as_u64),
            operation: said.get("operation").and_then(text),
            mode: said.get("operationParameters").and_then(|parameters| parameters.get("mode")).and_then(text),
        }
    }
}

/// How far a streaming writer has come.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transaction {
    pub(crate) app_id: String,
}

/// What some feature stores beside the table.
#[derive(Debug, Deserialize)]
pub(crate) struct DomainMetadata {
    pub(crate) domain: String,
}

/// The actions of a commit, one at a time. `version` is for messages.
pub(crate) fn of_commit(version: u64, bytes: &[u8]) -> impl Iterator<Item = Result<Action, Fault>> {
    bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty()).map(
        move |(number, line)| {
            serde_json::from_slice(line)
                .map_err(|error| Fault::Unexpected(format!("commit {version}, line {}: {error}", number + 1)))
        },
    )
}

/// The key of a data file below the table's folder. Refuses files that lie elsewhere, as a shallow clone's do.
pub(crate) fn key_of(path: &str) -> Result<String, Fault> {
    let key = percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| Fault::Unexpected(format!("the file name `{path}` is not UTF-8")))?;
    if has_scheme(path) || key.starts_with('/') {
        return Err(Fault::Unsupported(format!(
            "the table has files outside its folder, as shallow clones do: `{path}`"
        )));
    }
    if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(Fault::Unexpected(format!("the file name `{path}` is not a plain relative path")));
    }
    Ok(key.into_owned())
}

/// RFC 3986, section 3.1.
fn has_scheme(path: &str) -> bool {
    path.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_decoded_once() {
        assert_eq!(key_of("day=a%2520b%252F%2525/x.parquet").unwrap(), "day=a%20b%2F%25/x.parquet");
        assert_eq!(key_of("day=%C3%BC/x.parquet").unwrap(), "day=ü/x.parquet");
        assert_eq!(key_of("at=10:30/x.parquet").unwrap(), "at=10:30/x.parquet");
    }

    #[test]
    fn a_file_elsewhere_is_refused_by_name() {
        for path in ["s3://bucket/x.parquet", "file:///x.parquet", "/x.parquet", "%2Fx.parquet"] {
            let fault = key_of(path).unwrap_err();
            assert!(matches!(&fault, Fault::Unsupported(why) if why.contains("shallow clones")), "{path}: {fault:?}");
        }
        for path in ["../x.parquet", "a//b", "", "a/%2E%2E/b", "%FF"] {
            assert!(matches!(key_of(path), Err(Fault::Unexpected(_))), "{path}");
        }
    }

    #[test]
    fn an_action_from_the_future_is_an_error_that_names_it() {
        let line = b"{\"commitInfo\":{\"timestamp\":\"soon\"}}\n\n{\"teleport\":{}}\n";
        let actions: Vec<_> = of_commit(7, line).collect();
        assert!(matches!(&actions[0], Ok(Action::CommitInfo(info)) if info.timestamp.is_none()));
        assert!(
            matches!(&actions[1], Err(Fault::Unexpected(why)) if why.starts_with("commit 7, line 3: unknown variant `teleport`"))
        );
    }

    #[test]
    fn partition_values_are_in_order_and_the_last_of_a_column_counts() {
        let read = |text: &str| serde_json::from_str::<PartitionValues>(text).unwrap();
        let values = read(r#"{"b":"1","a":null,"b":"2"}"#);
        assert_eq!(values.iter().collect::<Vec<_>>(), [("a", None), ("b", Some("2"))]);
        assert_eq!(serde_json::to_string(&values).unwrap(), r#"{"a":null,"b":"2"}"#);
        assert_eq!(values, read(r#"{"b":"2","a":null}"#));
        assert_eq!((values.len(), read("{}").len()), (3, 0));
        assert!(serde_json::from_str::<PartitionValues>("[]").is_err());
    }

    #[test]
    fn rows_are_known_only_if_counted() {
        let add = |stats: Option<&str>| Add {
            path: "x".to_owned(),
            partition_values: PartitionValues::default(),
            size: 1,
            modification_time: 0,
            data_change: true,
            stats: stats.map(str::to_owned),
            tags: None,
            deletion_vector: None,
        };
        assert_eq!(add(Some(r#"{"numRecords":12,"minValues":{"a":0.5}}"#)).rows(), Some(12));
        assert_eq!(add(Some("{}")).rows(), None);
        assert_eq!(add(Some("nonsense")).rows(), None);
        assert_eq!(add(None).rows(), None);
    }
}
