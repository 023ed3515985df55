//! How long a run and its steps may take. A limit that is passed makes the run halt: what is under way ends by itself,
//! and is never left in doubt for it.

use belay_domain::id::Millis;

use crate::command::Command;
use crate::event::WakeId;
use crate::outlook::{Halt, Overrun};
use crate::run::{Phase, Run, Stop};
use crate::stage::StageStatus;
use crate::step::StepRun;

impl Run {
    /// Sets what has begun its limit, and takes it from what has ended. Every transition ends here.
    pub(super) fn keep_time(&mut self, at: Millis) -> Vec<Command> {
        match self.phase {
            Phase::Working => {}
            // What is under way ends in its own time: the run halts or ends anyway.
            Phase::Stopping(_) => return Vec::new(),
            Phase::Checking
            | Phase::Waiting(_)
            | Phase::Paused(_)
            | Phase::Failing { .. }
            | Phase::Halted { .. }
            | Phase::Ended { .. }
            | Phase::Sealed { .. } => {
                self.forget_time();
                return Vec::new();
            }
        }
        let mut commands = Vec::new();
        if let (Some(within_ms), None) = (self.spec.limits.run_within_ms, self.due) {
            let (wake, command) = self.limit(at, within_ms);
            self.due = Some(wake);
            commands.push(command);
        }
        if let Some(within_ms) = self.spec.limits.step_within_ms {
            commands.extend(self.keep_time_of_steps(at, within_ms));
        }
        commands
    }

    fn keep_time_of_steps(&mut self, at: Millis, within_ms: u64) -> Vec<Command> {
        let mut commands = Vec::new();
        let current = self.current_number();
        let counts = |step: &StepRun| step.id.stage == current && step.is_on_its_way();
        let ids: Vec<_> = self.steps().map(|step| (step.id, counts(step), step.due)).collect();
        for (id, on_its_way, due) in ids {
            let due = match (on_its_way, due) {
                (true, None) => {
                    let (wake, command) = self.limit(at, within_ms);
                    commands.push(command);
                    Some(wake)
                }
                (true, due) => due,
                (false, _) => None,
            };
            if let Some(step) = self.step_mut(id) {
                step.due = due;
            }
        }
        commands
    }

    /// A person makes the run go on, or nobody's time runs any more.
    pub(super) fn forget_time(&mut self) {
        self.due = None;
        self.stages.iter_mut().flat_map(|stage| &mut stage.steps).for_each(|step| step.due = None);
    }

    /// Whether a wake tells of a limit of something that has not ended.
    pub fn is_limited_by(&self, wake: WakeId) -> bool {
        self.overrun(wake).is_some()
    }

    /// The limit that a wake tells of; none: it is no limit's, or that of something that has ended.
    pub(super) fn overrun(&self, wake: WakeId) -> Option<Halt> {
        if let (true, Some(limit_ms)) = (self.due == Some(wake), self.spec.limits.run_within_ms) {
            return Some(Halt::OutOfTime { overrun: Overrun::Run, limit_ms });
        }
        let step = self.steps().find(|step| step.due == Some(wake))?;
        let title = self.step_spec(step.id).map(|spec| spec.subject.title().to_owned()).unwrap_or_default();
        let limit_ms = self.spec.limits.step_within_ms?;
        Some(Halt::OutOfTime { overrun: Overrun::Step { step: step.id, title }, limit_ms })
    }

    /// Stops. Nothing new starts; the run halts once everything under way has ended.
    pub(super) fn out_of_time(&mut self, halt: Halt, at: Millis) -> Vec<Command> {
        if self.phase != Phase::Working {
            return Vec::new();
        }
        // What an earlier process left open is not being settled yet, and must be before the run may rest.
        let unattended = self.stage().is_some_and(|stage| stage.status == StageStatus::Locking);
        self.phase = Phase::Stopping(Stop::Halt(halt));
        let mut commands = if unattended { self.recover_steps() } else { Vec::new() };
        commands.extend(self.advance(at));
        commands
    }
}
