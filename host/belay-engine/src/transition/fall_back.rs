//! A stage or a check failed: the run halts, or goes on with what its mandate lets follow a failure. Never while it is
//! unknown what became of a write, and never twice.

use std::collections::BTreeSet;

use belay_domain::id::{Millis, StageName, StepId};
use belay_domain::json::Json;
use belay_domain::plan::{Subject, Target};
use belay_domain::state::{Desired, Pin};

use crate::command::Command;
use crate::failure::{Failed, Failure, Response};
use crate::outlook::{Ending, Halt};
use crate::receipt::Condition;
use crate::rejected::Rejected;
use crate::run::{Phase, Run};
use crate::spec::{FallbackSpec, StageSpec, StepSpec};
use crate::stage::StageRun;
use crate::step::{StepStatus, Stuck};

/// It is recorded that the run goes on from a failure.
pub(super) fn fell_back(
    run: &mut Run,
    failed: Failed,
    response: Response,
    at: Millis,
) -> Result<Vec<Command>, Rejected> {
    if !matches!(&run.phase, Phase::Failing { failed: found, response: wanted } if *found == failed && *wanted == response)
    {
        return Err(Rejected::NotExpected("run.fell_back"));
    }
    run.rest_failed_stage();
    let from_stage = u32::try_from(run.course.len()).unwrap_or(u32::MAX);
    let stages = match (&response, &run.spec.on_failure) {
        (Response::Runbook { .. }, FallbackSpec::Runbook(alternate)) => alternate.stages.clone(),
        (Response::Undo | Response::Runbook { .. }, _) => run.undo_stages(from_stage, undoing),
    };
    run.stages.extend(stages.iter().map(StageRun::new));
    run.course.extend(stages);
    run.failure = Some(Failure { failed, response, from_stage, at });
    run.current = from_stage as usize;
    run.phase = Phase::Working;
    Ok(run.enter_stage(at))
}

/// `undo.restore`; the stage's own name where that would be too long for one.
fn undoing(stage: &StageName) -> StageName {
    format!("undo.{stage}").parse().unwrap_or_else(|_| stage.clone())
}

impl Run {
    /// Halts, unless the mandate lets something else follow this failure.
    pub(super) fn halt_or_fall_back(&mut self, halt: Halt, at: Millis) -> Vec<Command> {
        // What a person must decide comes before what is only stuck.
        let halt = self.undecided().unwrap_or(halt);
        let stage = self.course.get(self.current).map(|stage| stage.name.clone());
        match (self.response_to(&halt), stage) {
            (Some(response), Some(stage)) => self.fall_back(Failed::Stage { stage, halt }, response),
            (None, _) | (_, None) => self.halt(halt, at),
        }
    }

    /// Ends as failed, unless the mandate lets something else follow.
    pub(super) fn end_or_fall_back(&mut self, failed: Failed, at: Millis) -> Vec<Command> {
        match (self.response(), failed) {
            (Some(response), failed) => self.fall_back(failed, response),
            (None, Failed::Check { check, result }) => self.end(Ending::Failed { check, result }, at),
            (None, Failed::Stage { halt, .. }) => self.halt(halt, at),
        }
    }

    fn fall_back(&mut self, failed: Failed, response: Response) -> Vec<Command> {
        self.phase = Phase::Failing { failed, response };
        self.ask_to_fall_back()
    }

    /// Asks once more, after the process that was asked before ended.
    pub(super) fn ask_to_fall_back(&self) -> Vec<Command> {
        let Phase::Failing { failed, response } = &self.phase else { return Vec::new() };
        vec![Command::FallBack { failed: failed.clone(), response: response.clone() }]
    }

    /// What may follow a halt. Another run's lock passes by itself; what a person must decide is not decided yet.
    fn response_to(&self, halt: &Halt) -> Option<Response> {
        match halt {
            Halt::Locked { .. } | Halt::PersonMustDecide { .. } | Halt::CannotLook { .. } => None,
            Halt::Blind { .. }
            | Halt::NotApplied { .. }
            | Halt::GaveUp { .. }
            | Halt::CheckFailed { .. }
            | Halt::OutOfTime { .. }
            | Halt::NotRestored { .. } => self.response(),
        }
    }

    fn response(&self) -> Option<Response> {
        let unknown = self.steps().any(|step| matches!(self.condition(step), Condition::Unknown { .. }));
        if self.failure.is_some() || unknown {
            return None;
        }
        match &self.spec.on_failure {
            FallbackSpec::Halt => None,
            FallbackSpec::Undo => (!self.undo_pins().is_empty()).then_some(Response::Undo),
            FallbackSpec::Runbook(alternate) => Some(Response::Runbook { name: alternate.runbook.clone() }),
        }
    }

    fn undecided(&self) -> Option<Halt> {
        self.steps().find_map(|step| {
            let StepStatus::Stuck(Stuck::Undecided { halt, .. }) = &step.status else { return None };
            Some(halt.clone())
        })
    }

    /// Nothing of the failed stage starts any more: an intent that comes late is rejected, and was never acted on.
    fn rest_failed_stage(&mut self) {
        let steps = self.stage_mut().into_iter().flat_map(|stage| &mut stage.steps);
        for step in steps.filter(|step| {
            matches!(
                step.status,
                StepStatus::Ready | StepStatus::Starting(_) | StepStatus::Asked | StepStatus::Holding(_)
            )
        }) {
            step.status = StepStatus::Idle;
        }
    }

    /// The stages that put back what the run may have written, from the last to the first, each step to what the run had
    /// found before its first write. `first` is the place of the first of them, `name` makes their names.
    pub fn undo_stages(&self, first: u32, name: impl Fn(&StageName) -> StageName) -> Vec<StageSpec> {
        let pins = self.undo_pins();
        let mut done = BTreeSet::new();
        let mut stages: Vec<StageSpec> = Vec::new();
        for (stage, ran) in self.course.iter().zip(&self.stages).rev() {
            let place = u32::try_from(stages.len()).map_or(u32::MAX, |length| first.saturating_add(length));
            let written = ran.steps.iter().filter(|step| step.may_have_written());
            let undone = written.filter_map(|step| {
                let target = self.target(step.id)?;
                let (_, before) = pins.get(&target.resource).filter(|_| done.insert(target.resource.clone()))?;
                let pin = Pin { state: before.clone(), proof: Json::NULL };
                let target = Target { desired: Desired::Pinned(pin), ramp: None, ..target.clone() };
                Some((self.step_spec(step.id)?.clone(), Subject::Resource(Box::new(target))))
            });
            let steps: Vec<StepSpec> = undone
                .zip(0..)
                .map(|((spec, subject), step)| StepSpec { id: StepId { stage: place, step }, subject, ..spec })
                .collect();
            if !steps.is_empty() {
                stages.push(StageSpec { name: name(&stage.name), steps });
            }
        }
        stages
    }
}
