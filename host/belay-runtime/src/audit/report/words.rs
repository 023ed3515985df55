//! The words of a report.

use crate::api::ExceptionKind;

/// A number and what it counts.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

impl ExceptionKind {
    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::BreakGlass => "glass broken",
            Self::UnknownOutcome => "unknown outcome",
            Self::ResolvedOutcome => "outcome decided by a person",
            Self::DenialPassed => "denial that did not hold",
            Self::ChangedOutside => "changed outside",
            Self::WithoutApproval => "without approval",
            Self::Partial => "partial run",
            Self::SkippedCheck => "check without an answer",
            Self::SkippedResource => "resource left as it was",
            Self::ServiceLevelMissed => "service level missed",
            Self::NotDone => "not done",
            Self::TakenOver => "taken over",
            Self::Refused => "refused",
            Self::Open => "not ended",
            Self::NotRecorded => "not recorded in time",
        }
    }
}
