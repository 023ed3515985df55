//! A run goes on after its process ended, or after it halted or waited. What may have happened meanwhile is not
//! assumed: intents without outcomes are unknown, and the stage is planned again under fresh locks.

use belay_domain::id::{Epoch, Millis};

use crate::command::Command;
use crate::rejected::Rejected;
use crate::run::{Phase, Run, Stop};
use crate::step::{SettlePhase, Settling, StepRun, StepStatus, Stuck};

pub(super) fn taken_over(run: &mut Run, epoch: Epoch, by: String, at: Millis) -> Result<Vec<Command>, Rejected> {
    if epoch <= run.epoch {
        return Err(Rejected::StaleEpoch { given: epoch, current: run.epoch });
    }
    // The former owner may be alive, and may act on what it intended until the intent says that it is too late.
    run.rival_until = run.steps().filter_map(|step| Some(step.acting()?.act_by)).chain(run.rival_until).max();
    Ok(awaken(run, epoch, by, at))
}

pub(super) fn resumed(run: &mut Run, epoch: Epoch, by: String, at: Millis) -> Result<Vec<Command>, Rejected> {
    if epoch < run.epoch {
        return Err(Rejected::StaleEpoch { given: epoch, current: run.epoch });
    }
    Ok(awaken(run, epoch, by, at))
}

fn awaken(run: &mut Run, epoch: Epoch, by: String, at: Millis) -> Vec<Command> {
    run.epoch = epoch;
    run.owner = by;
    run.forget_time();
    match &run.phase {
        Phase::Working
        | Phase::Waiting(_)
        | Phase::Paused(_)
        | Phase::Halted { .. }
        | Phase::Stopping(Stop::Halt(_) | Stop::Pause(_)) => run.go_on(at),
        // It may act no more, but what it left open is settled, so that its receipt is true.
        Phase::Stopping(Stop::End(_)) => {
            run.forget_what_rested();
            let mut commands = run.recover_steps();
            commands.extend(run.advance(at));
            commands
        }
        Phase::Failing { .. } => run.ask_to_fall_back(),
        Phase::Checking => run.measure_again(),
        Phase::Ended { .. } => vec![Command::Unlock, run.seal()],
        Phase::Sealed { .. } => Vec::new(),
    }
}

impl Run {
    /// Works again, from what is there: the current stage is locked and planned anew.
    pub(super) fn go_on(&mut self, at: Millis) -> Vec<Command> {
        self.phase = Phase::Working;
        self.forget_what_rested();
        self.enter_stage(at)
    }

    /// The stage's old plan is void. Attempts count from here: a person made the run go on.
    fn forget_what_rested(&mut self) {
        let Some(stage) = self.stage_mut() else { return };
        for step in &mut stage.steps {
            step.counted_from = step.acts.len();
            step.replans = 0;
            step.status = awakened(step);
        }
    }

    /// Asks for what is needed to know what became of each open operation of the current stage.
    pub(super) fn recover_steps(&self) -> Vec<Command> {
        let steps = self.stage().map_or(&[] as &[StepRun], |stage| &stage.steps);
        let orphans =
            steps.iter().filter_map(|step| Some(Command::CloseOrphan { act: step.acting()?.act, step: step.id }));
        let unknown = steps.iter().filter_map(|step| {
            let StepStatus::Settling(settling) = &step.status else { return None };
            Some(Command::Look { step: step.id, index: settling.act.index })
        });
        orphans.chain(unknown).collect()
    }
}

/// What a step is when its run goes on.
fn awakened(step: &StepRun) -> StepStatus {
    match &step.status {
        StepStatus::LeftOut
        | StepStatus::Asked
        | StepStatus::DoneBy { .. }
        | StepStatus::Restored
        | StepStatus::Acting(_) => step.status.clone(),
        StepStatus::Settling(Settling { act, reason, .. }) => {
            StepStatus::Settling(Settling { act: *act, reason: reason.clone(), windows: 0, phase: SettlePhase::First })
        }
        StepStatus::Stuck(Stuck::Undecided { act, halt }) => StepStatus::Settling(Settling {
            act: *act,
            reason: halt.to_string(),
            windows: 0,
            phase: SettlePhase::First,
        }),
        // The system may be back.
        StepStatus::Skipped(_)
        | StepStatus::Idle
        | StepStatus::Ready
        | StepStatus::Starting(_)
        | StepStatus::Refused { .. }
        | StepStatus::Between { .. }
        | StepStatus::Confirming(_)
        | StepStatus::Holding(_)
        | StepStatus::Again { .. }
        | StepStatus::Stuck(Stuck::Known(_)) => StepStatus::Idle,
    }
}
