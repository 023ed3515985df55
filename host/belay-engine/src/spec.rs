//! What a run is made from. Fixed when the run is opened; never changes afterwards.

use std::collections::{BTreeMap, BTreeSet};

use belay_domain::check::Check;
use belay_domain::fallback::Fallback;
use belay_domain::feature_set::Tier;
use belay_domain::id::{Millis, ResourceName, RunId, RunbookName, StageName, StepId};
use belay_domain::mandate::{Destination, Mandate, Purpose};
use belay_domain::plan::Subject;
use belay_domain::risk::Bands;
use belay_domain::runbook::ServiceLevel;
use belay_domain::skip::Skips;
use serde::{Deserialize, Serialize};

/// How often one operation may be intended before the run halts, unless the operator says otherwise.
pub const DEFAULT_ATTEMPTS: u32 = 3;

/// What a run is made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunSpec {
    /// What it may do; names the run, its purpose and its environment.
    pub mandate: Mandate,
    /// In order.
    pub stages: Vec<StageSpec>,
    /// Stages of the runbook that the responder left out; for the receipt.
    pub left_out: Vec<StageName>,
    /// What must hold afterwards; empty for an undo.
    pub checks: Vec<Check>,
    /// What the runbook promises.
    pub service_level: ServiceLevel,
    /// What may happen at which risk.
    pub bands: Bands,
    /// How much rests on the feature set. Where it is critical and no check passed, the receipt says that only the
    /// resources' own plugins vouch for the result.
    pub tier: Tier,
    /// What follows where a stage or a check fails. The mandate holds its bounds.
    #[serde(default)]
    pub on_failure: FallbackSpec,
    /// What is affected and not restored by this runbook, for people; for the receipt.
    pub still_affected: Vec<String>,
    /// How often one operation may be intended, and a step planned again, before the run halts. At least 1.
    pub attempts: u32,
    /// When the responder asked; the service level counts from here.
    pub requested_at: Millis,
    /// Resources that it leaves as they are though they are made from what it restores: somebody said that it may.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub may_leave: BTreeSet<ResourceName>,
    /// What else the rules in force say of how it may run.
    #[serde(default)]
    pub limits: RunLimits,
}

/// What the rules in force say of how a run may run, beside its bands.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RunLimits {
    /// The bands of stages that have their own.
    pub stage_bands: BTreeMap<StageName, Bands>,
    /// How long it may work on its stages without a person's word, in milliseconds.
    pub run_within_ms: Option<u64>,
    /// How long a step may take from its first write until it is restored, in milliseconds.
    pub step_within_ms: Option<u64>,
    /// The age in milliseconds above which it may not go back to a point, or to a moment.
    pub max_point_age_ms: Option<u64>,
}

/// What follows where a stage or a check fails.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FallbackSpec {
    /// The run halts, or ends as failed.
    #[default]
    Halt,
    /// What it wrote is put back.
    Undo,
    /// It goes on with another runbook.
    Runbook(Box<AlternateSpec>),
}

/// The runbook that follows a failure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AlternateSpec {
    /// Its name.
    pub runbook: RunbookName,
    /// In order; their places go on where those of [`RunSpec::stages`] end.
    pub stages: Vec<StageSpec>,
    /// What must hold after them.
    pub checks: Vec<Check>,
    /// What it may set aside.
    pub service_level: ServiceLevel,
}

static NOTHING: Skips = Skips::NONE;

/// Steps that are planned, assessed and judged together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StageSpec {
    /// Its name.
    pub name: StageName,
    /// Side by side, except that a step waits for those upstream of it.
    pub steps: Vec<StepSpec>,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StepSpec {
    /// Its place: the stage's in [`RunSpec::stages`] and its own in [`StageSpec::steps`].
    pub id: StepId,
    /// What it is about.
    pub subject: Subject,
    /// The responder left it out; the run then ends partial.
    pub excepted: bool,
    /// How long a lost write may still take to land, in milliseconds.
    pub settle_ms: u64,
    /// How long it is asked again where it can't be observed once it was written, in milliseconds; `settle_ms` at least. Runs
    /// recorded before there was such a limit have none.
    #[serde(default)]
    pub confirm_within_ms: u64,
    /// From the decision to act, in milliseconds: later than that the host doesn't act on an intent.
    pub act_within_ms: u64,
}

/// Why a run can't be opened.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SpecError {
    /// Without stages there is nothing to run.
    #[error("the run has no stages")]
    Empty,
    /// Steps could not be told apart.
    #[error("the step at place {expected:?} says that it is {found:?}")]
    Misplaced {
        /// Where it stands.
        expected: StepId,
        /// What it says.
        found: StepId,
    },
    /// Two steps would restore one resource.
    #[error("two steps are about `{0}`")]
    SameResource(String),
    /// Nothing could ever be done.
    #[error("a run needs at least one attempt")]
    NoAttempts,
}

impl RunSpec {
    /// The run's name.
    pub const fn id(&self) -> &RunId {
        &self.mandate.run
    }

    /// One step.
    pub fn step(&self, id: StepId) -> Option<&StepSpec> {
        self.stages.get(id.stage as usize)?.steps.get(id.step as usize)
    }

    /// Its checks, then those of the runbook that may follow a failure.
    pub(crate) fn all_checks(&self) -> impl Iterator<Item = &Check> {
        let after =
            if let FallbackSpec::Runbook(alternate) = &self.on_failure { alternate.checks.as_slice() } else { &[] };
        self.checks.iter().chain(after)
    }

    /// The places of the checks that vouch for a stage.
    pub(crate) fn checks_of(&self, stage: u32) -> std::ops::Range<u32> {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let own = count(self.checks.len());
        if self.is_own(stage) { 0..own } else { own..count(self.all_checks().count()) }
    }

    /// What may be skipped in a stage.
    pub(crate) fn may_skip(&self, stage: u32) -> &Skips {
        match (&self.mandate.on_failure, self.is_own(stage)) {
            (Fallback::Runbook(alternate), false) => &alternate.may_skip,
            (Fallback::Undo(_), false) => &NOTHING,
            (Fallback::Halt | Fallback::Undo(_) | Fallback::Runbook(_), _) => &self.mandate.may_skip,
        }
    }

    /// What may happen in a stage at which risk.
    pub fn bands_of(&self, stage: &StageName) -> &Bands {
        self.limits.stage_bands.get(stage).unwrap_or(&self.bands)
    }

    /// How old what it goes back to is, and how old that may be at the most, where it is older. What an undo goes back to
    /// is the run's own.
    pub(crate) fn too_old(&self, at: Millis) -> Option<(u64, u64)> {
        let Purpose::Rollback = self.mandate.purpose else { return None };
        let age_ms = match &self.mandate.destination {
            Destination::Point { captured_at, .. } => at.since(*captured_at),
            Destination::Before { at: moment } => at.since(*moment),
            Destination::Versions { .. } | Destination::UndoPoint { .. } => return None,
        };
        let most = self.limits.max_point_age_ms?;
        (age_ms > most).then_some((age_ms, most))
    }

    /// How much data a stage may set aside, in milliseconds since the point. An undo brings data back.
    pub(crate) fn may_lose_ms(&self, stage: u32) -> Option<u64> {
        match (&self.on_failure, self.is_own(stage)) {
            (FallbackSpec::Runbook(alternate), false) => alternate.service_level.may_lose_ms,
            (FallbackSpec::Halt | FallbackSpec::Undo, false) => None,
            (_, true) => self.service_level.may_lose_ms,
        }
    }

    /// Whether a stage is one of the specification's own, not one of those that may follow a failure.
    pub fn is_own(&self, stage: u32) -> bool {
        (stage as usize) < self.stages.len()
    }

    /// Whether the parts fit together.
    pub(crate) fn check(&self) -> Result<(), SpecError> {
        if self.stages.is_empty() {
            return Err(SpecError::Empty);
        }
        if self.attempts == 0 {
            return Err(SpecError::NoAttempts);
        }
        check_stages(0, &self.stages)?;
        match &self.on_failure {
            FallbackSpec::Halt | FallbackSpec::Undo => Ok(()),
            FallbackSpec::Runbook(alternate) if alternate.stages.is_empty() => Err(SpecError::Empty),
            FallbackSpec::Runbook(alternate) => {
                let first = u32::try_from(self.stages.len()).unwrap_or(u32::MAX);
                check_stages(first, &alternate.stages)
            }
        }
    }
}

/// Whether each step says where it stands, and no two are about one resource.
fn check_stages(first: u32, stages: &[StageSpec]) -> Result<(), SpecError> {
    let mut resources = BTreeSet::new();
    for (stage, spec) in (first..).zip(stages) {
        for (step, spec) in (0..).zip(&spec.steps) {
            let expected = StepId { stage, step };
            if spec.id != expected {
                return Err(SpecError::Misplaced { expected, found: spec.id });
            }
            if let Some(target) = spec.subject.target()
                && !resources.insert(&target.resource)
            {
                return Err(SpecError::SameResource(target.resource.to_string()));
            }
        }
    }
    Ok(())
}
