//! Undo: a rollback to what a run had found, over the resources that it wrote, its stages in reverse.

use std::collections::BTreeMap;
use std::sync::Arc;

use belay_domain::id::{IncidentId, RunId, StepId};
use belay_domain::mandate::{Destination, Purpose};
use belay_domain::plan::{Subject, Target, Work};
use belay_domain::point::{Origin, PinnedResource, Point, SCHEMA};
use belay_domain::state::{Desired, Pin};
use belay_engine::{Run, StageSpec, StepSpec};
use belay_ledger::Object;

use super::Runtime;
use crate::api::{Error, PlanAnswer};
use crate::clock;
use crate::ledger;
use crate::planner::Ground;
use crate::prepare::{self, Prepared};
use crate::resolve::{self, count};

impl Runtime {
    /// What undoing a run would do. Changes nothing.
    pub async fn plan_undo(&self, run: &RunId) -> Result<PlanAnswer, Error> {
        let prepared = self.prepare_undo(run, false, false, None, None).await?;
        let mut answer = self.describe(&prepared)?;
        answer.changed_since = self.changed_since_run(&prepared, run)?;
        Ok(answer)
    }

    /// A run that can still go on would do again what an undo takes back.
    pub(super) fn has_ended(&self, id: &RunId) -> Result<(), Error> {
        if self.told(id)?.run.is_sealed() {
            return Ok(());
        }
        Err(Error::usage(format!("{id} has not ended: it could be resumed and write again what its undo takes back"))
            .changed("nothing was changed")
            .next(format!("belay abort {id} --reason …, then belay undo {id}")))
    }

    pub(super) async fn prepare_undo(
        &self,
        id: &RunId,
        with_checks: bool,
        recorded: bool,
        incident: Option<IncidentId>,
        reason: Option<String>,
    ) -> Result<Prepared, Error> {
        let told = self.told(id)?;
        let requested_at = clock::now();
        let run = &told.run;
        let pins = run.undo_pins();
        if pins.is_empty() {
            return Err(Error::usage(format!("{id} wrote nothing: there is nothing to undo"))
                .changed("nothing was changed")
                .next(format!("belay status {id}")));
        }
        let spec = run.spec();
        let mandate = &spec.mandate;
        let (environment_name, environment) = resolve::environment(&self.host.workspace, Some(&mandate.environment))?;
        let mut cause = crate::record::Cause::of(&self.host.requester).within(&environment_name);
        cause.incident = incident.or_else(|| mandate.incident.clone());
        cause.reason = reason;
        let point = self.undo_point(run, &pins, recorded)?;
        let stages = reversed(run, &pins, environment);
        let ground = Ground {
            host: Arc::clone(&self.host),
            cause,
            environment_name,
            environment: environment.clone(),
            feature_set: resolve::feature_set(&self.host.workspace, &mandate.feature_set.name)?.clone(),
            purpose: Purpose::Undo { run: id.clone() },
            destination: Destination::UndoPoint { digest: point, run: id.clone() },
            runbook: mandate.runbook.clone(),
            restored: prepare::restored(&stages),
            probes: if with_checks { spec.checks.iter().map(|check| check.probe.clone()).collect() } else { vec![] },
            stages: stages.iter().map(|stage| stage.name.clone()).collect(),
            key: format!("undo of {id}"),
        };
        let mut prepared = Prepared {
            ground,
            destination_label: format!("what {id} had found"),
            stages,
            left_out: Vec::new(),
            checks: if with_checks { spec.checks.clone() } else { Vec::new() },
            service_level: belay_domain::runbook::ServiceLevel::default(),
            parameters: mandate.parameters.clone(),
            still_affected: Vec::new(),
            excepted: Vec::new(),
            firsts: Vec::new(),
            requested_at,
        };
        prepared.plan_all().await?;
        Ok(prepared)
    }

    /// How each resource moved since the run left it: for people.
    fn changed_since_run(&self, prepared: &Prepared, id: &RunId) -> Result<Vec<String>, Error> {
        let left = self.told(id)?.run.left();
        let steps = prepared.firsts.iter().flat_map(|first| &first.plan.steps);
        let changed = steps.filter_map(|step| {
            let (Subject::Resource(target), Work::Change { observed, .. }) = (&step.subject, &step.work) else {
                return None;
            };
            let left = left.get(&target.resource).filter(|left| left.content != observed.content)?;
            Some(format!("{}: {} → {}", target.resource, left.version, observed.version))
        });
        Ok(changed.collect())
    }

    /// The run's undo point as a manifest: what its permitted plans had observed, durable since its first intent.
    fn undo_point(
        &self,
        run: &Run,
        pins: &BTreeMap<belay_domain::id::ResourceName, (Target, belay_domain::state::State)>,
        recorded: bool,
    ) -> Result<belay_domain::digest::Digest, Error> {
        let spec = run.spec();
        let pinned = pins.iter().map(|(name, (target, state))| {
            let pin = Pin { state: state.clone(), proof: belay_domain::json::Json::NULL };
            let resource = PinnedResource {
                at: target.at.clone(),
                plugin: target.plugin.clone(),
                component: target.component,
                pin,
            };
            (name.clone(), resource)
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
        let manifest = belay_domain::json::Json::from(&point).map_err(|error| Error::failed(error.to_string()))?;
        let object = Object::new(manifest.canonical());
        let digest = *object.digest();
        if recorded {
            let mut cause = crate::record::Cause::of(&self.host.requester).within(&spec.mandate.environment);
            cause.run = Some(spec.id().clone());
            let mut draft = cause.draft("point.undo", serde_json::json!({ "digest": digest, "run": spec.id() }))?;
            draft.objects.push(object);
            self.host.ledger.record(draft).map_err(|error| ledger::error(&error))?;
        }
        Ok(digest)
    }
}

/// The run's stages from the last to the first, each step wanting what was there before, and only where the run may
/// have written.
fn reversed(
    run: &Run,
    pins: &BTreeMap<belay_domain::id::ResourceName, (Target, belay_domain::state::State)>,
    environment: &crate::workspace::Environment,
) -> Vec<StageSpec> {
    let mut stages = Vec::new();
    for stage in run.spec().stages.iter().rev() {
        let place = count(stages.len());
        let written = stage.steps.iter().filter_map(|step| pins.get(&step.subject.target()?.resource));
        let steps: Vec<StepSpec> = written
            .zip(0..)
            .map(|((target, before), step)| {
                let pin = Pin { state: before.clone(), proof: belay_domain::json::Json::NULL };
                let target = Target { desired: Desired::Pinned(pin), ramp: None, ..target.clone() };
                let id = StepId { stage: place, step };
                prepare::step_spec(environment, id, Subject::Resource(Box::new(target)), false)
            })
            .collect();
        if !steps.is_empty() {
            stages.push(StageSpec { name: stage.name.clone(), steps });
        }
    }
    stages
}
