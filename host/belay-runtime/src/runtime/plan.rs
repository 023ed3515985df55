//! What a run would do, every stage from the present.

use belay_domain::examined::Examined;
use belay_domain::id::ResourceAddress;
use belay_domain::no_return::NoReturn;
use belay_domain::plan::{Subject, Work};
use belay_domain::runbook::OnFailure;
use belay_domain::state::Desired;
use belay_engine::{RunSpec, StageDecision, decide};

use super::Runtime;
use super::opening::Signing;
use crate::api::{Error, Gate, PlanAnswer, PlanCheck, PlanRequest, PlannedFallback, PlannedSkip, PlannedStage};
use crate::consent::{self, Word};
use crate::driver;
use crate::history::{self, Sighting};
use crate::identity;
use crate::ledger;
use crate::package;
use crate::planner::{Finding, Judged};
use crate::prepare::{Identity, Prepared, Skip};

impl Runtime {
    /// Plans every stage from the present. Changes nothing; its calls are recorded.
    pub async fn plan(&self, request: PlanRequest) -> Result<PlanAnswer, Error> {
        let prepared = Prepared::of(&self.host, &request).await?;
        let answer = self.describe(&prepared)?;
        self.record_plan(&prepared).await?;
        Ok(answer)
    }

    /// Plans, and puts all that the run needs into one file's bytes.
    pub async fn package(&self, request: PlanRequest) -> Result<(PlanAnswer, Vec<u8>), Error> {
        let mut prepared = Prepared::of(&self.host, &request).await?;
        let answer = self.describe(&prepared)?;
        let (spec, signed) = self.signed_spec(&mut prepared, self.identity()?, &answer, Signing::AtOnce)?;
        if let Some(signed) = signed {
            let more = serde_json::json!({});
            let draft = consent::draft(&prepared.ground.cause, Word::Request, &spec.mandate, &signed, more)?;
            self.append(vec![draft]).await?;
        }
        let bytes = package::write(&self.host, &prepared.ground, &spec).await?;
        Ok((answer, bytes))
    }

    /// The writes as lines for a shell, without secrets: for when belay itself can't act.
    pub async fn plan_as_commands(&self, request: PlanRequest) -> Result<Vec<String>, Error> {
        let prepared = Prepared::of(&self.host, &request).await?;
        self.record_plan(&prepared).await?;
        let environment = &prepared.ground.environment;
        Ok(prepared.firsts.iter().flat_map(|first| crate::commands::of(&first.plan, environment)).collect())
    }

    pub(super) fn identity(&self) -> Result<Identity, Error> {
        let ledger = &self.host.ledger;
        Ok(Identity {
            run: identity::next_run(ledger)?,
            nonce: identity::nonce()?,
            log: identity::log_head(ledger, &self.host.workspace.origin)?,
        })
    }

    /// What a plan found joins the ledger: its calls, and what changed outside.
    async fn record_plan(&self, prepared: &Prepared) -> Result<(), Error> {
        let cause = &prepared.ground.cause;
        let body = serde_json::json!({
            "runbook": prepared.ground.runbook, "feature_set": prepared.ground.feature_set.name(),
            "plans": prepared.firsts.iter().filter_map(|first| first.plan.digest().ok()).collect::<Vec<_>>(),
        });
        let draft = cause.draft("plan.shown", body)?;
        ledger::append(&self.host.ledger, draft.into())
            .await
            .map_err(|error| ledger::error(&error).changed("nothing was changed; without a record nothing is done"))?;
        Ok(())
    }

    pub(super) fn describe(&self, prepared: &Prepared) -> Result<PlanAnswer, Error> {
        let ground = &prepared.ground;
        let identity = Identity {
            run: "r-0".parse().map_err(|_| Error::failed("a run's name"))?,
            nonce: String::new(),
            log: identity::log_head(&self.host.ledger, &self.host.workspace.origin)?,
        };
        let spec = prepared.spec(identity)?;
        let outside = self.changed_outside(prepared)?;
        Ok(PlanAnswer {
            environment: ground.environment_name.clone(),
            runbook: ground.runbook.name.clone(),
            feature_set: ground.feature_set.name().clone(),
            purpose: ground.purpose.clone(),
            destination: Some(ground.destination.clone()),
            destination_label: prepared.destination_label.clone(),
            stages: prepared.firsts.iter().map(|first| planned_stage(&spec, first, &prepared.skipped)).collect(),
            changed_since: changed_since(prepared, &outside),
            not_covered: prepared.still_affected.clone(),
            on_failure: planned_fallback(&spec, prepared),
            excepted: prepared.excepted.clone(),
            at: prepared.requested_at,
        })
    }

    /// The resources that stand as somebody outside belay left them. What was not known yet is recorded.
    pub(super) fn changed_outside(&self, prepared: &Prepared) -> Result<Vec<ResourceAddress>, Error> {
        let ground = &prepared.ground;
        let observed: Vec<Sighting> = prepared.firsts.iter().flat_map(sightings).collect();
        let wanted: Vec<_> = observed.iter().map(|sighting| &sighting.resource).collect();
        let known = history::last_known(&self.host.ledger, &ground.environment_name, &wanted)?;
        let mut outside = Vec::new();
        for now in &observed {
            let Some(before) = known.get(&now.resource) else { continue };
            let moved = before.sighting.content != now.content;
            if moved {
                let draft = history::changed_outside(&ground.cause, &before.sighting, now)?;
                self.host.ledger.record(draft).map_err(|error| ledger::error(&error))?;
            }
            if moved || before.from_outside {
                outside.push(now.resource.clone());
            }
        }
        Ok(outside)
    }
}

fn sightings(first: &Judged) -> impl Iterator<Item = Sighting> {
    first.plan.steps.iter().filter_map(|step| match (&step.subject, &step.work) {
        (Subject::Resource(target), Work::Change { observed, .. }) => Some(Sighting {
            resource: target.at.clone(),
            version: observed.version.clone(),
            content: observed.content_digest(),
            run: None,
        }),
        _ => None,
    })
}

/// How each resource that goes back to a pin moved since: for people.
fn changed_since(prepared: &Prepared, outside: &[ResourceAddress]) -> Vec<String> {
    let steps = prepared.firsts.iter().flat_map(|first| &first.plan.steps);
    let changed = steps.filter_map(|step| {
        let (Subject::Resource(target), Work::Change { observed, change }) = (&step.subject, &step.work) else {
            return None;
        };
        let Desired::Pinned(pin) = &target.desired else { return None };
        if pin.state.content == observed.content {
            return None;
        }
        let commits = change.loss.map(|loss| match loss.changes {
            1 => " by 1 change".to_owned(),
            changes => format!(" by {changes} changes"),
        });
        let commits = commits.unwrap_or_default();
        let how = if outside.contains(&target.at) { " (changed outside belay)" } else { "" };
        let (from, to) = (&pin.state.version, &observed.version);
        Some(format!("{}{commits}: {from} → {to}{how}", target.resource))
    });
    changed.collect()
}

fn planned_fallback(spec: &RunSpec, prepared: &Prepared) -> PlannedFallback {
    match (&prepared.on_failure, &prepared.alternate) {
        (OnFailure::Undo, _) => PlannedFallback::Undo,
        (OnFailure::Runbook(name), Some(alternate)) => {
            let stages = alternate.firsts.iter().map(|first| planned_stage(spec, first, &alternate.skipped));
            PlannedFallback::Runbook { name: name.clone(), stages: stages.collect() }
        }
        (OnFailure::Halt | OnFailure::Runbook(_), _) => PlannedFallback::Halt,
    }
}

fn planned_stage(spec: &RunSpec, first: &Judged, skipped: &[Skip]) -> PlannedStage {
    let skipped = skipped.iter().filter(|skip| skip.stage == first.plan.index);
    let skipped: Vec<PlannedSkip> = skipped.map(|skip| skip.planned.clone()).collect();
    let (check, assessment, verdicts) = match &first.finding {
        Finding::Violates(violations) => {
            let none = belay_domain::risk::Assessment { risk: 0, parts: Vec::new() };
            (PlanCheck::Broken(violations.clone()), none, Vec::new())
        }
        Finding::Judged { examined, assessment, verdicts, .. } => {
            (PlanCheck::Kept(Examined::clone(examined)), assessment.clone(), verdicts.clone())
        }
    };
    PlannedStage {
        name: first.plan.stage.clone(),
        gate: if first.plan.steps.is_empty() && !skipped.is_empty() { Gate::Skipped } else { gate(spec, first) },
        skipped,
        plan: first.plan.clone(),
        no_return: match &check {
            PlanCheck::Kept(examined) => NoReturn::of(&first.plan, examined),
            PlanCheck::Broken(_) => None,
        },
        check,
        assessment,
        verdicts,
    }
}

/// What stands between a stage and its run: the engine's own decision.
fn gate(spec: &RunSpec, first: &Judged) -> Gate {
    let finding = driver::finding_without_mandate(&first.finding);
    match decide(spec, &first.plan, &finding, first.at) {
        StageDecision::Permit if first.plan.is_empty() => Gate::NothingToDo,
        StageDecision::Permit => {
            let risk = if let Finding::Judged { assessment, .. } = &first.finding { assessment.risk } else { 0 };
            let band = spec.bands_of(&first.plan.stage).of(risk);
            band.map_or_else(|| Gate::Refused { reasons: vec!["no band".to_owned()] }, |band| Gate::RunsAtOnce { band })
        }
        StageDecision::Ask(missing) => Gate::NeedsApprovals { quorums: missing.quorums() },
        // What is skippable was left out of the plan already.
        StageDecision::Skip(_) => Gate::Skipped,
        StageDecision::Halt(halt) => Gate::Blind { reasons: vec![halt.to_string()] },
        StageDecision::Refuse(refusal) => Gate::Refused { reasons: vec![refusal.to_string()] },
    }
}
