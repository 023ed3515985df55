//! What the reader of a plan should know beyond its operations.

use std::collections::BTreeMap;

use belay_sdk::Fault;
use serde::Deserialize;

use crate::action::Metadata;
use crate::restore::Difference;
use crate::snapshot::Table;

/// Columns by name; a column's type as JSON text.
type Columns = BTreeMap<String, String>;

/// Notes on going from one version to another.
pub(crate) fn of(from: &Table, to: &Table, difference: &Difference) -> Result<Vec<String>, Fault> {
    let mut notes = Vec::new();
    if difference.metadata.is_some() {
        notes.extend(schema(&from.metadata, &to.metadata)?);
        notes.extend(properties(&from.metadata, &to.metadata));
    }
    if from.protocol != to.protocol {
        notes.push(format!(
            "the protocol does not go back: it stays at reader {} and writer {}",
            from.protocol.min_reader_version, from.protocol.min_writer_version
        ));
    }
    if from.stats_dropped || to.stats_dropped {
        notes.push("some files lose their statistics, so that readers skip fewer of them".to_owned());
    }
    notes.push(match from.metadata.configuration.get("delta.deletedFileRetentionDuration") {
        Some(Some(retention)) => format!("undo works until a VACUUM past the table's retention ({retention})"),
        Some(None) | None => "undo works until a VACUUM past the table's retention (a week by default)".to_owned(),
    });
    Ok(notes)
}

fn schema(from: &Metadata, to: &Metadata) -> Result<Option<String>, Fault> {
    let (now, then) = (columns(from)?, columns(to)?);
    let leaves = now.keys().filter(|name| !then.contains_key(*name)).map(|name| format!("`{name}` leaves"));
    let returns = then.keys().filter(|name| !now.contains_key(*name)).map(|name| format!("`{name}` comes back"));
    let changes = then.iter().filter(|(name, kind)| now.get(*name).is_some_and(|other| other != *kind));
    let changes = changes.map(|(name, _)| format!("`{name}` changes"));
    Ok(sentence("the schema goes back", leaves.chain(returns).chain(changes)))
}

fn properties(from: &Metadata, to: &Metadata) -> Option<String> {
    let names =
        from.configuration.keys().chain(to.configuration.keys().filter(|name| !from.configuration.contains_key(*name)));
    let changed = names.filter(|name| from.configuration.get(*name) != to.configuration.get(*name));
    sentence("table properties go back", changed.map(|name| format!("`{name}`")))
}

fn sentence(what: &str, parts: impl Iterator<Item = String>) -> Option<String> {
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| format!("{what}: {}", parts.join(", ")))
}

fn columns(metadata: &Metadata) -> Result<Columns, Fault> {
    #[derive(Deserialize)]
    struct Schema {
        fields: Vec<Column>,
    }
    #[derive(Deserialize)]
    struct Column {
        name: String,
        #[serde(rename = "type")]
        kind: serde_json::Value,
    }
    let schema: Schema = serde_json::from_str(&metadata.schema_string)
        .map_err(|error| Fault::Unexpected(format!("the table's schema: {error}")))?;
    Ok(schema.fields.into_iter().map(|column| (column.name, column.kind.to_string())).collect())
}
