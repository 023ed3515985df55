//! Where runs, stages, steps and checks stand, in a mark and a few words.

use belay_domain::check::CheckResult;
use belay_domain::people::Need;
use belay_engine::{Condition, Ending, StageDisplay, Status, StepDisplay, StepView};

use crate::render::page::{Line, Paint};

fn mark(paint: Paint, mark: &str, words: impl std::fmt::Display) -> Line {
    Line::new().painted(paint, format!("{mark} {words}"))
}

/// A run.
pub(super) fn of_run(status: &Status) -> Line {
    match status {
        Status::Working => mark(Paint::Strong, "●", "working"),
        Status::Checking => mark(Paint::Strong, "●", "restored, checks measure"),
        Status::Waiting(wait) => {
            let approvals: u32 = wait.needs.iter().map(Need::missing).sum();
            if approvals == 0 {
                return mark(Paint::Warn, "●", "waiting for the request's signature");
            }
            let plural = if approvals == 1 { "" } else { "s" };
            mark(Paint::Warn, "●", format!("waiting for {approvals} approval{plural}"))
        }
        Status::Paused(pause) if pause.reason.is_empty() => mark(Paint::Warn, "‖", format!("paused by {}", pause.by)),
        Status::Paused(pause) => mark(Paint::Warn, "‖", format!("paused by {}: {}", pause.by, pause.reason)),
        Status::Stopping => mark(Paint::Warn, "●", "stopping: what is under way ends, nothing starts"),
        Status::Halted(_) => mark(Paint::Bad, "✘", "halted"),
        Status::Ended { ending, .. } => of_ending(ending),
    }
}

fn of_ending(ending: &Ending) -> Line {
    match ending {
        Ending::Done => mark(Paint::Good, "✔", "restored"),
        Ending::NothingToDo => mark(Paint::Good, "✔", "nothing to do"),
        Ending::Partial => mark(Paint::Warn, "✔", "restored in part"),
        Ending::Failed { .. } => mark(Paint::Bad, "✘", "restored, but a check did not pass"),
        Ending::Undone { .. } => mark(Paint::Bad, "✘", "failed; what it wrote was put back"),
        Ending::Replaced { runbook, .. } => mark(Paint::Warn, "✔", format!("failed; restored by {runbook} instead")),
        Ending::Refused { .. } => mark(Paint::Bad, "✘", "refused"),
        Ending::Aborted { .. } => mark(Paint::Warn, "✘", "aborted"),
    }
}

/// A stage of a run that stands so; empty where its steps say it.
pub(super) fn of_stage(display: StageDisplay, run: &Status) -> Line {
    let rests = matches!(run, Status::Paused(_) | Status::Halted(_) | Status::Ended { .. });
    match display {
        StageDisplay::Pending => mark(Paint::Dim, "◌", "pending"),
        // It was on its way to begin when the run came to rest.
        StageDisplay::Locking | StageDisplay::Resting | StageDisplay::Planning if rests => {
            mark(Paint::Dim, "◌", "not begun")
        }
        StageDisplay::Locking => mark(Paint::Strong, "●", "locking"),
        StageDisplay::Resting => mark(Paint::Strong, "●", "resting, then planning again"),
        StageDisplay::Planning => mark(Paint::Strong, "●", "planning"),
        StageDisplay::Acting | StageDisplay::Finished => Line::new(),
        StageDisplay::Waiting => mark(Paint::Warn, "◌", "waiting"),
        StageDisplay::NothingToDo => mark(Paint::Good, "=", "nothing to do"),
    }
}

/// A step, and what else there is to say of it.
pub(super) fn of_step(step: &StepView) -> (Line, String) {
    let version = step.version.clone().unwrap_or_default();
    let unknown = |words| mark(Paint::Warn, "?", words);
    match &step.display {
        StepDisplay::LeftOut => (mark(Paint::Warn, "-", "left out"), String::new()),
        StepDisplay::Skipped { reason } => (mark(Paint::Bad, "!", "skipped"), reason.clone()),
        StepDisplay::Pending => (mark(Paint::Dim, "◌", "pending"), String::new()),
        StepDisplay::Ready => (mark(Paint::Dim, "◌", "ready"), String::new()),
        StepDisplay::Acting { attempt: 0 | 1, .. } => (mark(Paint::Strong, "●", "writing"), next_part(step)),
        StepDisplay::Acting { attempt, .. } => (mark(Paint::Strong, "●", "writing"), format!("try {attempt}")),
        StepDisplay::Settling => (unknown("unknown"), "no clear answer; settling, then observing".to_owned()),
        StepDisplay::Observing => (unknown("unknown"), "observing what is there".to_owned()),
        StepDisplay::Confirming => (mark(Paint::Strong, "●", "confirming"), version),
        StepDisplay::Holding { .. } => (mark(Paint::Strong, "◐", "holding"), part(step)),
        StepDisplay::Checking => (mark(Paint::Strong, "◐", "checking"), format!("{}, the checks measure", part(step))),
        StepDisplay::Standing => (mark(Paint::Warn, "◐", "standing"), part(step)),
        StepDisplay::AskedPerson => (mark(Paint::Warn, "☞", "by hand"), String::new()),
        StepDisplay::PlanAgain { reason } => (mark(Paint::Warn, "↻", "plan again"), reason.clone()),
        StepDisplay::Restored if step.condition == Condition::AlreadyAsDesired => {
            (mark(Paint::Good, "=", "as desired"), version)
        }
        StepDisplay::Restored => (mark(Paint::Good, "✔", "restored"), version),
        StepDisplay::DoneBy { by } => (mark(Paint::Good, "✔", "done"), format!("by {by}")),
        StepDisplay::Stuck { reason } => match &step.condition {
            Condition::Unknown { .. } => (mark(Paint::Bad, "?", "unknown"), reason.clone()),
            Condition::Restored
            | Condition::AlreadyAsDesired
            | Condition::NotTouched
            | Condition::Changed { .. }
            | Condition::OnTheWay { .. }
            | Condition::Acting { .. }
            | Condition::LeftOut
            | Condition::Skipped { .. }
            | Condition::DoneBy { .. } => (mark(Paint::Bad, "✘", "halted"), reason.clone()),
        },
    }
}

/// Where a ramp stands: `on, 25 % (2 of 4)`.
fn part(step: &StepView) -> String {
    let version = step.version.clone().unwrap_or_default();
    step.ramp
        .as_ref()
        .map_or_else(String::new, |ramp| format!("{version} ({} of {})", ramp.reached, ramp.through.len()))
}

/// Where a ramp's next write leads: `to 10 (3 of 4)`.
fn next_part(step: &StepView) -> String {
    let next = step.ramp.as_ref().and_then(|ramp| Some((ramp, ramp.through.get(ramp.reached as usize)?)));
    next.map_or_else(String::new, |(ramp, value)| {
        format!("to {value} ({} of {})", u64::from(ramp.reached) + 1, ramp.through.len())
    })
}

/// A check, and what it found.
pub(in crate::render) fn of_check(result: Option<&CheckResult>) -> (Line, String) {
    match result {
        None => (mark(Paint::Dim, "◌", "not yet"), String::new()),
        Some(CheckResult::Passed { value }) => (mark(Paint::Good, "✔", "passed"), value.clone()),
        Some(CheckResult::Failed { reason }) => (mark(Paint::Bad, "✘", "failed"), reason.clone()),
        Some(CheckResult::Inconclusive { reason }) => (mark(Paint::Warn, "?", "inconclusive"), reason.clone()),
    }
}
