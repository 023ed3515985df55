//! How a run shows itself: its view, made from where it stands. Changes nothing.

use belay_domain::check::Check;
use belay_domain::ramp::Ramp;

use crate::no_return::NoReturnView;
use crate::part::PartRecord;
use crate::run::{CheckStatus, Phase, Run, Stop};
use crate::stage::{StageRun, StageStatus};
use crate::step::{HoldPhase, SettlePhase, Skipped, StepRun, StepStatus, Stuck};
use crate::view::{CheckView, RampView, RunView, StageDisplay, StageView, Status, StepDisplay, StepView};

impl Run {
    /// The run as progress is shown.
    pub fn view(&self) -> RunView {
        let stages = self.stages.iter().zip(&self.course).enumerate();
        RunView {
            run: self.spec.id().clone(),
            owner: self.owner.clone(),
            epoch: self.epoch,
            requested_at: self.spec.requested_at,
            restored_within_ms: self.spec.service_level.restored_within_ms,
            restored_at: self.restored_at,
            failure: self.failure.clone(),
            status: self.status(),
            stages: stages
                .map(|(index, (stage, spec))| StageView {
                    name: spec.name.clone(),
                    display: self.stage_display(index, stage),
                    assessment: stage.assessment.clone(),
                    no_return: NoReturnView::of(stage),
                    began: stage.began,
                    ended: stage.ended,
                    steps: stage.steps.iter().map(|step| self.step_view(step)).collect(),
                })
                .collect(),
            checks: self.check_views(),
        }
    }

    /// How the run stands.
    pub fn status(&self) -> Status {
        match &self.phase {
            Phase::Working => Status::Working,
            Phase::Checking => Status::Checking,
            Phase::Waiting(wait) => Status::Waiting(wait.clone()),
            Phase::Stopping(Stop::Halt(_) | Stop::Pause(_) | Stop::End(_)) | Phase::Failing { .. } => Status::Stopping,
            Phase::Paused(pause) => Status::Paused(pause.clone()),
            Phase::Halted { halt, .. } => Status::Halted(halt.clone()),
            Phase::Ended { ending, .. } => Status::Ended { ending: ending.clone(), sealed: false },
            Phase::Sealed { ending, .. } => Status::Ended { ending: ending.clone(), sealed: true },
        }
    }

    fn stage_display(&self, index: usize, stage: &StageRun) -> StageDisplay {
        if index == self.current && matches!(self.phase, Phase::Waiting(_)) {
            return StageDisplay::Waiting;
        }
        // In a run that has ended nothing is under way any more.
        let ended = matches!(self.phase, Phase::Ended { .. } | Phase::Sealed { .. });
        match stage.status {
            StageStatus::Locking | StageStatus::Resting | StageStatus::Planning if ended => StageDisplay::Pending,
            StageStatus::Pending => StageDisplay::Pending,
            StageStatus::Locking => StageDisplay::Locking,
            StageStatus::Resting => StageDisplay::Resting,
            StageStatus::Planning => StageDisplay::Planning,
            StageStatus::Acting => StageDisplay::Acting,
            StageStatus::Finished if stage.did_nothing() && !stage.has_skipped() => StageDisplay::NothingToDo,
            StageStatus::Finished => StageDisplay::Finished,
        }
    }

    fn step_view(&self, step: &StepRun) -> StepView {
        let title = self.step_spec(step.id).map(|spec| spec.subject.heading().to_owned());
        StepView {
            step: step.id,
            title: title.unwrap_or_default(),
            display: self.step_display(step),
            condition: self.condition(step),
            version: step.found.as_ref().map(|state| state.version.clone()),
            ramp: self.ramp(step.id).map(|ramp| ramp_view(ramp, step)),
            began: step.began,
            ended: step.ended,
        }
    }

    /// In a run that doesn't go on, or before it is planned again, no hold is waited out.
    fn step_display(&self, step: &StepRun) -> StepDisplay {
        let holds = matches!(step.status, StepStatus::Holding(_));
        let idles = step.status == StepStatus::Idle && step.standing().is_some();
        if idles || (holds && self.phase != Phase::Working) { StepDisplay::Standing } else { step_display(step) }
    }

    fn check_views(&self) -> Vec<CheckView> {
        let result = |index: usize| match &self.checks.get(index)?.status {
            CheckStatus::Ended(result) => Some(result.clone()),
            CheckStatus::NotMade | CheckStatus::Measuring | CheckStatus::Waiting { .. } => None,
        };
        let view = |(index, check): (usize, &Check)| CheckView {
            probe: check.probe.to_string(),
            claim: format!("{} {}", check.measurement, check.must),
            result: result(index),
        };
        self.due_checks().enumerate().map(view).collect()
    }
}

fn ramp_view(ramp: &Ramp, step: &StepRun) -> RampView {
    RampView {
        attribute: ramp.attribute.clone(),
        through: ramp.through.clone(),
        reached: u32::try_from(PartRecord::reached(&step.parts)).unwrap_or(u32::MAX),
    }
}

fn hold_display(phase: &HoldPhase) -> StepDisplay {
    match phase {
        HoldPhase::Waiting { until, .. } => StepDisplay::Holding { until: *until },
        HoldPhase::Checking(_) => StepDisplay::Checking,
        HoldPhase::Leaving => StepDisplay::Confirming,
        HoldPhase::Resting => StepDisplay::Standing,
    }
}

fn step_display(step: &StepRun) -> StepDisplay {
    match &step.status {
        StepStatus::LeftOut => StepDisplay::LeftOut,
        StepStatus::Skipped(Skipped { with: Some(upstream), .. }) => {
            StepDisplay::Skipped { reason: format!("with {upstream}, which it is made from") }
        }
        StepStatus::Skipped(Skipped { reason, with: None }) => StepDisplay::Skipped { reason: reason.clone() },
        StepStatus::Idle | StepStatus::Between { .. } => StepDisplay::Pending,
        StepStatus::Ready => StepDisplay::Ready,
        StepStatus::Starting(act) | StepStatus::Acting(act) => {
            StepDisplay::Acting { index: act.index, attempt: act.attempt }
        }
        StepStatus::Settling(settling) => match settling.phase {
            SettlePhase::Waiting { .. } => StepDisplay::Settling,
            SettlePhase::First | SettlePhase::Last { .. } => StepDisplay::Observing,
        },
        StepStatus::Refused { .. } => StepDisplay::Observing,
        StepStatus::Confirming(_) => StepDisplay::Confirming,
        StepStatus::Holding(phase) => hold_display(phase),
        StepStatus::Asked => StepDisplay::AskedPerson,
        StepStatus::Again { reason } => StepDisplay::PlanAgain { reason: reason.clone() },
        StepStatus::Restored => StepDisplay::Restored,
        StepStatus::DoneBy { person } => StepDisplay::DoneBy { by: person.clone() },
        StepStatus::Stuck(Stuck::Undecided { halt, .. } | Stuck::Known(halt)) => {
            StepDisplay::Stuck { reason: halt.to_string() }
        }
    }
}
