//! A run's undo point as a manifest: what its permitted plans had observed, durable since its first intent.

use std::collections::BTreeMap;

use belay_domain::json::Json;
use belay_domain::point::{Origin, PinnedResource, Point, SCHEMA};
use belay_domain::state::Pin;
use belay_engine::Run;
use belay_ledger::{Draft, Object};

use crate::api::Error;
use crate::record::Cause;

/// The manifest of what undoing a run goes back to.
pub(crate) fn manifest(run: &Run) -> Result<Object, Error> {
    let spec = run.spec();
    let pinned = run.undo_pins().into_iter().map(|(name, (target, state))| {
        let pin = Pin { state, proof: Json::NULL };
        (name, PinnedResource { at: target.at, plugin: target.plugin, component: target.component, pin })
    });
    let point = Point {
        schema: SCHEMA,
        environment: spec.mandate.environment.clone(),
        feature_set: spec.mandate.feature_set.name.clone(),
        origin: Origin::Undo { run: spec.id().clone() },
        captured_at: spec.requested_at,
        captured_by: spec.mandate.requester.clone(),
        commit: None,
        message: format!("before {}", spec.id()),
        metrics: BTreeMap::new(),
        parent: None,
        pins: pinned.collect(),
    };
    let manifest = Json::from(&point).map_err(|error| Error::failed(error.to_string()))?;
    Ok(Object::new(manifest.canonical()))
}

/// The entry that keeps it.
pub(crate) fn draft(cause: &Cause, run: &Run, manifest: &Object) -> Result<Draft, Error> {
    let body = serde_json::json!({ "digest": manifest.digest(), "run": run.spec().id() });
    let mut draft = cause.draft("point.undo", body)?;
    draft.objects.push(manifest.clone());
    Ok(draft)
}
