//! What became of an operation whose outcome is unknown, from what was seen before and after `settle`. A pure
//! function; never assumes what was not seen.

use belay_domain::json::Json;

use crate::answer::{Look, Observed};

/// What is known when `settle` has passed.
pub(super) struct Scene<'run> {
    /// The contents before the step's first operation, after it, after the second, and so on.
    pub(super) chain: Vec<&'run Json>,
    /// The revision from which the step was planned.
    pub(super) planned_from: Option<&'run Json>,
    /// The operation's place.
    pub(super) index: usize,
    /// Performing it again does no more harm.
    pub(super) repeat_is_safe: bool,
    /// What the first look observed, if it could.
    pub(super) first: Option<&'run Json>,
}

/// What follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// The resource has the content that the operation at this place yields.
    Applied { through: usize, evidence: &'static str },
    /// Nothing moved since the plan.
    NotApplied { evidence: &'static str },
    /// As before the operation, and nothing moved throughout `settle`; whether it was there and gone nobody can tell.
    AsBefore { reason: &'static str },
    /// Somebody else moved the resource; planning from what is there is harmless.
    PlanAgain { reason: &'static str },
    /// Nothing can be said yet: `settle` is to be waited out once more.
    LookAgain { reason: String },
    /// Only a person can tell.
    Undecided { reason: &'static str },
}

impl Scene<'_> {
    /// Reads the second look.
    pub(super) fn judge(&self, look: Look, observed: &Observed) -> Verdict {
        if look == Look::HoldsOperationsBytes {
            return Verdict::Applied { through: self.index, evidence: "what it writes is there" };
        }
        let state = match observed {
            Observed::State(state) => state,
            Observed::Failed(reason) => return Verdict::LookAgain { reason: reason.clone() },
        };
        let before = self.chain.get(self.index).copied();
        if before == Some(&state.content) {
            return self.as_before(&state.revision);
        }
        let later = self.chain.iter().skip(self.index + 1).position(|content| **content == state.content);
        match later {
            Some(offset) => {
                Verdict::Applied { through: self.index + offset, evidence: "the content is what it yields" }
            }
            None if self.repeat_is_safe => {
                Verdict::PlanAgain { reason: "the content is neither as before nor as after: somebody else moved it" }
            }
            None => Verdict::Undecided {
                reason: "the content is neither as before nor as after, and doing it again may do harm",
            },
        }
    }

    fn as_before(&self, revision: &Json) -> Verdict {
        let yields_the_same = self.chain.get(self.index + 1) == self.chain.get(self.index);
        if self.first != Some(revision) {
            return Verdict::LookAgain { reason: "the resource moved while its outcome was settled".to_owned() };
        }
        if !self.repeat_is_safe {
            return Verdict::Undecided { reason: "the content is as before, but doing it again may do harm" };
        }
        if self.index == 0 && self.planned_from != Some(revision) {
            return Verdict::PlanAgain {
                reason: "the content is as before, but the resource moved since it was planned",
            };
        }
        if self.index == 0 && !yields_the_same {
            return Verdict::NotApplied { evidence: "the resource has not moved since it was planned" };
        }
        Verdict::AsBefore { reason: "the content is as before, and doing it again is harmless" }
    }
}
