//! The words of a report, for people who don't work with belay.

use belay_ledger::{Entry, Failure, FailureKind};

use super::runs::text;
use crate::api::ExceptionKind;
use crate::audit::csv::time;

/// What could not be recorded when it happened, and when that was.
pub(super) fn not_recorded(entry: &Entry) -> String {
    let failures = entry.body.value().get("failures").and_then(|failures| failures.as_array());
    let told = failures.into_iter().flatten().map(|failure| {
        serde_json::from_value(failure.clone())
            .map_or_else(|_| failure.to_string(), |failure: Failure| failed(&failure))
    });
    told.collect::<Vec<_>>().join("; ")
}

fn failed(failure: &Failure) -> String {
    let Failure { at, kind, cause, process } = failure;
    let what = match kind {
        FailureKind::Refused => "refused what it was asked, since the disk was full",
        FailureKind::ReserveGivenUp => "gave up the space that is kept for a full disk, so that a run could end",
        FailureKind::Stopped => "ended at once, since a write of its record failed and nobody knew what the disk held",
    };
    format!("at {} a belay (process {process}) {what}: {cause}", time(*at))
}

/// Who took a run from whom, and why.
pub(super) fn taken_over(entry: &Entry, from: &str) -> String {
    let why = entry.reason.as_deref().unwrap_or("no reason was given");
    format!("{} took the run from the process that {from} had begun or resumed: {why}", text(entry, "/by"))
}

impl ExceptionKind {
    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::BreakGlass => "break-glass",
            Self::UnknownOutcome => "unknown outcome",
            Self::ResolvedOutcome => "outcome decided by a person",
            Self::DenialPassed => "denied, and written all the same",
            Self::ChangedOutside => "changed outside belay",
            Self::WithoutApproval => "written without approval",
            Self::Partial => "partial run",
            Self::SkippedCheck => "check without an answer",
            Self::SkippedResource => "resource left as it was",
            Self::ServiceLevelMissed => "service level missed",
            Self::NotDone => "not done",
            Self::TakenOver => "run taken over",
            Self::Refused => "request refused",
            Self::Open => "run not ended",
            Self::NotRecorded => "not recorded in time",
        }
    }
}
