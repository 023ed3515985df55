//! Runs that exist already: resumed, taken over, aborted, resolved, confirmed.

use std::collections::BTreeSet;
use std::sync::Arc;

use belay_domain::id::{Epoch, IncidentId, ResourceName, RunId, StepId};
use belay_domain::mandate::Purpose;
use belay_engine::{Decision, Event, Run, Status};
use belay_ledger::{Batch, Condition};

use super::Runtime;
use super::opening::{answer, sealed};
use crate::api::{Error, ResolveAs, RunAnswer, RunSummary};
use crate::bindings;
use crate::clock;
use crate::driver::{self, Ask, Driver, Progress, Start};
use crate::identity;
use crate::journal::{self, Told};
use crate::ledger::{self, UNRECORDED};
use crate::owner::{self, Owner};
use crate::planner::Ground;
use crate::prepare;
use crate::record::Cause;
use crate::resolve;

impl Runtime {
    /// Goes on with a run whose process is gone, or that halted or waits.
    /// What waits for the signature of its request is signed first, if a key is there.
    pub async fn resume(&self, id: &RunId, progress: Progress) -> Result<RunAnswer, Error> {
        let told = self.told(id)?;
        let signed = self.sign_request(&told).await?;
        let epoch = told.run.owner().1;
        if owner::is_alive(&self.host, id, epoch) {
            let changed =
                if signed { "its request is signed now; it goes on by itself" } else { "nothing was changed" };
            return Err(Error::refused(format!("{id} is being worked on by {}", told.run.owner().0))
                .changed(changed)
                .next(format!("belay watch {id}, or if that process hangs: belay takeover {id} --reason …")));
        }
        self.go_on(told, None, |epoch, by, at| Event::Resumed { epoch, by, at }, progress).await
    }

    /// Takes a run from a process that still lives: it can't act any more.
    pub async fn takeover(&self, id: &RunId, reason: String, progress: Progress) -> Result<RunAnswer, Error> {
        let told = self.told(id)?;
        self.go_on(told, Some(reason), |epoch, by, at| Event::TakenOver { epoch, by, at }, progress).await
    }

    async fn go_on(
        &self,
        told: Told,
        reason: Option<String>,
        event: impl FnOnce(Epoch, String, belay_domain::id::Millis) -> Event,
        progress: Progress,
    ) -> Result<RunAnswer, Error> {
        if told.run.is_sealed() {
            return Err(sealed(&told.run));
        }
        let mut ground = self.ground_of(&told)?;
        ground.cause.reason = reason.or(ground.cause.reason);
        self.drive(told, ground, event, progress).await
    }

    async fn drive(
        &self,
        told: Told,
        ground: Ground,
        event: impl FnOnce(Epoch, String, belay_domain::id::Millis) -> Event,
        progress: Progress,
    ) -> Result<RunAnswer, Error> {
        let (run, owner, commands) = self.claim(&ground, &told, event).await?;
        let driver = Driver::new(Start {
            ground,
            run,
            intents: told.intents,
            heard: told.last_seq,
            owner,
            progress,
            stop: self.stop.clone(),
            stays: self.stays,
        });
        driver.drive(commands).await.map(|run| answer(&run))
    }

    /// Becomes the run's owner: the new epoch and the event that says so are durable together.
    async fn claim(
        &self,
        ground: &Ground,
        told: &Told,
        event: impl FnOnce(Epoch, String, belay_domain::id::Millis) -> Event,
    ) -> Result<(Run, Owner, Vec<belay_engine::Command>), Error> {
        let id = told.run.spec().id().clone();
        let (_, current) = told.run.owner();
        let epoch = current.next();
        let owner = Owner::begin(&self.host, &id, epoch)?;
        let event = event(epoch, ground.cause.requester.name.clone(), clock::now());
        let batch = Batch {
            drafts: vec![journal::draft(&ground.cause, &event)?],
            conditions: vec![Condition::OwnRun { run: id.clone(), epoch, expect: Some(current) }],
        };
        ledger::append(&self.host.ledger, batch).await.map_err(|error| {
            if let belay_ledger::Error::NotOwner { .. } = error {
                return Error::refused(format!("another process has just taken {id}"))
                    .changed("nothing was changed by this command")
                    .next(format!("belay watch {id}"));
            }
            ledger::error(&error).changed(UNRECORDED)
        })?;
        let mut run = told.run.clone();
        let commands = run.apply(event).map_err(|error| Error::failed(format!("{id}: {error}")))?;
        Ok((run, owner, commands))
    }

    /// Ends a run: whoever works on it is asked to; one that nobody works on is taken up to be ended.
    pub async fn abort(&self, id: &RunId, reason: String) -> Result<RunSummary, Error> {
        let told = self.told(id)?;
        if told.run.is_sealed() {
            return Err(sealed(&told.run));
        }
        let alive = owner::is_alive(&self.host, id, told.run.owner().1);
        self.ask(&told, &Ask::Abort { reason }).await?;
        if alive {
            // What is under way ends first: whoever asked sees how it was left.
            self.wait_until(id, |told| told.run.is_sealed()).await?;
        } else {
            self.end(id).await?;
        }
        self.status(id)
    }

    /// Takes up a run that nobody works on and that was told to end, so that its receipt is recorded.
    pub(super) async fn end(&self, id: &RunId) -> Result<(), Error> {
        let told = self.told(id)?;
        let ground = self.ground_to_end(&told)?;
        let (progress, _) = tokio::sync::mpsc::unbounded_channel();
        self.drive(told, ground, |epoch, by, at| Event::Resumed { epoch, by, at }, progress).await.map(|_| ())
    }

    /// Takes a person's word on an outcome that belay can't tell.
    pub async fn resolve(
        &self,
        id: &RunId,
        step: &str,
        decision: ResolveAs,
        reason: String,
    ) -> Result<RunSummary, Error> {
        let told = self.told(id)?;
        if !matches!(told.run.status(), Status::Halted(_)) {
            return Err(
                Error::usage(format!("{id} has nothing that a person must decide")).next(format!("belay status {id}"))
            );
        }
        let step = find_step(&told.run, step)?;
        let decision = match decision {
            ResolveAs::Applied => Decision::Applied,
            ResolveAs::NotApplied => Decision::NotApplied,
            ResolveAs::PlanAgain => Decision::PlanAgain,
        };
        let ground = self.ground_of(&told)?;
        let by = ground.cause.requester.name.clone();
        self.note(&told, &ground.cause, Event::Resolved { step, decision, by, reason, at: clock::now() }).await?;
        self.status(id)
    }

    /// Takes a person's word that a manual step is done.
    pub async fn confirm(&self, id: &RunId, step: &str) -> Result<RunSummary, Error> {
        let told = self.told(id)?;
        let step = find_step(&told.run, step)?;
        if told.run.target(step).is_some() {
            return Err(
                Error::usage("that step is belay's own, not one to confirm by hand").next(format!("belay status {id}"))
            );
        }
        self.ask(&told, &Ask::Confirm { step }).await?;
        self.status(id)
    }

    /// Leaves a word in the ledger for whoever works on the run, now or once it is resumed.
    pub(super) async fn ask(&self, told: &Told, ask: &Ask) -> Result<(), Error> {
        let body = serde_json::to_value(ask).map_err(|error| Error::failed(error.to_string()))?;
        let draft = self.cause_of(told).draft(driver::ASKED, body)?;
        ledger::append(&self.host.ledger, draft.into()).await.map_err(|error| ledger::error(&error))?;
        Ok(())
    }

    /// Adds an event to a run that nobody works on.
    pub(super) async fn note(&self, told: &Told, cause: &Cause, event: Event) -> Result<(), Error> {
        let id = told.run.spec().id().clone();
        let (_, epoch) = told.run.owner();
        let _owner = Owner::begin(&self.host, &id, epoch)?;
        let draft = journal::draft(cause, &event)?;
        told.run
            .clone()
            .apply(event)
            .map_err(|error| Error::usage(format!("{id}: {error}")).next(format!("belay status {id}")))?;
        let conditions = vec![Condition::OwnerIs { run: id, epoch }];
        let batch = Batch { drafts: vec![draft], conditions };
        ledger::append(&self.host.ledger, batch).await.map_err(|error| ledger::error(&error))?;
        Ok(())
    }

    /// Names the incident of a run that was opened without one.
    pub async fn attach_incident(&self, id: &RunId, incident: &IncidentId) -> Result<RunSummary, Error> {
        let told = self.told(id)?;
        if let Some(named) = self.summary(&told).incident.filter(|named| named != incident) {
            return Err(Error::usage(format!("{id} is already part of {named}"))
                .next(format!("belay audit log --incident {named}")));
        }
        let mut cause = self.cause_of(&told);
        cause.incident = Some(incident.clone());
        let draft = cause.draft("incident.attached", serde_json::json!({ "incident": incident }))?;
        ledger::append(&self.host.ledger, draft.into()).await.map_err(|error| ledger::error(&error))?;
        self.status(id)
    }

    pub(super) fn told(&self, id: &RunId) -> Result<Told, Error> {
        journal::tell(&self.host.ledger, id)
    }

    pub(super) fn cause_of(&self, told: &Told) -> Cause {
        let mandate = &told.run.spec().mandate;
        let mut cause = Cause::of(&self.host.requester).within(&mandate.environment);
        cause.run = Some(mandate.run.clone());
        cause.incident.clone_from(&mandate.incident);
        cause
    }

    /// What a run works with now. The rules must be those of its mandate: others would need another one.
    pub(super) fn ground_of(&self, told: &Told) -> Result<Ground, Error> {
        let mandate = &told.run.spec().mandate;
        if matches!(told.run.status(), Status::Waiting(_)) {
            // Nothing of the stage is begun, and people agreed to what was there when they read of it.
            bindings::hold(&self.host, &self.host.workspace, mandate, mandate.run.as_str())?;
        }
        bindings::hold_rules(&self.host, mandate)?;
        self.ground_to_end(told)
    }

    /// The same for a run that only comes to its end: it may act no more, so no rule has to hold.
    pub(super) fn ground_to_end(&self, told: &Told) -> Result<Ground, Error> {
        let spec = told.run.spec();
        let mandate = &spec.mandate;
        let (environment_name, environment) = resolve::environment(&self.host.workspace, Some(&mandate.environment))?;
        let feature_set = resolve::feature_set(&self.host.workspace, &mandate.feature_set.name)?.clone();
        let restored: BTreeSet<ResourceName> = prepare::restored(&spec.stages);
        Ok(Ground {
            host: Arc::clone(&self.host),
            cause: self.cause_of(told),
            environment_name,
            environment: prepare::tightened(environment, self.host.workspace.runbooks.get(&mandate.runbook.name)),
            feature_set,
            purpose: match &mandate.purpose {
                Purpose::Rollback => Purpose::Rollback,
                Purpose::Undo { run } => Purpose::Undo { run: run.clone() },
            },
            destination: mandate.destination.clone(),
            runbook: mandate.runbook.clone(),
            restored,
            may_leave: spec.may_leave.clone(),
            pins: prepare::pins_of(&spec.stages),
            probes: spec.checks.iter().map(|check| check.probe.clone()).collect(),
            stages: spec.stages.iter().map(|stage| stage.name.clone()).collect(),
            left: match &mandate.purpose {
                Purpose::Rollback => std::collections::BTreeMap::new(),
                Purpose::Undo { run } => self.told(run)?.run.left(),
            },
            key: identity::key(&mandate.run, &mandate.nonce),
        })
    }
}

/// A step by its resource's name, or by `stage.step` from 0.
fn find_step(run: &Run, text: &str) -> Result<StepId, Error> {
    // The latest first: after a failure, what follows it may be about the same resources.
    let steps = || run.stages().iter().rev().flat_map(|stage| &stage.steps);
    let by_name = steps().find(|step| step.subject.target().is_some_and(|target| target.resource.as_str() == text));
    let by_place = steps().find(|step| format!("{}.{}", step.id.stage, step.id.step) == text);
    let manual: Vec<_> = steps().filter(|step| step.subject.target().is_none()).collect();
    let only_manual = if let ([step], "by-hand" | "by hand") = (manual.as_slice(), text) { Some(*step) } else { None };
    by_name.or(by_place).or(only_manual).map(|step| step.id).ok_or_else(|| {
        let known = resolve::list(steps().map(|step| match step.subject.target() {
            Some(target) => target.resource.to_string(),
            None => format!("{}.{}", step.id.stage, step.id.step),
        }));
        Error::usage(format!("{} has no step `{text}`; it has {known}", run.spec().id()))
    })
}
