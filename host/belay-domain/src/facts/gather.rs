//! From the domain's values to facts. Nothing is judged or left out here but bodies.

use std::collections::BTreeSet;

use crate::assess::{self, Around};
use crate::digest::Digest;
use crate::examined::{Examined, ExaminedOperation};
use crate::feature_set::{self, FeatureSet};
use crate::id::{IncidentId, Millis, ResourceName, RunbookName, StageName};
use crate::mandate::{self, Destination, Named};
use crate::operation::{self, Body, Loss, Operation, Write};
use crate::plan::{BlindCause, StagePlan, StepPlan, Subject, Work};
use crate::ramp::Ramp;
use crate::risk::Assessment;
use crate::state::Desired;

use super::{
    AroundFacts, BodyFacts, ConsumerFacts, DestinationFacts, DownstreamFacts, Facts, FeatureSetFacts, Lineage,
    LossFacts, Mode, Moment, NamedVersion, OperationFacts, PartFacts, PinFacts, Purpose, RampFacts, Record,
    Reversibility, RunbookFacts, SCHEMA, StageFacts, StepFacts, Tier, Wanted, Weekday, WorkFacts, WriteKind,
};

/// What facts are made from.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Live or a drill.
    pub mode: Mode,
    /// Why the run is made.
    pub purpose: &'a mandate::Purpose,
    /// The moment of the plan.
    pub now: Millis,
    /// Who asked.
    pub requester: &'a str,
    /// The incident.
    pub incident: Option<&'a IncidentId>,
    /// The recipe.
    pub runbook: &'a Named<RunbookName>,
    /// What is rolled back.
    pub feature_set: &'a FeatureSet,
    /// What people asked to go back to.
    pub destination: &'a Destination,
    /// All the run's stages, in order.
    pub stages: &'a [StageName],
    /// The resources that the run restores, in all its stages.
    pub restored: &'a BTreeSet<ResourceName>,
    /// The resources that the run skipped until now, because a system is down.
    pub skipped: &'a BTreeSet<ResourceName>,
    /// What the run goes back to, in all its stages.
    pub pins: &'a [PinFacts],
    /// The stage's plan.
    pub plan: &'a StagePlan,
    /// What the plan checker found of it.
    pub examined: &'a Examined,
    /// Its risk, before guardrails add to it.
    pub assessment: &'a Assessment,
    /// What surrounds the run.
    pub around: &'a Around,
    /// The resources that the stage takes back into a content that is quarantined.
    pub quarantined: &'a BTreeSet<ResourceName>,
}

impl Facts {
    /// The facts of a case.
    pub fn of(case: &Case<'_>) -> Self {
        Self {
            schema: SCHEMA,
            environment: case.plan.environment.to_string(),
            mode: case.mode,
            purpose: match case.purpose {
                mandate::Purpose::Rollback => Purpose::Rollback,
                mandate::Purpose::Undo { .. } => Purpose::Undo,
            },
            now: Moment::of(case.now),
            requester: case.requester.to_owned(),
            incident: case.incident.map(ToString::to_string),
            runbook: RunbookFacts { name: case.runbook.name.to_string(), digest: case.runbook.digest.to_string() },
            feature_set: feature_set(case.feature_set),
            destination: destination(case.destination, case.now),
            stages: case.stages.iter().map(ToString::to_string).collect(),
            stage: stage(case),
            skipped: case.skipped.iter().map(ToString::to_string).collect(),
            lineage: lineage(case),
            quarantined: case.quarantined.iter().map(ToString::to_string).collect(),
            around: case.around.into(),
            pins: pins(case),
        }
    }
}

impl Moment {
    /// A moment with its parts in UTC.
    pub fn of(moment: Millis) -> Self {
        let minutes = moment.0 / 60_000;
        // 1 January 1970 was a Thursday.
        let weekday = match (minutes / (24 * 60)) % 7 {
            0 => Weekday::Thursday,
            1 => Weekday::Friday,
            2 => Weekday::Saturday,
            3 => Weekday::Sunday,
            4 => Weekday::Monday,
            5 => Weekday::Tuesday,
            _ => Weekday::Wednesday,
        };
        let below = |count: u64, most: u64| u32::try_from(count % most).unwrap_or(0);
        Self { ms: moment.0, weekday, hour: below(minutes / 60, 24), minute: below(minutes, 60) }
    }
}

fn feature_set(set: &FeatureSet) -> FeatureSetFacts {
    let consumers = set.consumers().iter();
    FeatureSetFacts {
        name: set.name().to_string(),
        owner: set.owner().to_owned(),
        tier: set.tier().into(),
        consumers: consumers.map(|c| ConsumerFacts { name: c.name.clone(), tier: c.tier.into() }).collect(),
        resources: set.resources().len() as u64,
    }
}

fn destination(destination: &Destination, now: Millis) -> DestinationFacts {
    match destination {
        Destination::Point { id, digest, captured_at } => DestinationFacts::Point {
            id: id.to_string(),
            digest: digest.to_string(),
            captured_at: captured_at.0,
            age_ms: now.since(*captured_at),
        },
        Destination::Before { at } => DestinationFacts::Before { at: at.0 },
        Destination::Versions { versions } => {
            let named = |(resource, version): (&ResourceName, &String)| NamedVersion {
                resource: resource.to_string(),
                version: version.clone(),
            };
            DestinationFacts::Versions { versions: versions.iter().map(named).collect() }
        }
        Destination::UndoPoint { digest, run } => {
            DestinationFacts::UndoPoint { run: run.to_string(), digest: digest.to_string() }
        }
    }
}

fn stage(case: &Case<'_>) -> StageFacts {
    let parts = case.assessment.parts.iter();
    let operations = case.plan.operations().zip(&case.examined.operations);
    StageFacts {
        index: case.plan.index,
        name: case.plan.stage.to_string(),
        plan: case.examined.plan.to_string(),
        risk: case.assessment.risk,
        parts: parts.map(|part| PartFacts { cause: part.cause.clone(), score: part.score }).collect(),
        worst: case.examined.worst().map(Into::into),
        touches: case.examined.touches(),
        resources: written(case.plan).into_iter().map(ToString::to_string).collect(),
        steps: case.plan.steps.iter().map(step).collect(),
        operations: operations
            .map(|(planned, found)| {
                let names = (planned.target.resource.to_string(), planned.target.plugin.to_string());
                let step = case.plan.steps.iter().find(|step| step.id == planned.step);
                let part = step.and_then(|step| step.part_of(planned.index)).map(|(part, _)| part);
                operation(names, part, planned.operation, found)
            })
            .collect(),
    }
}

fn step(step: &StepPlan) -> StepFacts {
    let target = step.subject.target();
    StepFacts {
        step: step.id.step,
        resource: target.map(|target| target.resource.to_string()),
        at: target.map(|target| target.at.to_string()),
        plugin: target.map(|target| target.plugin.to_string()),
        work: work(step),
    }
}

fn work(step: &StepPlan) -> WorkFacts {
    match (&step.subject, &step.work) {
        (Subject::Resource(target), Work::Change { observed, change }) if !change.operations.is_empty() => {
            WorkFacts::Change {
                from: observed.version.clone(),
                to: wanted(&target.desired),
                loss: change.loss.map(Into::into),
                notes: change.notes.clone(),
                ramp: target.ramp.as_ref().map(|ramp| ramp_facts(ramp, step)),
            }
        }
        (_, Work::Change { observed, .. }) => WorkFacts::Nothing { found: observed.version.clone() },
        (_, Work::Blind { reason, cause }) => {
            WorkFacts::Blind { reason: reason.clone(), system_down: *cause == BlindCause::SystemDown }
        }
        (Subject::Manual { instruction }, Work::Person) => WorkFacts::Manual { instruction: instruction.clone() },
        (Subject::Resource(_), Work::Person) => WorkFacts::Manual { instruction: String::new() },
    }
}

fn ramp_facts(ramp: &Ramp, step: &StepPlan) -> RampFacts {
    RampFacts {
        attribute: ramp.attribute.clone(),
        through: ramp.through.clone(),
        next: step.parts.first().map_or(ramp.last(), |planned| planned.part),
        hold_ms: ramp.hold_ms,
        checks: ramp.checks,
    }
}

fn wanted(desired: &Desired) -> Wanted {
    match desired {
        Desired::Pinned(pin) => {
            Wanted::Pinned { version: pin.state.version.clone(), content: pin.state.content_digest().to_string() }
        }
        Desired::Attributes(attributes) => Wanted::Attributes(attributes.clone()),
    }
}

fn operation(
    (resource, plugin): (String, String),
    part: Option<u32>,
    planned: &Operation,
    found: &ExaminedOperation,
) -> OperationFacts {
    let (kind, body) = match &planned.write {
        Write::Http(write) => (WriteKind::Http, Some(&write.body)),
        Write::Object(write) => (WriteKind::Object, write.content.as_ref()),
        Write::Keyvalue(write) => (WriteKind::Keyvalue, write.change.value()),
    };
    OperationFacts {
        step: found.step.step,
        index: found.index,
        part,
        resource,
        plugin,
        connection: planned.write.connection().to_string(),
        kind,
        line: planned.write.line(),
        summary: planned.summary.clone(),
        object: found.object.clone(),
        reversibility: found.reversibility.into(),
        touches: found.touches,
        repeat_is_safe: found.repeat_is_safe,
        unguarded_by_system: found.unguarded_by_system,
        body: body.map(BodyFacts::of),
    }
}

impl BodyFacts {
    fn of(body: &Body) -> Self {
        Self { sha256: Digest::of(&body.0).to_string(), bytes: body.0.len() as u64 }
    }
}

fn written(plan: &StagePlan) -> BTreeSet<&ResourceName> {
    plan.operations().map(|planned| &planned.target.resource).collect()
}

fn lineage(case: &Case<'_>) -> Lineage {
    let downstream: BTreeSet<_> =
        written(case.plan).into_iter().flat_map(|resource| case.feature_set.downstream_of(resource)).collect();
    let facts = |resource: &ResourceName| DownstreamFacts {
        resource: resource.to_string(),
        restored: case.restored.contains(resource),
    };
    Lineage { downstream: downstream.into_iter().map(facts).collect() }
}

impl From<&Around> for AroundFacts {
    fn from(around: &Around) -> Self {
        Self {
            runs_on_set: around.runs_on_set,
            runs_elsewhere: around.runs_elsewhere,
            record: match around.record {
                assess::Record::Proven => Record::Proven,
                assess::Record::Changed => Record::Changed,
                assess::Record::Untried => Record::Untried,
                assess::Record::WentBadly => Record::WentBadly,
            },
        }
    }
}

/// What is skipped stays as it is.
fn pins(case: &Case<'_>) -> Vec<PinFacts> {
    let stays = |pin: &&PinFacts| case.skipped.iter().any(|skipped| skipped.as_str() == pin.resource);
    case.pins.iter().filter(|pin| !stays(pin)).cloned().collect()
}

impl From<feature_set::Tier> for Tier {
    fn from(tier: feature_set::Tier) -> Self {
        match tier {
            feature_set::Tier::Experimental => Self::Experimental,
            feature_set::Tier::Standard => Self::Standard,
            feature_set::Tier::Important => Self::Important,
            feature_set::Tier::Critical => Self::Critical,
        }
    }
}

impl From<operation::Reversibility> for Reversibility {
    fn from(reversibility: operation::Reversibility) -> Self {
        match reversibility {
            operation::Reversibility::Reversible => Self::Reversible,
            operation::Reversibility::Recoverable => Self::Recoverable,
            operation::Reversibility::Irreversible => Self::Irreversible,
        }
    }
}

impl From<Loss> for LossFacts {
    fn from(loss: Loss) -> Self {
        Self { since: loss.since.0, changes: loss.changes, rows: loss.rows }
    }
}
