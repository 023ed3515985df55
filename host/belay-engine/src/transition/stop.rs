//! A run stops: it halts, is aborted, or ends. What is under way ends by itself; nothing is taken back.

use belay_domain::id::Millis;

use crate::command::Command;
use crate::outlook::{Ending, Halt};
use crate::rejected::Rejected;
use crate::run::{Phase, Run, Stop};
use crate::stage::StageStatus;

pub(super) fn abort_asked(run: &mut Run, by: String, reason: String, at: Millis) -> Result<Vec<Command>, Rejected> {
    match &run.phase {
        Phase::Working
        | Phase::Checking
        | Phase::Waiting(_)
        | Phase::Paused(_)
        | Phase::Failing { .. }
        | Phase::Halted { .. }
        | Phase::Stopping(Stop::Halt(_) | Stop::Pause(_)) => {
            // What an earlier process left open is not being settled yet, and must be before the receipt is true.
            let unattended = matches!(run.phase, Phase::Halted { .. })
                || run.stage().is_some_and(|stage| stage.status == StageStatus::Locking);
            run.phase = Phase::Stopping(Stop::End(Ending::Aborted { by, reason }));
            let mut commands = if unattended { run.recover_steps() } else { Vec::new() };
            commands.extend(run.advance(at));
            Ok(commands)
        }
        Phase::Stopping(Stop::End(_)) | Phase::Ended { .. } | Phase::Sealed { .. } => {
            Err(Rejected::NotExpected("run.abort_asked"))
        }
    }
}

impl Run {
    /// Halts. The locks are kept where the stage has begun to write: a half-done stage is nobody else's to touch.
    pub(super) fn halt(&mut self, halt: Halt, at: Millis) -> Vec<Command> {
        self.phase = Phase::Halted { halt, at };
        self.unlock_untouched()
    }

    /// Ends: gives the locks back and asks for the receipt to be recorded.
    pub(super) fn end(&mut self, ending: Ending, at: Millis) -> Vec<Command> {
        self.phase = Phase::Ended { ending, at };
        vec![Command::Unlock, self.seal()]
    }

    pub(super) fn seal(&self) -> Command {
        Command::Seal { receipt: Box::new(self.receipt()) }
    }
}
