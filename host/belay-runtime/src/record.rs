//! What belay writes into the ledger besides a run's own events. Nothing here decides.

use std::collections::BTreeMap;
use std::sync::Arc;

use belay_domain::digest::Commitment;
use belay_domain::id::{EnvironmentName, IncidentId, PluginName, RunId};
use belay_domain::json::Json;
use belay_ledger::{Actor, Blob, Draft, Ledger};
use belay_sandbox::{CallRecord, CallSummary};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::{Error, Requester};
use crate::clock;

/// The kind of entry that records a plugin's call.
pub(crate) const CALL: &str = "plugin.call";

/// The body of such an entry.
#[derive(Deserialize)]
pub(crate) struct CallBody {
    /// The plugin's name in `belay.toml`.
    pub(crate) plugin: PluginName,
    /// What can be told in the open.
    pub(crate) call: CallSummary,
    /// The record's parts.
    #[serde(default)]
    pub(crate) parts: BTreeMap<String, Commitment>,
}

/// Whose doing something is. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Cause {
    pub(crate) requester: Arc<Requester>,
    pub(crate) environment: Option<EnvironmentName>,
    pub(crate) run: Option<RunId>,
    pub(crate) incident: Option<IncidentId>,
    pub(crate) reason: Option<String>,
}

impl Cause {
    /// Somebody's doing, in no environment and for no run.
    pub(crate) fn of(requester: &Requester) -> Self {
        Self { requester: Arc::new(requester.clone()), environment: None, run: None, incident: None, reason: None }
    }

    /// The same, in an environment.
    pub(crate) fn within(mut self, environment: &EnvironmentName) -> Self {
        self.environment = Some(environment.clone());
        self
    }

    /// A draft of a kind, now.
    pub(crate) fn draft(&self, kind: &str, body: Value) -> Result<Draft, Error> {
        let body = Json::new(body).map_err(|error| Error::failed(format!("`{kind}` can't be recorded: {error}")))?;
        let mut draft = Draft::new(clock::now(), kind, self.actor(), body);
        draft.environment.clone_from(&self.environment);
        draft.run.clone_from(&self.run);
        draft.incident.clone_from(&self.incident);
        draft.reason.clone_from(&self.reason);
        Ok(draft)
    }

    fn actor(&self) -> Actor {
        Actor {
            name: self.requester.name.clone(),
            authenticated_by: self.requester.authenticated_by.clone(),
            on_behalf_of: None,
        }
    }
}

/// Records a plugin call: it is durable before anything that rests on it.
pub(crate) fn call(ledger: &Ledger, cause: &Cause, plugin: &PluginName, record: &CallRecord) -> Result<(), Error> {
    let parts = record.parts();
    let mut blobs = Vec::with_capacity(parts.len());
    let mut names = Map::new();
    for part in parts {
        let blob = Blob::seal(part.name.clone(), part.bytes).map_err(|error| super::ledger::error(&error))?;
        names.insert(part.name, Value::String(blob.commitment().to_string()));
        blobs.push(blob);
    }
    let summary = serde_json::to_value(&record.summary).map_err(|error| Error::failed(error.to_string()))?;
    let mut draft = cause.draft(CALL, json!({ "plugin": plugin, "call": summary, "parts": names }))?;
    draft.blobs = blobs;
    ledger.record(draft).map_err(|error| super::ledger::error(&error))
}
