//! Stages in turn: entered, finished, and what follows the last.

use belay_domain::id::{Millis, ResourceAddress};

use crate::command::Command;
use crate::failure::{Failure, Response};
use crate::outlook::Ending;
use crate::run::Run;
use crate::stage::{StageRun, StageStatus};
use crate::step::StepRun;

impl Run {
    /// Takes the locks of the current stage; a stage of which everything was left out is finished.
    pub(super) fn enter_stage(&mut self, at: Millis) -> Vec<Command> {
        self.skip_with_upstream();
        let number = self.current_number();
        let Some(stage) = self.stage_mut() else { return self.stages_done(at) };
        stage.began.get_or_insert(at);
        if stage.is_done() {
            return self.finish_stage(at);
        }
        stage.status = StageStatus::Locking;
        vec![Command::Lock { stage: number, resources: self.resources_of_stage() }]
    }

    fn resources_of_stage(&self) -> Vec<ResourceAddress> {
        let steps = self.stage().map_or(&[] as &[_], |stage| &stage.steps);
        let written = steps.iter().filter(|step| !step.is_left_alone());
        written.filter_map(|step| Some(self.target(step.id)?.at.clone())).collect()
    }

    pub(super) fn finish_stage(&mut self, at: Millis) -> Vec<Command> {
        if let Some(stage) = self.stage_mut() {
            stage.status = StageStatus::Finished;
            stage.ended = Some(at);
        }
        self.current += 1;
        self.enter_stage(at)
    }

    fn stages_done(&mut self, at: Millis) -> Vec<Command> {
        if self.failure.is_none() && !self.stages.iter().any(StageRun::has_skipped) {
            self.restored_at = Some(at);
        }
        if !self.has_checks_to_make() {
            let ending = self.good_ending();
            return self.end(ending, at);
        }
        let mut commands = vec![Command::Unlock];
        commands.extend(self.begin_checks(at));
        commands
    }

    fn has_checks_to_make(&self) -> bool {
        match &self.failure {
            // Where nothing was done there is nothing that a check could vouch for.
            None => !self.spec.checks.is_empty() && !self.did_nothing(),
            Some(Failure { response: Response::Undo, .. }) => false,
            Some(Failure { response: Response::Runbook { .. }, .. }) => {
                self.spec.all_checks().count() > self.spec.checks.len()
            }
        }
    }

    fn did_nothing(&self) -> bool {
        self.stages.iter().all(StageRun::did_nothing)
    }

    /// How a run ends of which everything went well.
    pub(super) fn good_ending(&self) -> Ending {
        if let Some(Failure { failed, response, .. }) = self.failure.clone() {
            match response {
                Response::Undo => Ending::Undone { failed },
                Response::Runbook { name } => Ending::Replaced { failed, runbook: name },
            }
        } else if self.steps().any(StepRun::is_left_alone) {
            Ending::Partial
        } else if self.did_nothing() {
            Ending::NothingToDo
        } else {
            Ending::Done
        }
    }

    /// The current stage's place.
    pub(super) fn current_number(&self) -> u32 {
        u32::try_from(self.current).unwrap_or(u32::MAX)
    }
}
