//! Why an event was not taken. A run that rejects an event is as it was before.

use belay_domain::id::{Epoch, StepId};

use crate::event::{ActId, WakeId};
use crate::spec::SpecError;

/// Why an event was not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Rejected {
    /// A journal begins with its opening, and holds only one.
    #[error("a run is opened once, by the first event of its journal")]
    Opening,
    /// The specification's parts don't fit together.
    #[error("the run can't be opened: {0}")]
    Spec(#[from] SpecError),
    /// The run has ended and is sealed.
    #[error("the run is sealed")]
    Sealed,
    /// Nobody asked for this, or it was answered already: a repeated or late answer.
    #[error("`{0}` was not expected now")]
    NotExpected(&'static str),
    /// There is no such step.
    #[error("the run has no step {} in stage {}", .0.step, .0.stage)]
    UnknownStep(StepId),
    /// There is no such act, or its outcome is known already.
    #[error("act {} has no open intent", .0.0)]
    UnknownAct(ActId),
    /// There is no such wait, or it is over.
    #[error("wait {} is over", .0.0)]
    UnknownWake(WakeId),
    /// The plan is not of what was asked for, or what was found is not of the plan.
    #[error("the plan doesn't fit what was asked for: {0}")]
    WrongPlan(String),
    /// Somebody else owns the run now.
    #[error("epoch {} is over, the run's owner has epoch {}", .given.0, .current.0)]
    StaleEpoch {
        /// The event's.
        given: Epoch,
        /// The owner's.
        current: Epoch,
    },
}
