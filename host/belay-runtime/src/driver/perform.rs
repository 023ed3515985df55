//! What each command takes: calls, reads, and the one place where operations are performed. Feeds nothing back itself.

use std::sync::Arc;

use belay_connect::Permit;
use belay_domain::check::Reading;
use belay_domain::id::{Millis, ResourceAddress, StepId};
use belay_domain::operation::Outcome;
use belay_domain::plan::Subject;
use belay_domain::state::{Context, Pin, State};
use belay_engine::{Act, ActId, Consent, Event, Finding, GuardrailJudgement, Holder, Look, Observed};
use belay_ledger::{Blob, Condition};
use futures_util::future::FutureExt as _;

use super::{Done, Driver, Task};
use crate::api::Error;
use crate::clock;
use crate::history::{self, Sighting};
use crate::journal;
use crate::planner::{self, Ground, StageToPlan, StepToPlan};

/// The lock's event, recorded already; or the event that says who holds a resource, which is not.
type Locking = Result<Result<Event, Event>, Error>;

impl Driver {
    /// Holds exactly these resources, or says who holds one.
    pub(super) async fn lock(&mut self, stage: u32, resources: Vec<ResourceAddress>) -> Locking {
        let at = clock::now();
        let event = Event::Locked { stage, at };
        let environment = self.ground.environment_name.clone();
        let held = [
            Condition::Unlock { run: self.id.clone() },
            Condition::Lock {
                resources: resources.into_iter().map(|resource| (environment.clone(), resource)).collect(),
                run: self.id.clone(),
                epoch: self.epoch,
                since: at,
                who: self.ground.cause.requester.name.clone(),
            },
        ];
        // The lock is a condition on the entry that says so: both are there, or neither.
        self.pending.push(journal::draft(&self.ground.cause, &event)?);
        let appended = self.try_commit(held.into()).await;
        match appended {
            Ok(_) => Ok(Ok(event)),
            Err(belay_ledger::Error::Held(held)) => {
                self.pending.pop();
                let resource = self.name_of(stage, &held.resource);
                let holder = Holder { resource, run: held.run, by: held.who, since: held.since };
                Ok(Err(Event::LockHeld { stage, holder, at }))
            }
            Err(error) => Err(self.ledger_failed(&error)),
        }
    }

    /// Observes, plans, examines, assesses and judges steps, and holds the result against the mandate.
    pub(super) fn plan(&mut self, stage: u32, steps: &[StepId]) -> Task {
        let ahead = self.begun_ahead(stage, steps);
        let name = self.run.stages().get(stage as usize).map(|stage| stage.name.clone());
        let steps = self.subjects(steps);
        let (mandate, touched) = (self.run.spec().mandate.clone(), self.touched());
        let ground = self.ground_of_stage(stage);
        let skipped = self.run.skipped();
        async move {
            let ground = match ground {
                Ok(ground) => ground,
                Err(error) => return Done::Failed(error),
            };
            let Some(name) = name else { return Done::Failed(Error::failed("the run has no such stage")) };
            let steps = steps.iter().map(|(id, subject, from)| StepToPlan { id: *id, subject, from: *from }).collect();
            let judged = match ahead {
                Some(ahead) => ahead.judged().await,
                None => None,
            };
            let judged = match judged {
                Some(judged) => Ok(judged),
                None => ground.plan(&StageToPlan { index: stage, name: &name, steps, skipped: &skipped }).await,
            };
            match judged {
                Err(error) => Done::Failed(error),
                Ok(judged) => match Self::consent(&ground, &mandate, touched) {
                    Err(error) => Done::Failed(error),
                    Ok(said) => {
                        // Not the moment at which planning began: what a write may wait is counted from here, and systems
                        // may take longer than that to be looked at.
                        let at = clock::now();
                        let finding = finding(&ground, &mandate, &judged, said, at);
                        Done::Event(Event::Planned { stage, plan: judged.plan, finding, at })
                    }
                },
            }
        }
        .boxed()
    }

    /// What steps are about, and from where their ramps are planned.
    pub(super) fn subjects(&self, steps: &[StepId]) -> Vec<(StepId, Subject, u32)> {
        let planned = |id: &StepId| Some((*id, self.run.step_spec(*id)?.subject.clone(), self.run.next_part(*id)));
        steps.iter().filter_map(planned).collect()
    }

    /// The event that records the intent to act; acting follows once it is durable.
    pub(super) fn intend(&mut self, act: Act, events: &mut Vec<Event>) {
        self.starting.insert(act.act, act);
        events.push(Event::Intended {
            act: act.act,
            step: act.step,
            index: act.index,
            attempt: act.attempt,
            operation: act.operation,
            plan: act.plan,
            act_by: act.act_by,
            epoch: self.epoch,
            at: clock::now(),
        });
    }

    /// Performs an operation whose intent is durable.
    pub(super) fn perform(&self, act: Act) -> Task {
        let operation = self.run.operation(act.step, act.index).cloned();
        let intent = self.intents.get(&act.act).copied().unwrap_or_default();
        let ground = Arc::clone(&self.ground);
        async move {
            let permit = operation.map(|operation| Permit::new(operation, act.operation, act.act_by));
            let outcome = match permit {
                None => Outcome::NotApplied { reason: "the permitted plan has no such operation".to_owned() },
                Some(Err(mismatch)) => Outcome::NotApplied { reason: mismatch.to_string() },
                Some(Ok(permit)) => {
                    let lines = ground.host.lines(&ground.environment_name, &ground.environment);
                    let performed = lines.perform(permit).await;
                    if let Some(answer) = performed.answer
                        && let Err(error) = record_answer(&ground, intent, &answer)
                    {
                        // The outcome itself is recorded all the same; its answer's body is a detail of it.
                        tracing::warn!(%error, "the answer to a write was not recorded");
                    }
                    performed.outcome
                }
            };
            Done::Event(Event::Performed { act: act.act, intent, outcome, at: clock::now() })
        }
        .boxed()
    }

    /// The outcome of an intent that was recorded and not acted on, because something stopped the run in between.
    pub(super) fn not_acted_on(&self, act: Act) -> Event {
        Event::Performed {
            act: act.act,
            intent: self.intents.get(&act.act).copied().unwrap_or_default(),
            outcome: Outcome::NotApplied { reason: "the run was stopped before this was acted on".to_owned() },
            at: clock::now(),
        }
    }

    /// The outcome of an intent whose process ended before it could say.
    pub(super) fn close_orphan(&self, act: ActId) -> Option<Event> {
        let reason = "the process ended between intent and outcome".to_owned();
        let intent = self.intents.get(&act).copied()?;
        Some(Event::Performed { act, intent, outcome: Outcome::Unknown { reason }, at: clock::now() })
    }

    /// Looks where an operation writes, then lets the plugin observe.
    pub(super) fn look(&self, step: StepId, index: u32) -> Task {
        let write = self.run.operation(step, index).map(|operation| operation.write.clone());
        let target = self.run.target(step).cloned();
        let ground = Arc::clone(&self.ground);
        async move {
            let look = match write {
                None => Look::CannotTell,
                Some(write) => {
                    let lines = ground.host.lines(&ground.environment_name, &ground.environment);
                    match lines.look(&write).await {
                        belay_connect::Look::HoldsOperationsBytes => Look::HoldsOperationsBytes,
                        belay_connect::Look::HoldsOther => Look::HoldsOther,
                        belay_connect::Look::Absent => Look::Absent,
                        belay_connect::Look::CannotTell(_) => Look::CannotTell,
                    }
                }
            };
            let observed = match &target {
                None => Ok(Err("the step has no resource".to_owned())),
                Some(target) => ground.observe(target).await.map(|found| found.map_err(|unanswered| unanswered.reason)),
            };
            match observed {
                Err(error) => Done::Failed(error),
                Ok(observed) => Done::Event(Event::Seen { step, look, observed: seen(observed), at: clock::now() }),
            }
        }
        .boxed()
    }

    /// Observes a resource and plans it again, to what is wanted or to a part of its ramp.
    pub(super) fn confirm(&self, step: StepId, part: Option<u32>) -> Task {
        let target = self.run.target(step).cloned();
        let ground = Arc::clone(&self.ground);
        async move {
            let Some(target) = target else { return Done::Failed(Error::failed("the step has no resource")) };
            match ground.confirm(step, &target, part).await {
                Err(error) => Done::Failed(error),
                Ok((observed, remaining_operations)) => {
                    if let Ok(state) = &observed
                        && let Err(error) = sight(&ground, &target.at, state)
                    {
                        return Done::Failed(error);
                    }
                    let observed = seen(observed);
                    Done::Event(Event::Confirmed { step, part, observed, remaining_operations, at: clock::now() })
                }
            }
        }
        .boxed()
    }

    /// Lets a check's probe measure, on a step's ramp or after the last stage.
    pub(super) fn measure(&self, check: u32, step: Option<StepId>) -> Task {
        let found = self.run.check(check).cloned();
        let expected = found.as_ref().and_then(|check| self.run.pinned(check.resource.as_ref()?)).cloned();
        let ground = Arc::clone(&self.ground);
        // Here, before another check reads; why a probe can't be loaded is told when it is to measure.
        let _loaded = ground.host.load(found.iter().map(|check| &check.probe));
        async move {
            let Some(found) = found else { return Done::Failed(Error::failed("the run has no such check")) };
            match ground.measure(&found, expected.as_ref()).await {
                Err(error) => Done::Failed(error),
                Ok(reading) => Done::Event(Event::Measured { check, step, reading, at: clock::now() }),
            }
        }
        .boxed()
    }

    fn name_of(&self, stage: u32, resource: &ResourceAddress) -> belay_domain::id::ResourceName {
        let steps = self.run.stages().get(stage as usize).into_iter().flat_map(|stage| &stage.steps);
        let mut targets = steps.filter_map(|step| step.subject.target());
        let found = targets.find(|target| target.at == *resource).map(|target| target.resource.clone());
        found.unwrap_or_else(|| self.ground.feature_set.resources()[0].name.clone())
    }
}

impl Ground {
    /// What a check's probe says now, told what the run restores where the check names a resource, against its threshold.
    pub(crate) async fn measure(
        &self,
        check: &belay_domain::check::Check,
        expected: Option<&Pin>,
    ) -> Result<Reading, Error> {
        let no_data = |reason: String| Ok(Reading::NoData { reason });
        let plugin = self.host.plugin(&check.probe)?;
        let Some(probe) = plugin.as_probe() else { return no_data(planner::not_a("probe", &check.probe)) };
        let access = self.host.access(&self.environment_name, &self.environment, check.connections.iter().cloned());
        let moment = Context { now: clock::now(), key: format!("{}/check", self.key) };
        let config = planner::with_connections(&check.config, &check.connections)?;
        let call = probe.measure(&access, &moment, &config, expected).await;
        Ok(match self.answer(&check.probe, call)? {
            Ok(measurements) => check.read(&measurements),
            Err(unanswered) => Reading::NoData { reason: unanswered.reason },
        })
    }
}

fn seen(observed: Result<State, String>) -> Observed {
    match observed {
        Ok(state) => Observed::State(state),
        Err(reason) => Observed::Failed(reason),
    }
}

fn sight(ground: &Ground, at: &ResourceAddress, state: &State) -> Result<(), Error> {
    let sighting = Sighting {
        resource: at.clone(),
        version: state.version.clone(),
        content: state.content_digest(),
        run: ground.cause.run.clone(),
    };
    let draft = history::seen(&ground.cause, &sighting)?;
    ground.host.ledger.record(draft).map_err(|error| crate::ledger::error(&error))
}

fn record_answer(ground: &Ground, intent: u64, answer: &belay_connect::RecordedAnswer) -> Result<(), Error> {
    let whole = serde_json::to_vec(&serde_json::json!({
        "status": answer.status, "headers": answer.headers,
        "body": belay_domain::operation::Body(answer.body.clone()),
    }));
    let whole = whole.map_err(|error| Error::failed(error.to_string()))?;
    let blob = Blob::seal("answer", whole).map_err(|error| crate::ledger::error(&error))?;
    let body = serde_json::json!({
        "intent": intent, "status": answer.status, "answer": blob.commitment(),
    });
    let mut draft = ground.cause.draft("write.answered", body)?;
    draft.parent = Some(intent);
    draft.blobs.push(blob);
    ground.host.ledger.record(draft).map_err(|error| crate::ledger::error(&error))
}

fn finding(
    ground: &Ground,
    mandate: &belay_domain::mandate::Mandate,
    judged: &planner::Judged,
    said: Consent,
    at: Millis,
) -> Finding {
    let mut finding = finding_without_mandate(&judged.finding);
    if let Finding::Judged { examined, assessment, outside, consent, .. } = &mut finding {
        **consent = said;
        let admitted = mandate.admits(&judged.plan, examined, assessment, &ground.components(), at);
        *outside = admitted.err().into_iter().flatten().map(|outside| outside.to_string()).collect();
    }
    finding
}

/// What was found of a plan, as the engine takes it, before it is held against a mandate.
pub(crate) fn finding_without_mandate(finding: &planner::Finding) -> Finding {
    match finding {
        planner::Finding::Violates(violations) => Finding::Violates { violations: violations.clone() },
        planner::Finding::Judged { examined, assessment, verdicts, .. } => Finding::Judged {
            examined: examined.clone(),
            assessment: assessment.clone(),
            outside: Vec::new(),
            judgements: verdicts
                .iter()
                .map(|said| GuardrailJudgement {
                    guardrail: said.plugin.clone(),
                    enforced: said.enforced,
                    judgement: said.judgement.clone(),
                })
                .collect(),
            consent: Box::default(),
        },
    }
}
