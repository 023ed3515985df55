//! A system is down, and the mandate lets its resource be left as it is: the stage goes on without it. What the run may
//! have written is never left half-written.

use belay_domain::id::{Millis, ResourceName, StepId};
use belay_domain::skip::Down;

use crate::command::Command;
use crate::outlook::Halt;
use crate::run::Run;
use crate::step::{Skipped, StepStatus};

impl Run {
    /// Skips steps and plans the rest anew: what is judged is what will be done.
    pub(super) fn skip(&mut self, down: Vec<Down>, at: Millis) -> Vec<Command> {
        let begun = down.iter().filter(|down| !self.may_skip(down.step));
        let resources: Vec<_> = begun.map(|down| (down.resource.clone(), down.reason.clone())).collect();
        if !resources.is_empty() {
            return self.halt_or_fall_back(Halt::Blind { resources }, at);
        }
        for Down { step, reason, .. } in down {
            self.set(step, StepStatus::Skipped(Skipped { reason, with: None }));
        }
        self.plan_stage(at)
    }

    /// Whether a step may be skipped where its system is down: the mandate says so, and the run has written nothing to
    /// its resource.
    pub(super) fn may_skip(&self, id: StepId) -> bool {
        let allowed = self.target(id).is_some_and(|target| self.spec.may_skip(id.stage).allows(&target.resource));
        allowed && self.step(id).is_some_and(|step| !step.may_have_written())
    }

    /// Skips what is made from something that was skipped, in the current stage. What the run has begun to write is
    /// finished all the same: when it began, everything upstream of it was as desired.
    pub(super) fn skip_with_upstream(&mut self) {
        let followers: Vec<(StepId, Skipped)> = self
            .stage()
            .into_iter()
            .flat_map(|stage| &stage.steps)
            .filter(|step| !step.is_done() && !step.may_have_written())
            .filter_map(|step| Some((step.id, self.skipped_with(step.id)?)))
            .collect();
        for (id, skipped) in followers {
            self.set(id, StepStatus::Skipped(skipped));
        }
    }

    fn skipped_with(&self, id: StepId) -> Option<Skipped> {
        let resource = &self.target(id)?.resource;
        let mut skipped = self.skipped_itself();
        let (upstream, reason) =
            skipped.find(|(upstream, _)| self.spec.may_skip(id.stage).follows(resource, upstream))?;
        Some(Skipped { reason: reason.to_owned(), with: Some(upstream.clone()) })
    }

    /// The resources whose own systems were down when their turn came; after a failure, of what follows it.
    fn skipped_itself(&self) -> impl Iterator<Item = (&ResourceName, &str)> {
        let from = self.failure.as_ref().map_or(0, |failure| failure.from_stage);
        self.steps().filter(move |step| step.id.stage >= from).filter_map(|step| {
            let StepStatus::Skipped(Skipped { reason, with: None }) = &step.status else { return None };
            Some((&self.target(step.id)?.resource, reason.as_str()))
        })
    }
}
