//! Evidence for a stranger.

use belay_domain::digest::Digest;
use belay_domain::id::{EnvironmentName, IncidentId, Millis, RunId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Which entries go into an evidence file, and how much of what they name. What is given must all fit.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// Of this run.
    pub run: Option<RunId>,
    /// Of this incident, and of the runs that are about it.
    pub incident: Option<IncidentId>,
    /// Of this environment.
    pub environment: Option<EnvironmentName>,
    /// Not before this moment, by the host's clock.
    pub from: Option<Millis>,
    /// Not after this moment.
    pub to: Option<Millis>,
    /// The size of a checkpoint that the reader keeps: that the log then was the beginning of the log now is proven.
    pub since: Option<u64>,
    /// What may hold somebody's data: plans, what plugins saw, what people signed.
    pub with_blobs: bool,
    /// The bytes of the plugins.
    pub with_components: bool,
    /// The whole published log, so that the reader can see that nothing was left out.
    pub with_log: bool,
}

impl ExportRequest {
    /// What was asked for, as the file's manifest and the ledger say.
    pub(crate) fn about(&self) -> Value {
        let all = json!({
            "run": self.run, "incident": self.incident, "environment": self.environment, "from": self.from,
            "to": self.to,
        });
        let given = all.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        Value::Object(given.map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

/// An evidence file that was written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExportAnswer {
    /// The log's name.
    pub origin: String,
    /// How many entries are in it.
    pub entries: u64,
    /// How many the log had.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Digest,
    /// The digest of the list of its members, which names the file; the ledger records it.
    pub digest: Digest,
    /// Its length in bytes.
    pub bytes: u64,
    /// Whether the whole published log is in it.
    pub with_log: bool,
    /// The key that verifies it, to be handed over on another way.
    pub key: String,
}
