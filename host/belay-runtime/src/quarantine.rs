//! Quarantine as the ledger tells it: set when a rollback whose checks passed is sealed, lifted by a person or by the
//! undo of that rollback.

use belay_domain::check::CheckResult;
use belay_domain::digest::Digest;
use belay_domain::id::{EnvironmentName, ResourceAddress};
use belay_domain::json::Json;
use belay_domain::mandate::Purpose;
use belay_domain::plan::Target;
use belay_domain::quarantine::{Quarantine, Quarantined};
use belay_domain::state::{Desired, State};
use belay_engine::{Ending, Receipt, Run};
use belay_ledger::{Draft, Filter, Ledger};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::Error;
use crate::ledger;
use crate::planner::Ground;
use crate::record::Cause;

const SET: &str = "quarantine.set";
const LIFTED: &str = "quarantine.lifted";
/// The schema of attributes of a reverter that has none: its states are made elsewhere, as a model's versions are.
const NO_ATTRIBUTES: &str = "{}";

/// What a lift says.
#[derive(Serialize, Deserialize)]
struct Lifted {
    resource: ResourceAddress,
    content: Digest,
    version: String,
}

/// What is quarantined in an environment now.
pub(crate) fn of(ledger: &Ledger, environment: &EnvironmentName) -> Result<Quarantine, Error> {
    let filter = Filter {
        kinds: vec![SET.to_owned(), LIFTED.to_owned()],
        environment: Some(environment.clone()),
        ..Filter::default()
    };
    let mut quarantine = Quarantine::default();
    for entry in ledger.entries(&filter).map_err(|error| ledger::error(&error))? {
        let unreadable = |error: belay_domain::json::NotCanonical| {
            Error::failed(format!("entry {} of the ledger can't be read: {error}", entry.seq))
                .next("belay audit verify")
        };
        if entry.kind == SET {
            quarantine.set(entry.body.to::<Quarantined>().map_err(unreadable)?);
        } else {
            let lifted: Lifted = entry.body.to().map_err(unreadable)?;
            quarantine.lift(&lifted.resource, &lifted.content);
        }
    }
    Ok(quarantine)
}

/// The entry that lifts one.
pub(crate) fn lifted(cause: &Cause, left: &Quarantined) -> Result<Draft, Error> {
    let body = Lifted { resource: left.resource.clone(), content: left.content, version: left.version.clone() };
    cause.draft(LIFTED, json!(body))
}

/// What a run that ends says of quarantine: a rollback whose checks passed sets it for what it left, an undo lifts what
/// the run that it undoes had set.
pub(crate) async fn at_the_end(ground: &Ground, run: &Run, receipt: &Receipt) -> Result<Vec<Draft>, Error> {
    match (&receipt.purpose, &receipt.ending) {
        (Purpose::Rollback, Some(Ending::Done | Ending::Partial)) if passed(receipt) => left(ground, run).await,
        (Purpose::Undo { run }, Some(Ending::Done | Ending::Partial | Ending::NothingToDo)) => {
            let quarantine = of(&ground.host.ledger, &ground.environment_name)?;
            quarantine.left_by(run).map(|left| lifted(&ground.cause, left)).collect()
        }
        (Purpose::Rollback | Purpose::Undo { .. }, _) => Ok(Vec::new()),
    }
}

/// Whether the run was checked, and nothing that was checked is in doubt.
fn passed(receipt: &Receipt) -> bool {
    let passed = |result: &Option<CheckResult>| matches!(result, Some(CheckResult::Passed { .. }));
    !receipt.checks.is_empty() && receipt.checks.iter().all(|check| passed(&check.result))
}

async fn left(ground: &Ground, run: &Run) -> Result<Vec<Draft>, Error> {
    let mut drafts = Vec::new();
    for (name, (target, before)) in run.undo_pins() {
        if is_left(&target, &before) && is_artifact(ground, &target).await? {
            let left = Quarantined {
                feature_set: ground.feature_set.name().clone(),
                name,
                resource: target.at,
                version: before.version.clone(),
                content: before.content_digest(),
                run: run.spec().id().clone(),
            };
            drafts.push(ground.cause.draft(SET, json!(left))?);
        }
    }
    Ok(drafts)
}

/// Whether a content was there, and the run went back to another.
fn is_left(target: &Target, before: &State) -> bool {
    let Desired::Pinned(pin) = &target.desired else { return false };
    before.content != Json::NULL && before.content != pin.state.content
}

/// Whether a resource's contents are artifacts, as its feature set says, or else its reverter: one with attributes to
/// set has settings, which somebody will want again. Where it can't say, doubt quarantines.
async fn is_artifact(ground: &Ground, target: &Target) -> Result<bool, Error> {
    let spec = ground.feature_set.resource(&target.resource);
    if let Some(said) = spec.and_then(|spec| spec.quarantine) {
        return Ok(said);
    }
    let Ok(plugin) = ground.host.plugin(&target.plugin) else { return Ok(true) };
    let described = ground.answer(&target.plugin, plugin.describe().await)?;
    Ok(described.map_or(true, |described| described.attributes_schema.trim() == NO_ATTRIBUTES))
}
