//! A resource was observed and planned again after its last operation: it is restored, or not yet, or not.

use belay_domain::id::{Millis, StepId};
use belay_domain::state::Desired;

use crate::answer::Observed;
use crate::command::Command;
use crate::outlook::Halt;
use crate::rejected::Rejected;
use crate::run::Run;
use crate::step::{Confirming, HoldPhase, StepStatus, Stuck, Waited};

const SHORTEST_PAUSE_MS: u64 = 50;
const LONGEST_PAUSE_MS: u64 = 1_000;

/// The pause before a resource is looked at again, in milliseconds: an eighth of the time that was waited until then, from 50
/// to 1,000. So it is found restored at most an eighth later than it was, and a slow one is not asked all the time.
pub fn look_again_after_ms(waited_ms: u64) -> u64 {
    (waited_ms / 8).clamp(SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS)
}

/// What was found: the state, and how many operations the plugin would still propose.
pub(super) struct Found {
    pub(super) observed: Observed,
    pub(super) remaining: u32,
}

pub(super) fn confirmed(
    run: &mut Run,
    id: StepId,
    part: Option<u32>,
    found: &Found,
    at: Millis,
) -> Result<Vec<Command>, Rejected> {
    let step = run.step(id).ok_or(Rejected::UnknownStep(id))?;
    let held = step.standing().filter(|standing| part == Some(*standing));
    let mut commands = if let StepStatus::Confirming(Confirming { waited, wake: None, part: asked }) = step.status
        && asked == part
    {
        run.confirm(id, part, found, waited, at)
    } else if let (StepStatus::Holding(HoldPhase::Leaving), Some(part)) = (&step.status, held) {
        run.seen_after_hold(id, part, &found.observed, found.remaining, at)
    } else {
        return Err(Rejected::NotExpected("step.confirmed"));
    };
    commands.extend(run.advance(at));
    Ok(commands)
}

impl Run {
    fn confirm(&mut self, id: StepId, part: Option<u32>, found: &Found, waited: Waited, at: Millis) -> Vec<Command> {
        self.note_found(id, &found.observed);
        let met = match &found.observed {
            Observed::State(state) => self.wanted(id, part).is_some_and(|desired| desired.is_met_by(&state.content)),
            Observed::Failed(_) => false,
        };
        let patience_ms = self.patience_ms(id, &found.observed);
        let last = self.ramp(id).map(|ramp| ramp.last());
        match part.filter(|part| Some(*part) != last) {
            Some(part) if met && found.remaining == 0 => self.reach(id, part, at),
            None if met && found.remaining == 0 => {
                self.restore(id, part, at);
                Vec::new()
            }
            Some(_) | None if waited.ms < patience_ms => self.confirm_later(id, part, waited, at),
            Some(_) | None => {
                self.not_restored(id, &found.observed, met, found.remaining);
                Vec::new()
            }
        }
    }

    /// How long after the first observation the last may begin. A state that is not as desired is somebody's doing once a
    /// late write would have landed; what can't be observed, or is not served yet, says nothing of the kind.
    fn patience_ms(&self, id: StepId, observed: &Observed) -> u64 {
        self.step_spec(id).map_or(0, |spec| match observed {
            Observed::State(_) => spec.settle_ms,
            Observed::Failed(_) => spec.settle_ms.max(spec.confirm_within_ms),
        })
    }

    /// What a step wants, or a part of its ramp.
    fn wanted(&self, id: StepId, part: Option<u32>) -> Option<Desired> {
        let target = self.target(id)?;
        match part {
            Some(part) => target.ramp.as_ref()?.desired(part),
            None => Some(target.desired.clone()),
        }
    }

    fn confirm_later(&mut self, id: StepId, part: Option<u32>, waited: Waited, at: Millis) -> Vec<Command> {
        let pause_ms = look_again_after_ms(waited.until(at));
        let (wake, command) = self.wait(at, pause_ms);
        let waited = waited.and_paused(at, pause_ms);
        self.set(id, StepStatus::Confirming(Confirming { waited, wake: Some(wake), part }));
        vec![command]
    }

    fn restore(&mut self, id: StepId, part: Option<u32>, at: Millis) {
        if let Some(step) = self.step_mut(id) {
            if let Some(record) = part.and_then(|part| step.part_mut(part)) {
                record.reached_at = Some(at);
            }
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
            Observed::State(state) if self.may_plan_again() => {
                return self.plan_again(id, format!("after its last operation it was {}", state.version));
            }
            Observed::State(state) => format!("after its last operation it was {}", state.version),
        };
        self.stick(id, Stuck::Known(Halt::NotRestored { step: id, reason }));
    }
}
