//! Of the steps of a stage, those that nothing takes back come last, as far as lineage allows: whatever fails before them
//! can still be undone. Never holds back what others are made from.

use belay_domain::id::{ResourceName, StepId};
use belay_domain::no_return::irreversible_steps;

use crate::run::Run;

impl Run {
    /// Whether a step that can't be taken back still waits for others that can.
    pub(super) fn waits_to_be_last(&self, id: StepId) -> bool {
        let (Some(permit), Some(stage)) = (self.permit(id), self.stage()) else { return false };
        let last = irreversible_steps(&permit.examined);
        if !last.contains(&id) {
            return false;
        }
        let after: Vec<&ResourceName> =
            last.iter().filter_map(|step| self.target(*step)).map(|target| &target.resource).collect();
        // What is made from any of them can't be done before it: to wait for that would be to wait for oneself.
        let follows = |step: StepId| {
            self.target(step).is_some_and(|target| target.upstream.iter().any(|upstream| after.contains(&upstream)))
        };
        stage.steps.iter().any(|step| !step.is_done() && !last.contains(&step.id) && !follows(step.id))
    }
}
