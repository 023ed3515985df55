//! What can go on now: ready steps, the next operation, the next plan, rest. Every transition ends here.

use belay_domain::id::{Millis, ResourceName, StepId};

use crate::command::{Act, Command};
use crate::outlook::Halt;
use crate::run::{Phase, Run, Stop};
use crate::stage::StageStatus;
use crate::step::{Confirming, StepStatus, Stuck, Waited};

impl Run {
    /// Starts what may start, and comes to rest where nothing is under way any more.
    pub(super) fn advance(&mut self, at: Millis) -> Vec<Command> {
        match &self.phase {
            Phase::Working => self.advance_stage(at),
            Phase::Stopping(stop) => {
                if self.steps().any(|step| step.is_under_way()) {
                    return Vec::new();
                }
                match stop.clone() {
                    Stop::Halt(halt) => self.halt_or_fall_back(halt, at),
                    Stop::Pause(pause) => self.pause(pause, at),
                    Stop::End(ending) => self.end(ending, at),
                }
            }
            Phase::Checking
            | Phase::Waiting(_)
            | Phase::Paused(_)
            | Phase::Failing { .. }
            | Phase::Halted { .. }
            | Phase::Ended { .. }
            | Phase::Sealed { .. } => Vec::new(),
        }
    }

    fn advance_stage(&mut self, at: Millis) -> Vec<Command> {
        let Some(stage) = self.stage_mut() else { return Vec::new() };
        if stage.status == StageStatus::Acting && stage.wants_a_new_plan() {
            stage.status = StageStatus::Resting;
        }
        match stage.status {
            // A plan is the permission for a whole stage, so the whole stage is planned again, once nothing moves.
            StageStatus::Resting if stage.is_under_way() || stage.is_starting() => Vec::new(),
            StageStatus::Resting => self.plan_stage(at),
            StageStatus::Acting if stage.is_done() => self.finish_stage(at),
            StageStatus::Acting => self.start_ready_steps(at),
            StageStatus::Pending | StageStatus::Locking | StageStatus::Planning | StageStatus::Finished => Vec::new(),
        }
    }

    /// Plans the current stage: all of it, but what is left alone.
    pub(super) fn plan_stage(&mut self, at: Millis) -> Vec<Command> {
        self.skip_with_upstream();
        let stage = self.current_number();
        let Some(current) = self.stage_mut() else { return Vec::new() };
        let steps: Vec<StepId> =
            current.steps.iter().filter(|step| !step.is_left_alone()).map(|step| step.id).collect();
        if steps.is_empty() {
            return self.finish_stage(at);
        }
        current.status = StageStatus::Planning;
        vec![Command::Plan { stage, steps }]
    }

    fn start_ready_steps(&mut self, at: Millis) -> Vec<Command> {
        let Some(stage) = self.stage() else { return Vec::new() };
        let ready: Vec<StepId> = stage
            .steps
            .iter()
            .filter(|step| step.status == StepStatus::Ready)
            .filter(|step| !self.waits_for_upstream(step.id) && !self.waits_to_be_last(step.id))
            .map(|step| step.id)
            .collect();
        let mut commands: Vec<Command> = ready.into_iter().flat_map(|step| self.begin_act(step, 0, at)).collect();
        if matches!(self.phase, Phase::Stopping(_)) {
            commands.extend(self.advance(at));
        }
        commands
    }

    fn waits_for_upstream(&self, step: StepId) -> bool {
        let upstream = self.target(step).map_or(&[] as &[ResourceName], |target| &target.upstream);
        self.stage().is_some_and(|stage| {
            stage.steps.iter().any(|other| {
                let about = self.target(other.id).map(|target| &target.resource);
                !other.is_done() && about.is_some_and(|resource| upstream.contains(resource))
            })
        })
    }

    /// Asks for an operation of the permitted plan to be performed; where it was intended too often, the run stops.
    pub(super) fn begin_act(&mut self, id: StepId, index: u32, at: Millis) -> Vec<Command> {
        if matches!(self.phase, Phase::Stopping(_)) {
            return Vec::new();
        }
        let permitted = self.permit(id).and_then(|permit| Some((permit.digest, permit.examined(id, index)?.digest)));
        let (Some((plan, operation)), Some(spec)) = (permitted, self.step_spec(id)) else { return Vec::new() };
        let act_by = at.plus(spec.act_within_ms);
        let attempts = self.spec.attempts;
        let made = self.step(id).map_or(0, |step| step.attempts_at(operation));
        if made >= attempts {
            let reason = format!("the operation was tried {made} times and did not take");
            self.stick(id, Stuck::Known(Halt::GaveUp { step: id, reason }));
            return Vec::new();
        }
        let act = Act { act: self.number_act(), step: id, index, attempt: made + 1, operation, plan, act_by };
        if let Some(step) = self.step_mut(id) {
            step.began.get_or_insert(at);
            step.status = StepStatus::Starting(act);
        }
        vec![Command::Act(act)]
    }

    /// Goes on after an operation was applied: to the next one, or to confirming. A ramp is confirmed after each part.
    pub(super) fn after_applied(&mut self, id: StepId, index: u32, at: Millis) -> Vec<Command> {
        let next = index.saturating_add(1);
        let own = self.permit(id).and_then(|permit| permit.part_of(id, index));
        let more = own.as_ref().map_or_else(|| self.operation(id, next).is_some(), |(_, own)| next < own.end);
        if self.may_begin() && more {
            self.begin_act(id, next, at)
        } else if more || self.is_resting() {
            self.set(id, StepStatus::Between { next });
            Vec::new()
        } else {
            let part = own.map(|(part, _)| part);
            self.set(id, StepStatus::Confirming(Confirming { waited: Waited::from(at), wake: None, part }));
            vec![Command::Confirm { step: id, part }]
        }
    }

    /// Whether the permitted plan still holds and the run goes on.
    pub(super) fn may_begin(&self) -> bool {
        self.phase == Phase::Working
            && self.stage().is_some_and(|stage| stage.status == StageStatus::Acting && !stage.wants_a_new_plan())
    }

    /// Whether the current stage is to be planned again.
    pub(super) fn is_resting(&self) -> bool {
        self.phase == Phase::Working
            && self.stage().is_some_and(|stage| stage.status == StageStatus::Resting || stage.wants_a_new_plan())
    }

    pub(super) fn set(&mut self, id: StepId, status: StepStatus) {
        if let Some(step) = self.step_mut(id) {
            step.status = status;
        }
    }

    /// A step makes the run halt. An abort that came before keeps its word.
    pub(super) fn stick(&mut self, id: StepId, stuck: Stuck) {
        let (Stuck::Undecided { halt, .. } | Stuck::Known(halt)) = &stuck;
        let halt = halt.clone();
        self.set(id, StepStatus::Stuck(stuck));
        if self.may_plan_again() {
            self.phase = Phase::Stopping(Stop::Halt(halt));
        }
    }

    /// Marks a step to be planned again, at most as often as an operation may be tried.
    pub(super) fn plan_again(&mut self, id: StepId, reason: String) {
        let attempts = self.spec.attempts;
        let Some(step) = self.step_mut(id) else { return };
        if step.replans >= attempts {
            let reason = format!("planned again {attempts} times, and still: {reason}");
            self.stick(id, Stuck::Known(Halt::GaveUp { step: id, reason }));
        } else {
            step.replans += 1;
            step.status = StepStatus::Again { reason };
        }
    }
}
