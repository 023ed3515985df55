//! Undo: a rollback to what a run had found, over the resources that it wrote, its stages in reverse.

use std::sync::Arc;

use belay_domain::id::{ResourceName, RunId, StageName};
use belay_domain::mandate::{Destination, Purpose};
use belay_domain::plan::{Subject, Work};
use belay_domain::runbook::OnFailure;
use belay_domain::skip::Skips;
use belay_engine::{Run, StageSpec, StepSpec};

use super::Runtime;
use crate::api::{Error, PlanAnswer, UndoRequest};
use crate::clock;
use crate::ledger;
use crate::planner::Ground;
use crate::prepare::{self, Prepared};
use crate::resolve;
use crate::undo_point;
use crate::workspace::Environment;

impl Runtime {
    /// What undoing a run would do. Changes nothing.
    pub async fn plan_undo(&self, request: &UndoRequest) -> Result<PlanAnswer, Error> {
        let prepared = self.prepare_undo(request, false).await?;
        let mut answer = self.describe(&prepared)?;
        answer.changed_since = self.changed_since_run(&prepared, &request.run)?;
        Ok(answer)
    }

    /// A run that can still go on would do again what an undo takes back.
    pub(super) fn has_ended(&self, id: &RunId) -> Result<(), Error> {
        if self.told(id)?.run.is_sealed() {
            return Ok(());
        }
        Err(Error::usage(format!("{id} has not ended: it could be resumed and write again what its undo takes back"))
            .next(format!("belay abort {id} --reason …, then belay undo {id}")))
    }

    /// `recorded`: with an entry that keeps what is gone back to.
    pub(super) async fn prepare_undo(&self, request: &UndoRequest, recorded: bool) -> Result<Prepared, Error> {
        let UndoRequest { run: id, with_checks, .. } = request;
        let told = self.told(id)?;
        let requested_at = clock::now();
        crate::standing::in_force(&self.host)?;
        let run = &told.run;
        if run.undo_pins().is_empty() {
            return Err(Error::usage(format!("{id} wrote nothing: there is nothing to undo"))
                .next(format!("belay status {id}")));
        }
        known(run, &request.except)?;
        let spec = run.spec();
        let mandate = &spec.mandate;
        let (environment_name, environment) = resolve::environment(&self.host.workspace, Some(&mandate.environment))?;
        let mut cause = crate::record::Cause::of(&self.host.requester).within(&environment_name);
        cause.incident = request.incident.clone().or_else(|| mandate.incident.clone());
        cause.reason = request.reason.clone();
        if request.break_glass && cause.incident.is_none() {
            let what = format!("the glass is broken in an incident, and {id} names none");
            return Err(Error::usage(what).next(format!("belay undo {id} --break-glass --reason … --incident …")));
        }
        let point = undo_point::manifest(run)?;
        if recorded {
            let mut of_run = crate::record::Cause::of(&self.host.requester).within(&environment_name);
            of_run.run = Some(id.clone());
            let draft = undo_point::draft(&of_run, run, &point)?;
            self.host.ledger.record(draft).map_err(|error| ledger::error(&error))?;
        }
        let stages = reversed(run, environment, &request.except);
        let ground = Ground {
            host: Arc::clone(&self.host),
            cause,
            environment_name,
            environment: environment.clone(),
            feature_set: resolve::feature_set(&self.host.workspace, &mandate.feature_set.name)?.clone(),
            purpose: Purpose::Undo { run: id.clone() },
            destination: Destination::UndoPoint { digest: *point.digest(), run: id.clone() },
            runbook: mandate.runbook.clone(),
            restored: prepare::restored(&stages),
            may_leave: std::collections::BTreeSet::new(),
            pins: prepare::pins_of(&stages),
            probes: if *with_checks { spec.checks.iter().map(|check| check.probe.clone()).collect() } else { vec![] },
            stages: stages.iter().map(|stage| stage.name.clone()).collect(),
            left: run.left(),
            key: format!("undo of {id}"),
        };
        let mut prepared = Prepared {
            ground,
            destination_label: format!("what {id} had found"),
            stages,
            left_out: Vec::new(),
            checks: if *with_checks { spec.checks.clone() } else { Vec::new() },
            service_level: belay_domain::runbook::ServiceLevel::default(),
            parameters: mandate.parameters.clone(),
            still_affected: Vec::new(),
            excepted: request.except.clone(),
            may_skip: Skips::default(),
            firsts: Vec::new(),
            skipped: Vec::new(),
            requested_at,
            first_stage: 0,
            on_failure: OnFailure::Halt,
            break_glass: prepare::glass(request.break_glass, request.reason.as_deref()),
            alternate: None,
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
}

/// Refuses to leave out what the run did not write: it is left as it is anyway.
fn known(run: &Run, except: &[ResourceName]) -> Result<(), Error> {
    let pins = run.undo_pins();
    let Some(stranger) = except.iter().find(|name| !pins.contains_key(*name)) else { return Ok(()) };
    let (id, written) = (run.spec().id(), resolve::list(pins.keys()));
    Err(Error::usage(format!("--except {stranger}: {id} wrote {written}")).next(format!("belay undo {id} --plan")))
}

/// What puts back what the run wrote, under the connections' rules as they are now.
fn reversed(run: &Run, environment: &Environment, except: &[ResourceName]) -> Vec<StageSpec> {
    let stages = run.undo_stages(0, StageName::clone).into_iter().map(|stage| {
        let step = |step: StepSpec| {
            let excepted = step.subject.target().is_some_and(|target| except.contains(&target.resource));
            prepare::step_spec(environment, step.id, step.subject, excepted)
        };
        StageSpec { name: stage.name, steps: stage.steps.into_iter().map(step).collect() }
    });
    stages.collect()
}
