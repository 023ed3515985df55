//! What a run is made from. Fixed when the run is opened; never changes afterwards.

use std::collections::BTreeSet;

use belay_domain::check::Check;
use belay_domain::feature_set::Tier;
use belay_domain::id::{Millis, ResourceName, RunId, StageName, StepId};
use belay_domain::mandate::Mandate;
use belay_domain::plan::Subject;
use belay_domain::risk::Bands;
use belay_domain::runbook::ServiceLevel;
use belay_domain::state::{Desired, Pin};
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
    /// What is affected and not restored by this runbook, for people; for the receipt.
    pub still_affected: Vec<String>,
    /// How often one operation may be intended, and a step planned again, before the run halts. At least 1.
    pub attempts: u32,
    /// When the responder asked; the service level counts from here.
    pub requested_at: Millis,
}

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

    /// What the run restores a resource to, where that is a pinned state and the step was not left out.
    pub fn pinned(&self, resource: &ResourceName) -> Option<&Pin> {
        let steps = self.stages.iter().flat_map(|stage| &stage.steps).filter(|step| !step.excepted);
        let mut targets = steps.filter_map(|step| step.subject.target());
        match &targets.find(|target| target.resource == *resource)?.desired {
            Desired::Pinned(pin) => Some(pin),
            Desired::Attributes(_) => None,
        }
    }

    /// Whether the parts fit together.
    pub(crate) fn check(&self) -> Result<(), SpecError> {
        if self.stages.is_empty() {
            return Err(SpecError::Empty);
        }
        if self.attempts == 0 {
            return Err(SpecError::NoAttempts);
        }
        let mut resources = BTreeSet::new();
        for (stage, spec) in (0..).zip(&self.stages) {
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
}
