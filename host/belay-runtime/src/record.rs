//! What belay writes into the ledger besides a run's own events. Nothing here decides.

use std::sync::Arc;

use belay_domain::id::{EnvironmentName, IncidentId, PluginName, RunId};
use belay_domain::json::Json;
use belay_ledger::{Actor, Blob, Draft, Ledger};
use belay_sandbox::CallRecord;
use serde_json::{Map, Value, json};

use crate::api::{Error, Requester};
use crate::clock;

/// Above this many parts the reads of a call are kept as one blob: an entry holds 65,535 bytes.
const MAX_PARTS: usize = 100;

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
    let mut parts = record.parts();
    if parts.len() > MAX_PARTS {
        let (reads, rest): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.name.starts_with("read "));
        parts = rest;
        parts.push(bundle(reads)?);
    }
    let mut blobs = Vec::with_capacity(parts.len());
    let mut names = Map::new();
    for part in parts {
        let blob = Blob::seal(part.name.clone(), part.bytes).map_err(|error| super::ledger::error(&error))?;
        names.insert(part.name, Value::String(blob.commitment().to_string()));
        blobs.push(blob);
    }
    let summary = serde_json::to_value(&record.summary).map_err(|error| Error::failed(error.to_string()))?;
    let mut draft = cause.draft("plugin.call", json!({ "plugin": plugin, "call": summary, "parts": names }))?;
    draft.blobs = blobs;
    ledger.record(draft).map_err(|error| super::ledger::error(&error))
}

/// All reads of a call in one blob: a JSON object from each part's name to its bytes.
fn bundle(reads: Vec<belay_sandbox::Part>) -> Result<belay_sandbox::Part, Error> {
    let members = reads.into_iter().map(|part| {
        let bytes = serde_json::to_value(belay_domain::operation::Body(part.bytes));
        bytes.map(|bytes| (part.name, bytes)).map_err(|error| Error::failed(error.to_string()))
    });
    let object = members.collect::<Result<Map<_, _>, _>>()?;
    let bytes = serde_json::to_vec(&object).map_err(|error| Error::failed(error.to_string()))?;
    Ok(belay_sandbox::Part { name: "reads".to_owned(), bytes })
}
