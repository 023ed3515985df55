//! Which tables may be restored. Never guesses about a feature that it doesn't know.

use belay_sdk::Fault;

use crate::action::{Metadata, Protocol};

/// What a reader must know for which a RESTORE needs no care: it puts whole files back as they were, with the schema
/// that they were written under, and writes no rows, no checkpoints and no vacuum.
const READER_FEATURES: [&str; 4] = ["columnMapping", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"];
/// The same for writers. In-commit timestamps are refused where they are in use, append-only tables where files
/// would leave, column mapping and identity columns where the metadata would go back.
const WRITER_FEATURES: [&str; 13] = [
    "allowColumnDefaults",
    "appendOnly",
    "changeDataFeed",
    "checkConstraints",
    "columnMapping",
    "domainMetadata",
    "generatedColumns",
    "identityColumns",
    "inCommitTimestamp",
    "invariants",
    "timestampNtz",
    "v2Checkpoint",
    "vacuumProtocolCheck",
];
/// From these on the protocol lists features by name.
const READER_BY_FEATURES: u32 = 3;
const WRITER_BY_FEATURES: u32 = 7;

/// Refuses a table that this plugin does not know how to restore, and says what it has.
pub(crate) fn check(protocol: &Protocol, metadata: &Metadata) -> Result<(), Fault> {
    if protocol.min_reader_version > READER_BY_FEATURES {
        return Err(unknown("reader version", &protocol.min_reader_version.to_string()));
    }
    if protocol.min_writer_version > WRITER_BY_FEATURES {
        return Err(unknown("writer version", &protocol.min_writer_version.to_string()));
    }
    // A feature that readers must know stands in both lists: its reader's side is the one to name.
    refuse_others("reader feature", protocol.reader_features.as_deref(), &READER_FEATURES)?;
    refuse_others("writer feature", protocol.writer_features.as_deref(), &WRITER_FEATURES)?;
    if metadata.is_on("delta.enableInCommitTimestamps") {
        return Err(Fault::Unsupported("the table has in-commit timestamps".to_owned()));
    }
    Ok(())
}

fn refuse_others(what: &str, listed: Option<&[String]>, known: &[&str]) -> Result<(), Fault> {
    match listed.unwrap_or_default().iter().find(|feature| !known.contains(&feature.as_str())) {
        Some(feature) => Err(unknown(what, feature)),
        None => Ok(()),
    }
}

fn unknown(what: &str, which: &str) -> Fault {
    Fault::Unsupported(format!("the table needs {what} `{which}`"))
}

/// Refuses to take back metadata that numbers what must never be numbered again.
pub(crate) fn check_metadata_goes_back(from: &Metadata, to: &Metadata) -> Result<(), Fault> {
    for metadata in [from, to] {
        let mapping = metadata.configuration.get("delta.columnMapping.mode").cloned().flatten();
        if mapping.is_some_and(|mode| mode != "none") {
            return Err(Fault::Unsupported("the schema changed in a table with column mapping".to_owned()));
        }
        if metadata.schema_string.contains("\"delta.identity.") {
            return Err(Fault::Unsupported("the schema changed in a table with identity columns".to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(configuration: serde_json::Value, schema: &str) -> Metadata {
        serde_json::from_value(serde_json::json!({
            "id": "t", "format": {"provider": "parquet"}, "schemaString": schema,
            "partitionColumns": [], "configuration": configuration,
        }))
        .unwrap()
    }

    fn protocol(reader: u32, writer: u32, readers: &[&str], writers: &[&str]) -> Protocol {
        let owned = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        Protocol {
            min_reader_version: reader,
            min_writer_version: writer,
            reader_features: owned(readers),
            writer_features: owned(writers),
        }
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        let plain = metadata(serde_json::json!({}), "{}");
        for (protocol, name) in [
            (protocol(4, 7, &[], &[]), "reader version `4`"),
            (protocol(3, 8, &[], &[]), "writer version `8`"),
            (protocol(3, 7, &["deletionVectors"], &["deletionVectors"]), "reader feature `deletionVectors`"),
            (protocol(1, 7, &[], &["appendOnly", "rowTracking"]), "writer feature `rowTracking`"),
            (protocol(3, 7, &["teleport"], &["teleport"]), "reader feature `teleport`"),
        ] {
            assert_eq!(check(&protocol, &plain), Err(Fault::Unsupported(format!("the table needs {name}"))));
        }
    }

    #[test]
    fn known_features_pass_unless_in_commit_timestamps_are_on() {
        let protocol = protocol(3, 7, &READER_FEATURES, &WRITER_FEATURES);
        assert_eq!(check(&protocol, &metadata(serde_json::json!({}), "{}")), Ok(()));
        let on = metadata(serde_json::json!({"delta.enableInCommitTimestamps": "true"}), "{}");
        assert!(matches!(check(&protocol, &on), Err(Fault::Unsupported(why)) if why.contains("in-commit")));
    }

    #[test]
    fn numbered_metadata_does_not_go_back() {
        let plain = metadata(serde_json::json!({}), "{}");
        let mapped = metadata(serde_json::json!({"delta.columnMapping.mode": "name"}), "{}");
        let counted = metadata(serde_json::json!({}), r#"{"metadata":{"delta.identity.start":1}}"#);
        assert_eq!(check_metadata_goes_back(&plain, &plain), Ok(()));
        for odd in [&mapped, &counted] {
            assert!(check_metadata_goes_back(odd, &plain).is_err());
            assert!(check_metadata_goes_back(&plain, odd).is_err());
        }
    }
}
