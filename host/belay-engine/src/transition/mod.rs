//! What follows from each event. One transition a file; each checks first and changes afterwards, so that a rejected
//! event changes nothing.

mod advance;
mod awaken;
mod checks;
mod confirmed;
mod consented;
mod decide;
mod fall_back;
mod hold;
mod intended;
mod irreversible_last;
mod locked;
mod opened;
mod pause;
mod performed;
mod person;
mod planned;
mod seen;
mod settle;
mod skip;
mod stop;
mod time_limit;
mod turn;
mod woke;

pub use confirmed::look_again_after_ms;
pub use decide::{Missing, StageDecision, decide};
pub(crate) use opened::open;

use crate::command::Command;
use crate::event::Event;
use crate::rejected::Rejected;
use crate::run::{Phase, Run};

/// Takes one event.
pub(crate) fn apply(run: &mut Run, event: Event) -> Result<Vec<Command>, Rejected> {
    if run.is_sealed() {
        return Err(Rejected::Sealed);
    }
    let at = event.at();
    let mut commands = follow(run, event)?;
    commands.extend(run.keep_time(at));
    Ok(commands)
}

fn follow(run: &mut Run, event: Event) -> Result<Vec<Command>, Rejected> {
    match event {
        Event::Opened { .. } => Err(Rejected::Opening),
        Event::Locked { stage, at } => locked::locked(run, stage, at),
        Event::LockHeld { stage, holder, at } => locked::lock_held(run, stage, holder, at),
        Event::Planned { stage, plan, finding, at } => planned::planned(run, stage, plan, finding, at),
        Event::Intended { act, step, index, attempt, operation, plan, act_by, epoch, at } => {
            let intended = crate::Act { act, step, index, attempt, operation, plan, act_by };
            intended::intended(run, intended, epoch, at)
        }
        Event::Performed { act, intent, outcome, at } => performed::performed(run, act, intent, outcome, at),
        Event::Seen { step, look, observed, at } => seen::seen(run, step, look, observed, at),
        Event::Confirmed { step, part, observed, remaining_operations, at } => {
            let found = confirmed::Found { observed, remaining: remaining_operations };
            confirmed::confirmed(run, step, part, &found, at)
        }
        Event::PersonConfirmed { step, by, at } => person::confirmed(run, step, by, at),
        Event::Resolved { step, decision, by, reason, at: _ } => person::resolved(run, step, decision, by, reason),
        Event::Measured { check, step: None, reading, at } => checks::measured(run, check, &reading, at),
        Event::Measured { check, step: Some(step), reading, at } => {
            checks::measured_on_ramp(run, step, check, &reading, at)
        }
        Event::Woke { wake, at } => woke::woke(run, wake, at),
        Event::FellBack { failed, response, at } => fall_back::fell_back(run, failed, response, at),
        Event::Reconsidered { at } => consented::reconsidered(run, at),
        Event::TurnedDown { by, reason, at } => consented::turned_down(run, by, reason, at),
        Event::AbortAsked { by, reason, at } => stop::abort_asked(run, by, reason, at),
        Event::PauseAsked { by, reason, at } => pause::pause_asked(run, by, reason, at),
        Event::ContinueAsked { by, at } => pause::continue_asked(run, &by, at),
        Event::TakenOver { epoch, by, at } => awaken::taken_over(run, epoch, by, at),
        Event::Resumed { epoch, by, at } => awaken::resumed(run, epoch, by, at),
        Event::Sealed { receipt, at: _ } => sealed(run, &receipt),
    }
}

fn sealed(run: &mut Run, receipt: &crate::Receipt) -> Result<Vec<Command>, Rejected> {
    let Phase::Ended { ending, at } = &run.phase else { return Err(Rejected::NotExpected("run.sealed")) };
    if *receipt != run.receipt() {
        return Err(Rejected::NotExpected("run.sealed"));
    }
    run.phase = Phase::Sealed { ending: ending.clone(), at: *at };
    Ok(Vec::new())
}
