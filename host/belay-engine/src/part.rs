//! The parts of a ramp and what became of each, as receipts tell it. Never decides: transitions do.

use belay_domain::id::Millis;
use belay_domain::json::Json;
use serde::{Deserialize, Serialize};

/// One part of a ramp and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PartRecord {
    /// The value that it sets.
    pub value: Json,
    /// The resource was there or beyond when the stage was planned, by somebody else's doing: it is neither set nor held.
    pub passed_over: bool,
    /// When it was found in place after this run's writes. Its hold counts from here.
    pub reached_at: Option<Millis>,
    /// When its hold was over, its checks had passed, and the way to the next part was free. The last is never left.
    pub left_at: Option<Millis>,
    /// Who said that it need not be held any longer.
    pub cut_short_by: Option<String>,
}

impl PartRecord {
    pub(crate) const fn new(value: Json) -> Self {
        Self { value, passed_over: false, reached_at: None, left_at: None, cut_short_by: None }
    }

    /// It was moved away from: whatever was true of it is to be established again.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.value.clone());
    }

    /// How many parts a resource has behind it, the one where it stands included.
    pub(crate) fn reached(parts: &[Self]) -> usize {
        let behind = parts.iter().rposition(|part| part.passed_over || part.reached_at.is_some());
        behind.map_or(0, |place| place + 1)
    }

    /// The place of the part that is reached and not left.
    pub(crate) fn standing(parts: &[Self]) -> Option<usize> {
        parts
            .iter()
            .rposition(|part| part.reached_at.is_some())
            .filter(|place| parts.get(*place).is_some_and(|part| part.left_at.is_none()))
    }

    /// The place of the first part that is not left behind: where a new plan of the way may begin. At the most the last,
    /// which is what is wanted.
    pub(crate) fn next(parts: &[Self]) -> usize {
        let left = parts.iter().rposition(|part| part.left_at.is_some()).map_or(0, |place| place + 1);
        left.max(Self::standing(parts).unwrap_or(0)).min(parts.len().saturating_sub(1))
    }
}
