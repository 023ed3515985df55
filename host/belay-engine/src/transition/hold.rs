//! A part of a ramp is reached: it is held, the checks measure, the resource is observed once more, and the next part
//! begins. A hold counts by recorded moments, so that no restart makes it longer or shorter. Nothing is written here
//! that was not planned and judged with the whole way.

use belay_domain::check::CheckResult;
use belay_domain::id::{Millis, StepId};
use belay_domain::plan::StepPlan;
use belay_domain::state::State;

use crate::answer::Observed;
use crate::command::Command;
use crate::outlook::Halt;
use crate::run::{CheckRun, CheckStatus, Phase, Run};
use crate::step::{Confirming, HoldPhase, StepStatus, Stuck, Waited};

impl Run {
    /// A part of the ramp is in place: its hold begins.
    pub(super) fn reach(&mut self, id: StepId, part: u32, at: Millis) -> Vec<Command> {
        let Some(step) = self.step_mut(id) else { return Vec::new() };
        // What went before went well: a long way may need more than one new plan.
        step.replans = 0;
        if let Some(record) = step.part_mut(part) {
            record.reached_at = Some(at);
        }
        self.hold(id, part, at)
    }

    /// Holds a part for what is left of its time.
    fn hold(&mut self, id: StepId, part: u32, at: Millis) -> Vec<Command> {
        if !self.may_begin() {
            return self.rest_on_part(id);
        }
        let hold_ms = self.ramp(id).map_or(0, |ramp| ramp.hold_ms);
        let record = self.step(id).and_then(|step| step.parts.get(part as usize));
        let held_ms = record.and_then(|record| record.reached_at).map_or(0, |reached| at.since(reached));
        let left_ms = hold_ms.saturating_sub(held_ms);
        if record.is_some_and(|record| record.cut_short_by.is_some()) {
            return self.leave(id);
        }
        if left_ms == 0 {
            return self.check_part(id, at);
        }
        let (wake, command) = self.wait(at, left_ms);
        self.set(id, StepStatus::Holding(HoldPhase::Waiting { wake, until: at.plus(left_ms) }));
        vec![command]
    }

    fn rest_on_part(&mut self, id: StepId) -> Vec<Command> {
        self.set(id, StepStatus::Holding(HoldPhase::Resting));
        Vec::new()
    }

    /// The time of a hold is over: the checks measure, where the ramp wants them to.
    pub(super) fn check_part(&mut self, id: StepId, at: Millis) -> Vec<Command> {
        if !self.may_begin() {
            return self.rest_on_part(id);
        }
        let places = self.spec.checks_of(id.stage);
        if places.is_empty() || !self.ramp(id).is_some_and(|ramp| ramp.checks) {
            return self.leave(id);
        }
        let check = |place: u32| {
            let begun = CheckRun::begin(at);
            if places.contains(&place) { begun } else { CheckRun { status: CheckStatus::NotMade, ..begun } }
        };
        self.set(id, StepStatus::Holding(HoldPhase::Checking((0..places.end).map(check).collect())));
        places.map(|check| Command::Measure { check, step: Some(id) }).collect()
    }

    /// Nobody knows what happened while it was held: it is observed before anything rests on it.
    pub(super) fn leave(&mut self, id: StepId) -> Vec<Command> {
        if !self.may_begin() {
            return self.rest_on_part(id);
        }
        let part = self.step(id).and_then(|step| step.standing());
        self.set(id, StepStatus::Holding(HoldPhase::Leaving));
        vec![Command::Confirm { step: id, part }]
    }

    /// It was observed: the next part begins where nothing moved, otherwise the rest of the way is planned again.
    pub(super) fn seen_after_hold(
        &mut self,
        id: StepId,
        part: u32,
        observed: &Observed,
        remaining: u32,
        at: Millis,
    ) -> Vec<Command> {
        if !self.may_begin() {
            return self.rest_on_part(id);
        }
        let state = match observed {
            Observed::State(state) => state,
            Observed::Failed(reason) => {
                self.plan_again(id, format!("after it was held it can't be observed: {reason}"));
                return Vec::new();
            }
        };
        let next = self.permit(id).and_then(|permit| permit.after_part(id, part)).unwrap_or(u32::MAX);
        let as_planned = remaining == 0 && self.is_unmoved(id, next, state);
        let behind = self.ramp(id).is_some_and(|ramp| ramp.passed(&state.content) > part);
        self.note_found(id, observed);
        if let Some(record) = self.step_mut(id).and_then(|step| step.part_mut(part)) {
            if behind {
                record.left_at = Some(at);
            } else {
                record.forget();
            }
        }
        if behind && as_planned {
            return self.begin_act(id, next, at);
        }
        self.plan_again(id, format!("somebody else moved it while it was held: it is {}", state.version));
        Vec::new()
    }

    /// Whether a resource is as the plan expects it before an operation, and nobody touched it since it was seen last.
    fn is_unmoved(&self, id: StepId, next: u32, state: &State) -> bool {
        let found = self.step(id).and_then(|step| step.found.as_ref());
        let expected = self.permit(id).and_then(|permit| permit.chain(id, next).get(next as usize).copied());
        expected == Some(&state.content) && found.is_some_and(|found| found.revision == state.revision)
    }

    /// What a ramp's step does once its plan is permitted: it goes on with a hold, or begins its next part.
    pub(super) fn permit_ramp(&mut self, planned: &StepPlan, observed: &State, at: Millis) -> Vec<Command> {
        let id = planned.id;
        let first = planned.parts().find(|(_, own)| !own.is_empty()).map_or(u32::MAX, |(part, _)| part);
        let standing = self.step(id).and_then(|step| step.standing());
        if let Some(part) = standing.filter(|part| part.checked_add(1) == Some(first)) {
            return self.hold(id, part, at);
        }
        self.note_passed(id, first, at);
        // Where the run's own write may have brought it there, it was never held there.
        let written = self.step(id).and_then(|step| step.last_effect()?.part);
        let unheld = written.filter(|part| part.checked_add(1) == Some(first) && !self.is_left(id, *part));
        match unheld.filter(|part| self.is_at(id, *part, observed)) {
            Some(part) => {
                self.set(
                    id,
                    StepStatus::Confirming(Confirming { waited: Waited::from(at), wake: None, part: Some(part) }),
                );
                vec![Command::Confirm { step: id, part: Some(part) }]
            }
            None => {
                self.set(id, StepStatus::Ready);
                Vec::new()
            }
        }
    }

    fn is_left(&self, id: StepId, part: u32) -> bool {
        let record = self.step(id).and_then(|step| step.parts.get(part as usize));
        record.is_some_and(|record| record.left_at.is_some())
    }

    fn is_at(&self, id: StepId, part: u32, observed: &State) -> bool {
        let desired = self.ramp(id).and_then(|ramp| ramp.desired(part));
        desired.is_some_and(|desired| desired.is_met_by(&observed.content))
    }

    /// What a new plan says of the parts: those before its first are behind, the others are to be reached.
    pub(super) fn note_passed(&mut self, id: StepId, first: u32, at: Millis) {
        let written = self.step(id).and_then(|step| step.last_effect()?.part);
        let Some(step) = self.step_mut(id) else { return };
        let last = u32::try_from(step.parts.len()).unwrap_or(u32::MAX).saturating_sub(1);
        for (part, record) in (0..).zip(&mut step.parts) {
            match (part < first, record.reached_at) {
                (true, Some(_)) if part == last => {}
                (true, Some(_)) => record.left_at = record.left_at.or(Some(at)),
                (true, None) => record.passed_over = written != Some(part),
                (false, _) => record.forget(),
            }
        }
    }

    /// A person wants the parts that are held now not to be held any longer. Whether there was one.
    pub(super) fn cut_holds_short(&mut self, by: &str) -> Option<Vec<Command>> {
        let steps = self.stage().map_or(&[] as &[_], |stage| &stage.steps);
        let standing: Vec<_> = steps.iter().filter_map(|step| Some((step.id, step.standing()?))).collect();
        if standing.is_empty() {
            return None;
        }
        let mut commands = Vec::new();
        for (id, part) in standing {
            let Some(step) = self.step_mut(id) else { continue };
            let leaves = matches!(step.status, StepStatus::Holding(HoldPhase::Waiting { .. } | HoldPhase::Checking(_)));
            if let Some(record) = step.part_mut(part) {
                record.cut_short_by.get_or_insert_with(|| by.to_owned());
            }
            if leaves {
                commands.extend(self.leave(id));
            }
        }
        Some(commands)
    }

    /// A check ended while a part was held: the ramp goes on once all have passed, and stops where one has not.
    pub(super) fn part_checked(&mut self, id: StepId, index: u32, result: CheckResult) -> Vec<Command> {
        let part = self.step(id).and_then(|step| step.standing()).unwrap_or(0);
        if !matches!(result, CheckResult::Passed { .. }) {
            let check = self.check(index);
            let check = check.map(|check| format!("{} {} {}", check.probe, check.measurement, check.must));
            let halt = Halt::CheckFailed { step: id, part, check: check.unwrap_or_default(), result };
            self.stick(id, Stuck::Known(halt));
            return Vec::new();
        }
        let open = self.part_checks(id).is_some_and(|checks| {
            checks.iter().any(|check| !matches!(check.status, CheckStatus::Ended(_) | CheckStatus::NotMade))
        });
        if open { Vec::new() } else { self.leave(id) }
    }

    /// The checks that measure while a step's part is held.
    pub(super) fn part_checks(&mut self, id: StepId) -> Option<&mut Vec<CheckRun>> {
        let status = &mut self.step_mut(id)?.status;
        if let StepStatus::Holding(HoldPhase::Checking(checks)) = status { Some(checks) } else { None }
    }

    /// Whether new plans may be made: the run works, or will when it goes on after a pause.
    pub(super) const fn may_plan_again(&self) -> bool {
        matches!(self.phase, Phase::Working | Phase::Stopping(crate::run::Stop::Pause(_)))
    }
}
