//! A resource was observed and planned again after its last operation: it is restored, or not yet, or not.

use belay_domain::id::{Millis, StepId};

use crate::answer::Observed;
use crate::command::Command;
use crate::outlook::Halt;
use crate::rejected::Rejected;
use crate::run::{Phase, Run};
use crate::step::{Confirming, StepStatus, Stuck};

/// The pause between two observations: a quarter of `settle` within these, in milliseconds.
const SHORTEST_PAUSE_MS: u64 = 50;
const LONGEST_PAUSE_MS: u64 = 1_000;

pub(super) fn confirmed(
    run: &mut Run,
    id: StepId,
    observed: Observed,
    remaining: u32,
    at: Millis,
) -> Result<Vec<Command>, Rejected> {
    let step = run.step(id).ok_or(Rejected::UnknownStep(id))?;
    let StepStatus::Confirming(Confirming { waited_ms, wake: None }) = step.status else {
        return Err(Rejected::NotExpected("step.confirmed"));
    };
    run.note_found(id, &observed);
    let desired = run.target(id).map(|target| &target.desired);
    let met = match &observed {
        Observed::State(state) => desired.is_some_and(|desired| desired.is_met_by(&state.content)),
        Observed::Failed(_) => false,
    };
    let settle_ms = run.spec.step(id).map_or(0, |spec| spec.settle_ms);
    let mut commands = if met && remaining == 0 {
        run.restore(id, at);
        Vec::new()
    } else if waited_ms < settle_ms {
        let pause_ms = (settle_ms / 4).clamp(SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS);
        let (wake, command) = run.wait(at, pause_ms);
        run.set(id, StepStatus::Confirming(Confirming { waited_ms: waited_ms + pause_ms, wake: Some(wake) }));
        vec![command]
    } else {
        run.not_restored(id, &observed, met, remaining);
        Vec::new()
    };
    commands.extend(run.advance(at));
    Ok(commands)
}

impl Run {
    fn restore(&mut self, id: StepId, at: Millis) {
        if let Some(step) = self.step_mut(id) {
            step.status = StepStatus::Restored;
            step.ended = Some(at);
        }
    }

    fn not_restored(&mut self, id: StepId, observed: &Observed, met: bool, remaining: u32) {
        let reason = match observed {
            Observed::Failed(reason) => format!("after its last operation it can't be observed: {reason}"),
            Observed::State(state) if met => {
                format!("it is as desired ({}), but its plugin proposes more writes: {remaining}", state.version)
            }
            Observed::State(state) if remaining == 0 => {
                format!("its plugin would write nothing more, but {} is not as desired", state.version)
            }
            // Both say that it is not as desired: somebody else moved it.
            Observed::State(state) if self.phase == Phase::Working => {
                return self.plan_again(id, format!("after its last operation it was {}", state.version));
            }
            Observed::State(state) => format!("after its last operation it was {}", state.version),
        };
        self.stick(id, Stuck::Known(Halt::NotRestored { step: id, reason }));
    }
}
