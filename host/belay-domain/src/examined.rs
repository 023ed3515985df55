//! What the plan checker found of a plan that it let pass: each operation as the host sees it, whatever was declared.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::StepId;
use crate::operation::Reversibility;

/// A plan that was examined and found to keep the rules.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Examined {
    /// The plan.
    pub plan: Digest,
    /// Its operations, in the plan's order.
    pub operations: Vec<ExaminedOperation>,
}

/// One operation as the host sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExaminedOperation {
    /// Its step.
    pub step: StepId,
    /// Its place in the step, from 0.
    pub index: u32,
    /// The digest of the operation.
    pub digest: Digest,
    /// What it writes: connection and path, or key, and what its body names.
    pub object: String,
    /// The worse of what the plugin declared and what the connection's list allows at best.
    pub reversibility: Reversibility,
    /// The larger of what the plugin declared and what the host counted.
    pub touches: u64,
    /// Performing it again does no more harm: repeating is harmless, or the system itself guards it.
    pub repeat_is_safe: bool,
    /// Only the host guards it, or nobody does: a change in between may be overwritten.
    pub unguarded_by_system: bool,
    /// How long a lost write may still take to land, in milliseconds.
    pub settle_ms: u64,
}

impl Examined {
    /// The worst reversibility; none where nothing is written.
    pub fn worst(&self) -> Option<Reversibility> {
        self.operations.iter().map(|operation| operation.reversibility).max()
    }

    /// Everything touched.
    pub fn touches(&self) -> u64 {
        self.operations.iter().fold(0, |sum, operation| sum.saturating_add(operation.touches))
    }
}
