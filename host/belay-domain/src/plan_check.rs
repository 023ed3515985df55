//! The independent plan checker: it examines every plan, whatever plugin proposed it. Never performs, repairs or
//! weighs one.

mod http;
mod identity;
mod keyvalue;
mod object;
mod ramp;
mod rules;
mod step;
#[cfg(test)]
mod tests;
mod text;
mod violation;

use std::collections::{BTreeMap, BTreeSet};

use crate::connection::ConnectionRules;
use crate::examined::Examined;
use crate::id::{ConnectionName, ResourceName, StepId};
use crate::json::NotCanonical;
use crate::plan::StagePlan;

use identity::Owners;
pub use text::misleads;
pub use violation::{Breach, Violation};

/// The most operations in a stage.
pub const MAX_OPERATIONS: usize = 1_000;
/// The most bytes in one body or object.
pub const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
/// The most bytes in a summary, a version or a risk factor's cause.
pub const MAX_LINE_BYTES: usize = 300;
/// The most bytes in a note or a reason.
pub const MAX_NOTE_BYTES: usize = 1_000;
/// The most notes, and the most risk factors, in a change.
pub const MAX_LINES: usize = 50;

/// Holds a plan against the rules, and says how the host sees each of its operations; or all the ways in which the
/// plan breaks them, in the plan's order.
pub fn examine(
    plan: &StagePlan,
    connections: &BTreeMap<ConnectionName, ConnectionRules>,
) -> Result<Examined, Vec<Violation>> {
    let mut found = Vec::new();
    let digest = plan.digest().map_err(|NotCanonical { .. }| ());
    if digest.is_err() {
        found.push(Violation::of_stage(plan, Breach::NotCanonical));
    }
    whole(plan, &mut found);
    let mut owners = Owners::default();
    let mut operations = Vec::new();
    for step in &plan.steps {
        step::check(step, &mut found);
    }
    for planned in plan.operations() {
        match rules::apply(&planned, connections) {
            Ok((written, examined)) => {
                if let Some(other) = owners.claim(&written, planned.step, &planned.target.resource) {
                    found
                        .push(Violation::of_operation(&planned, Breach::SameObject { object: examined.object, other }));
                } else {
                    operations.push(examined);
                }
            }
            Err(breaches) => {
                found.extend(breaches.into_iter().map(|breach| Violation::of_operation(&planned, breach)));
            }
        }
    }
    match digest {
        Ok(plan) if found.is_empty() => Ok(Examined { plan, operations }),
        Ok(_) | Err(()) => Err(found),
    }
}

/// What holds of a stage as a whole.
fn whole(plan: &StagePlan, found: &mut Vec<Violation>) {
    let count = plan.operations().count();
    if count > MAX_OPERATIONS {
        found.push(Violation::of_stage(plan, Breach::TooManyOperations { count, most: MAX_OPERATIONS }));
    }
    let mut ids: BTreeSet<StepId> = BTreeSet::new();
    let mut resources: BTreeSet<&ResourceName> = BTreeSet::new();
    for step in &plan.steps {
        if step.id.stage != plan.index {
            found.push(Violation::of_step(step, Breach::OtherStage { stage: step.id.stage, index: plan.index }));
        }
        if !ids.insert(step.id) {
            found.push(Violation::of_step(step, Breach::SameStep { step: step.id.step }));
        }
        if step.subject.target().is_some_and(|target| !resources.insert(&target.resource)) {
            found.push(Violation::of_step(step, Breach::SameResource));
        }
    }
}
