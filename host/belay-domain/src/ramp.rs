//! Ramps: one attribute taken through several values, each held for a while before the next. Plans as values; when a
//! part is reached, held or left is the business of others.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::operation::{Change, Loss, RiskFactor};
use crate::plan::StepPlan;
use crate::state::Desired;

#[cfg(test)]
mod tests;

/// A gradual step: what is wanted is reached by parts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ramp {
    /// The attribute that is set.
    pub attribute: String,
    /// Its values in order, one for each part. The last is what the step wants.
    pub through: Vec<Json>,
    /// How long each part but the last is held at the least, in milliseconds.
    pub hold_ms: u64,
    /// Whether the run's checks must pass after each hold before the next part begins.
    pub checks: bool,
}

/// A part of a ramp that a plan still goes, and how many of the step's operations are its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlannedPart {
    /// Its place in [`Ramp::through`].
    pub part: u32,
    /// Its operations follow those of the parts before it.
    pub operations: u32,
}

impl Ramp {
    /// How many parts there are.
    pub fn count(&self) -> u32 {
        u32::try_from(self.through.len()).unwrap_or(u32::MAX)
    }

    /// The place of the last part: the only one that is not held.
    pub fn last(&self) -> u32 {
        self.count().saturating_sub(1)
    }

    /// What a part wants; none where there is no such part.
    pub fn desired(&self, part: u32) -> Option<Desired> {
        self.through.get(part as usize).map(|value| self.wanting(value))
    }

    /// What the parts from this one on want, in order.
    pub fn path_from(&self, part: u32) -> Vec<Desired> {
        self.through.iter().skip(part as usize).map(|value| self.wanting(value)).collect()
    }

    fn wanting(&self, value: &Json) -> Desired {
        let attributes = BTreeMap::from([(self.attribute.as_str(), value)]);
        // A value that is canonical stays so one level deeper; beyond the deepest level nothing can meet it.
        Desired::Attributes(Json::from(&attributes).unwrap_or(Json::NULL))
    }

    /// The first part that is still to be gone from a content, and not before `from`; the last where all are behind,
    /// for what is wanted is planned in any case.
    pub fn start(&self, content: &Json, from: u32) -> u32 {
        self.passed(content).max(from).min(self.last())
    }

    /// How many parts a content has behind it: those up to the last whose value it has. Where the values are whole
    /// numbers that only fall, or only rise, also those that it has passed: a resource at 30 on its way through 50, 25
    /// and 0 must not go up to 50 again. The last part is behind only where its value is there.
    pub fn passed(&self, content: &Json) -> u32 {
        let Some(found) = content.value().get(&self.attribute) else { return 0 };
        let equal = self.through.iter().rposition(|value| value.value() == found).map_or(0, |place| place + 1);
        let beyond = found.as_i64().map_or(0, |found| self.beyond(found)).min(self.through.len().saturating_sub(1));
        u32::try_from(equal.max(beyond)).unwrap_or(u32::MAX)
    }

    fn beyond(&self, found: i64) -> usize {
        let Some(values) = self.through.iter().map(|value| value.value().as_i64()).collect::<Option<Vec<_>>>() else {
            return 0;
        };
        let leading = |passed: fn(i64, i64) -> bool| values.iter().take_while(|value| passed(found, **value)).count();
        // A single value has no direction: only who is there has passed it.
        match (values.len() > 1, values.is_sorted(), values.is_sorted_by(|a, b| a >= b)) {
            (true, true, false) => leading(|found, value| found >= value),
            (true, false, true) => leading(|found, value| found <= value),
            (true, true, true) | (true, false, false) | (false, _, _) => 0,
        }
    }
}

/// The changes of a path as the one change of its step, and which operations belong to which part: the first change
/// belongs to the part `from`.
pub fn joined(from: u32, changes: Vec<Change>) -> (Change, Vec<PlannedPart>) {
    let mut whole = Change { operations: Vec::new(), factors: Vec::new(), loss: None, notes: Vec::new() };
    let mut parts = Vec::with_capacity(changes.len());
    for (part, change) in (from..).zip(changes) {
        let operations = u32::try_from(change.operations.len()).unwrap_or(u32::MAX);
        parts.push(PlannedPart { part, operations });
        whole.loss = sum(whole.loss, change.loss);
        change.factors.into_iter().for_each(|factor| add_factor(&mut whole.factors, factor));
        change.notes.into_iter().for_each(|note| add_note(&mut whole.notes, note));
        whole.operations.extend(change.operations);
    }
    (whole, parts)
}

fn add_note(notes: &mut Vec<String>, note: String) {
    if !notes.contains(&note) {
        notes.push(note);
    }
}

/// Each part gives the same reason for the same risk: it counts once, at its highest.
fn add_factor(factors: &mut Vec<RiskFactor>, factor: RiskFactor) {
    match factors.iter_mut().find(|known| known.cause == factor.cause) {
        Some(known) => known.score = known.score.max(factor.score),
        None => factors.push(factor),
    }
}

/// Each change starts where the one before ends, so what they set aside adds up.
fn sum(one: Option<Loss>, other: Option<Loss>) -> Option<Loss> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other) };
    Some(Loss {
        since: one.since.min(other.since),
        changes: one.changes.saturating_add(other.changes),
        rows: one.rows.zip(other.rows).map(|(one, other)| one.saturating_add(other)),
    })
}

impl StepPlan {
    /// Each part that the plan goes, with the places of its operations in the step.
    pub fn parts(&self) -> impl Iterator<Item = (u32, Range<u32>)> {
        self.parts.iter().scan(0_u32, |next, planned| {
            let start = *next;
            *next = start.saturating_add(planned.operations);
            Some((planned.part, start..*next))
        })
    }

    /// The part to which an operation belongs, with the places of all its operations; none where the step has no ramp.
    pub fn part_of(&self, index: u32) -> Option<(u32, Range<u32>)> {
        self.parts().find(|(_, operations)| operations.contains(&index))
    }
}
