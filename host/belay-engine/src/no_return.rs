//! Where a run passes the point of no return, for people. Decides nothing.

use belay_domain::id::StepId;
use belay_domain::no_return::NoReturn;
use serde::{Deserialize, Serialize};

use crate::stage::StageRun;

/// From where on nothing takes back what a stage does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NoReturnView {
    /// The step.
    pub step: StepId,
    /// Its resource's name.
    pub title: String,
    /// What it writes there, for people.
    pub summary: String,
    /// Whether that was begun: from here on the stage can't be undone completely.
    pub passed: bool,
}

impl NoReturnView {
    /// Of a stage, by its latest permitted plan; once it is passed, what the run did counts.
    pub(crate) fn of(stage: &StageRun) -> Option<Self> {
        let permit = stage.permit.as_ref()?;
        let NoReturn { step, index, resource, summary } = NoReturn::of(&permit.plan, &permit.examined)?;
        let begun = stage
            .steps
            .iter()
            .find(|ran| ran.id == step)
            .is_some_and(|ran| ran.acts.iter().any(|act| act.plan == permit.digest && act.index >= index));
        Some(Self { step, title: resource.to_string(), summary, passed: begun })
    }
}
