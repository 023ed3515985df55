//! What holds of a ramp's plan: its parts go in order from where the resource stands to the last, divide the step's
//! operations among them, and each ends where it should.

use crate::json::Json;
use crate::operation::Change;
use crate::plan::{StepPlan, Target};
use crate::ramp::Ramp;
use crate::state::State;

use super::violation::Breach;

pub(super) fn check(step: &StepPlan, target: &Target, observed: &State, change: &Change) -> Vec<Breach> {
    let Some(ramp) = &target.ramp else {
        return if step.parts.is_empty() { Vec::new() } else { vec![Breach::OtherParts] };
    };
    if ramp.desired(ramp.last()).as_ref() != Some(&target.desired) || !goes_its_parts(ramp, step, observed, change) {
        return vec![Breach::OtherParts];
    }
    let mut content = &observed.content;
    let mut breaches = Vec::new();
    for (part, operations) in step.parts() {
        content = last_yield(change, &operations).unwrap_or(content);
        if !ramp.desired(part).is_some_and(|desired| desired.is_met_by(content)) {
            breaches.push(Breach::PartEndsElsewhere { part });
        }
    }
    breaches
}

/// From a part that the resource has not passed, without a gap, to the last.
fn goes_its_parts(ramp: &Ramp, step: &StepPlan, observed: &State, change: &Change) -> bool {
    let operations: u64 = step.parts.iter().map(|planned| u64::from(planned.operations)).sum();
    let Some(first) = step.parts.first().map(|planned| planned.part) else { return false };
    let in_order = (first..ramp.count()).eq(step.parts.iter().map(|planned| planned.part));
    operations == change.operations.len() as u64 && first >= ramp.start(&observed.content, 0) && in_order
}

fn last_yield<'plan>(change: &'plan Change, operations: &std::ops::Range<u32>) -> Option<&'plan Json> {
    let last = operations.end.checked_sub(1).filter(|last| operations.contains(last))?;
    change.operations.get(last as usize).map(|operation| &operation.yields)
}
