//! What holds of a step: its work fits it, ends where it should, and its texts can be shown.

use crate::operation::Change;
use crate::plan::{StepPlan, Subject, Target, Work};
use crate::state::{Desired, State};

use super::violation::{Breach, Violation};
use super::{MAX_LINE_BYTES, MAX_LINES, MAX_NOTE_BYTES, ramp, text};

pub(super) fn check(step: &StepPlan, found: &mut Vec<Violation>) {
    let breaches = match (&step.subject, &step.work) {
        (Subject::Resource(target), Work::Change { observed, change }) => {
            let mut breaches = of_change(target, observed, change);
            breaches.extend(ramp::check(step, target, observed, change));
            breaches
        }
        (Subject::Resource(_), Work::Blind { reason, .. }) => {
            text::check("the reason", reason, MAX_NOTE_BYTES).collect()
        }
        (Subject::Manual { .. }, Work::Person) => Vec::new(),
        (Subject::Resource(_), Work::Person) | (Subject::Manual { .. }, Work::Change { .. } | Work::Blind { .. }) => {
            vec![Breach::OtherWork]
        }
    };
    found.extend(breaches.into_iter().map(|breach| Violation::of_step(step, breach)));
}

/// Writes on a resource whose content is as wanted already are allowed: a plugin may know that more must be put right,
/// and planning again after them must come to nothing.
fn of_change(target: &Target, observed: &State, change: &Change) -> Vec<Breach> {
    let mut breaches = Vec::new();
    match change.operations.last() {
        None if !target.desired.is_met_by(&observed.content) => breaches.push(Breach::NothingPlanned),
        Some(last) if !target.desired.is_met_by(&last.yields) => breaches.push(Breach::EndsElsewhere),
        None | Some(_) => {}
    }
    breaches.extend(text::check("the version found", &observed.version, MAX_LINE_BYTES));
    if let Desired::Pinned(pin) = &target.desired {
        breaches.extend(text::check("the version wanted", &pin.state.version, MAX_LINE_BYTES));
    }
    for note in &change.notes {
        breaches.extend(text::check("a note", note, MAX_NOTE_BYTES));
    }
    for factor in &change.factors {
        breaches.extend(text::check("a risk factor", &factor.cause, MAX_LINE_BYTES));
        if factor.score > 100 {
            breaches.push(Breach::FactorTooHigh { score: factor.score });
        }
    }
    for (what, count) in [("notes", change.notes.len()), ("risk factors", change.factors.len())] {
        if count > MAX_LINES {
            breaches.push(Breach::TooMany { what, count, most: MAX_LINES });
        }
    }
    breaches
}
