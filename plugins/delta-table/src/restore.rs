//! The commit that takes a table from one version's content to another's. Never changes the protocol and never
//! touches how far streaming writers have come.

use std::rc::Rc;

use belay_sdk::{Context, Fault};
use serde_json::json;

use crate::action::{Add, Metadata};
use crate::protocol;
use crate::snapshot::{File, Table};

/// A commit larger than this is not proposed.
const MAX_COMMIT_BYTES: usize = 8 << 20;

/// What is between two versions of a table.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) adds: Vec<File>,
    pub(crate) removes: Vec<File>,
    pub(crate) metadata: Option<Rc<Metadata>>,
}

impl Difference {
    /// What to add and to remove, so that `from` becomes `to`. Refuses what the table forbids.
    pub(crate) fn between(from: &Table, to: &Table) -> Result<Self, Fault> {
        let same = |there: &Add, here: &Add| there.size == here.size && there.partition_values == here.partition_values;
        let adds = to.files.iter().filter(|file| !from.files.get(file.key()).is_some_and(|live| same(live, file)));
        let removes = from.files.iter().filter(|file| !to.files.contains(file.key()));
        let difference = Self {
            adds: adds.cloned().collect(),
            removes: removes.cloned().collect(),
            metadata: (!from.content()?.has_metadata_of(to.content()?)).then(|| Rc::clone(&to.metadata)),
        };
        if from.metadata.is_on("delta.appendOnly") && !difference.removes.is_empty() {
            return Err(Fault::Unsupported(
                "the table is append-only (delta.appendOnly): no file may leave it".to_owned(),
            ));
        }
        if difference.metadata.is_some() {
            protocol::check_metadata_goes_back(&from.metadata, &to.metadata)?;
        }
        Ok(difference)
    }

    /// How many files it touches.
    pub(crate) fn touches(&self) -> u64 {
        (self.adds.len() + self.removes.len()) as u64
    }

    /// The rows that leave the table, where each of their files counted them. Files that only hold rows of others,
    /// as after an OPTIMIZE, can't tell.
    pub(crate) fn rows_set_aside(&self) -> Option<u64> {
        self.removes.iter().map(|add| if add.data_change { add.rows() } else { None }).sum()
    }

    /// The commit's bytes: a line of JSON for each action. `read` is the version that it follows.
    pub(crate) fn commit(&self, moment: &Context, read: u64, target: u64) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        let mut line = |action: serde_json::Value| {
            bytes.extend_from_slice(action.to_string().as_bytes());
            bytes.push(b'\n');
            if bytes.len() > MAX_COMMIT_BYTES { Err(self.too_large()) } else { Ok(()) }
        };
        line(json!({ "commitInfo": self.info(moment, read, target) }))?;
        if let Some(metadata) = &self.metadata {
            line(json!({ "metaData": **metadata }))?;
        }
        for add in &self.removes {
            // Without the time, the next VACUUM would delete the file, and undo would be gone.
            line(json!({ "remove": {
                "path": add.path,
                "deletionTimestamp": moment.now,
                "dataChange": true,
                "extendedFileMetadata": true,
                "partitionValues": add.partition_values,
                "size": add.size,
            } }))?;
        }
        for add in &self.adds {
            line(json!({ "add": Add { data_change: true, ..Add::clone(add) } }))?;
        }
        Ok(bytes)
    }

    fn info(&self, moment: &Context, read: u64, target: u64) -> serde_json::Value {
        json!({
            "timestamp": moment.now,
            "operation": "RESTORE",
            "operationParameters": { "version": target.to_string() },
            "readVersion": read,
            "isolationLevel": "Serializable",
            "isBlindAppend": false,
            "engineInfo": concat!("belay-delta-table/", env!("CARGO_PKG_VERSION")),
            "txnId": moment.key,
        })
    }

    fn too_large(&self) -> Fault {
        Fault::Unsupported(format!(
            "the commit for {} files would be larger than {} MiB",
            self.touches(),
            MAX_COMMIT_BYTES >> 20
        ))
    }
}
