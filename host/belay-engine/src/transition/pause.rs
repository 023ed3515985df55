//! A person wants a run to rest, or to go on. What is under way ends by itself; nothing is taken back.

use belay_domain::id::Millis;

use crate::command::Command;
use crate::outlook::Pause;
use crate::rejected::Rejected;
use crate::run::{Phase, Run, Stop};
use crate::stage::{StageRun, StageStatus};

pub(super) fn pause_asked(run: &mut Run, by: String, reason: String, at: Millis) -> Result<Vec<Command>, Rejected> {
    if run.phase != Phase::Working {
        return Err(Rejected::NotExpected("run.pause_asked"));
    }
    // What an earlier process left open is not being settled yet, and must be before the run may rest.
    let unattended = run.stage().is_some_and(|stage| stage.status == StageStatus::Locking);
    run.phase = Phase::Stopping(Stop::Pause(Pause { by, reason, since: at }));
    let mut commands = if unattended { run.recover_steps() } else { Vec::new() };
    commands.extend(run.advance(at));
    Ok(commands)
}

/// A paused run goes on from what is there; of one that holds parts of ramps, they are not held any longer.
pub(super) fn continue_asked(run: &mut Run, by: &str, at: Millis) -> Result<Vec<Command>, Rejected> {
    match &run.phase {
        Phase::Paused(_) => Ok(run.go_on(at)),
        Phase::Working => {
            let mut commands = run.cut_holds_short(by).ok_or(Rejected::NotExpected("run.continue_asked"))?;
            commands.extend(run.advance(at));
            Ok(commands)
        }
        Phase::Checking
        | Phase::Waiting(_)
        | Phase::Stopping(_)
        | Phase::Failing { .. }
        | Phase::Halted { .. }
        | Phase::Ended { .. }
        | Phase::Sealed { .. } => Err(Rejected::NotExpected("run.continue_asked")),
    }
}

impl Run {
    /// Rests. The locks are kept where the stage has begun to write: a half-done stage is nobody else's to touch.
    pub(super) fn pause(&mut self, pause: Pause, at: Millis) -> Vec<Command> {
        self.phase = Phase::Paused(Pause { since: at, ..pause });
        self.unlock_untouched()
    }

    /// Gives the locks back where the stage has not begun to write.
    pub(super) fn unlock_untouched(&self) -> Vec<Command> {
        if self.stage().is_some_and(StageRun::has_acted) { Vec::new() } else { vec![Command::Unlock] }
    }
}
