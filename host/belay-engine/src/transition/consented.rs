//! What people say of a run's mandate while the run waits for them. Never counts their voices: that is `decide`'s, with
//! the next plan.

use belay_domain::id::Millis;

use crate::command::Command;
use crate::outlook::{Ending, Refusal, Wait};
use crate::rejected::Rejected;
use crate::run::{Phase, Run};

/// Somebody said something, or time passed: the stage is planned again, from what is there now.
pub(super) fn reconsidered(run: &mut Run, at: Millis) -> Result<Vec<Command>, Rejected> {
    if matches!(run.phase, Phase::Waiting(_)) {
        Ok(run.go_on(at))
    } else {
        Err(Rejected::NotExpected("run.reconsidered"))
    }
}

/// One of those who could approve says no.
pub(super) fn turned_down(run: &mut Run, by: String, reason: String, at: Millis) -> Result<Vec<Command>, Rejected> {
    let Phase::Waiting(Wait { name, .. }) = &run.phase else { return Err(Rejected::NotExpected("run.turned_down")) };
    let stage = name.clone();
    Ok(run.end(Ending::Refused { stage, refusal: Refusal::TurnedDown { by, reason } }, at))
}
