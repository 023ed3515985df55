//! A stage's locks were taken, or somebody else holds one.

use belay_domain::id::Millis;

use crate::answer::Holder;
use crate::command::Command;
use crate::outlook::Halt;
use crate::rejected::Rejected;
use crate::run::{Phase, Run};
use crate::stage::StageStatus;

pub(super) fn locked(run: &mut Run, stage: u32, at: Millis) -> Result<Vec<Command>, Rejected> {
    expect_locking(run, stage, "stage.locked")?;
    if let Some(current) = run.stage_mut() {
        current.status = StageStatus::Resting;
    }
    let mut commands = run.recover_steps();
    commands.extend(run.advance(at));
    Ok(commands)
}

pub(super) fn lock_held(run: &mut Run, stage: u32, holder: Holder, at: Millis) -> Result<Vec<Command>, Rejected> {
    expect_locking(run, stage, "stage.lock_held")?;
    run.phase = Phase::Halted { halt: Halt::Locked { holder }, at };
    Ok(vec![Command::Unlock])
}

fn expect_locking(run: &Run, stage: u32, kind: &'static str) -> Result<(), Rejected> {
    let locking = run.stage().is_some_and(|current| current.status == StageStatus::Locking);
    if run.phase == Phase::Working && run.current_number() == stage && locking {
        Ok(())
    } else {
        Err(Rejected::NotExpected(kind))
    }
}
