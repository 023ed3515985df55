//! What may be planned before its turn comes. Changes nothing: a plan that was made ahead is fed to the run when it asks for
//! one.

use belay_domain::id::{ResourceName, StepId};

use crate::run::{Phase, Run};
use crate::stage::{StageRun, StageStatus};
use crate::step::{Confirming, StepRun, StepStatus};

impl Run {
    /// The stage that follows, and its steps, while the present one only waits to look once more at what it has written.
    /// None where that stage has a resource that is made from one of those: what is there to plan is not certain yet.
    pub fn plannable_ahead(&self) -> Option<(u32, Vec<StepId>)> {
        if self.phase != Phase::Working {
            return None;
        }
        let waiting = self.stage()?.only_waits_for()?;
        let place = self.current.checked_add(1)?;
        let next = self.stages.get(place).filter(|next| next.status == StageStatus::Pending)?;
        let steps: Vec<StepId> = next.steps.iter().filter(|step| !step.is_left_alone()).map(|step| step.id).collect();
        let waiting: Vec<&ResourceName> =
            waiting.into_iter().filter_map(|step| Some(&self.target(step)?.resource)).collect();
        let mut targets = steps.iter().filter_map(|step| self.target(*step));
        let rests_on_them = targets.any(|target| waiting.iter().any(|resource| target.upstream.contains(resource)));
        let number = u32::try_from(place).ok()?;
        (!rests_on_them && !steps.is_empty()).then_some((number, steps))
    }
}

impl StageRun {
    /// The steps that are written and wait to be looked at again, where there is nothing else to do.
    fn only_waits_for(&self) -> Option<Vec<StepId>> {
        let waits = |step: &StepRun| {
            matches!(step.status, StepStatus::Confirming(Confirming { wake: Some(_), part: None, .. }))
        };
        let open = || self.steps.iter().filter(|step| !step.is_done());
        let waiting = self.status == StageStatus::Acting && open().next().is_some() && open().all(waits);
        waiting.then(|| open().map(|step| step.id).collect())
    }
}
