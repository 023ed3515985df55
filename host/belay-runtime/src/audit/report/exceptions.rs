//! Everything out of the ordinary. Calls nothing an exception by opinion: each has an entry that shows it.

use belay_domain::check::CheckResult;
use belay_engine::{Condition, Receipt};
use belay_ledger::{Entry, Ledger, kind};

use super::denials;
use super::runs::{Told, text};
use crate::api::{ExceptionKind, ExceptionRow};
use crate::log_line;

const REFUSED: &str = "request.refused";
const CHANGED_OUTSIDE: &str = "resource.changed_outside";

/// Whether an entry of a kind is one by itself, whatever run it names.
pub(super) fn stands_alone(kind: &str) -> bool {
    matches!(kind, REFUSED | CHANGED_OUTSIDE | kind::RECOVERED)
}

/// Those that need no run to be told.
pub(super) fn alone(entries: &[Entry]) -> Vec<ExceptionRow> {
    let told = entries.iter().filter_map(|entry| {
        let kind = match entry.kind.as_str() {
            REFUSED => ExceptionKind::Refused,
            CHANGED_OUTSIDE => ExceptionKind::ChangedOutside,
            kind::RECOVERED => ExceptionKind::NotRecorded,
            _ => return None,
        };
        Some(row(kind, entry, log_line::summary(entry)))
    });
    told.collect()
}

/// Those of a run.
pub(super) fn of_run(store: &Ledger, told: &Told) -> Vec<ExceptionRow> {
    let mut rows: Vec<_> = told.entries.iter().filter_map(of_entry).collect();
    rows.extend(
        denials::passed(store, told).into_iter().map(|(entry, what)| row(ExceptionKind::DenialPassed, entry, what)),
    );
    let of_kind = |kind: &'static str| told.of_kind(kind).next();
    let applied = told.of_kind("outcome").find(|entry| text(entry, "/outcome/kind") == "applied");
    if let Some(entry) = applied
        && told.row.approvers.is_empty()
        && of_kind("break_glass").is_none()
    {
        let risk = told.row.risk.map(|risk| format!(" {risk}")).unwrap_or_default();
        rows.push(row(ExceptionKind::WithoutApproval, entry, format!("its risk{risk} asked for none")));
    }
    match of_kind("run.sealed") {
        Some(sealed) => rows.extend(ended(sealed, told)),
        None => {
            rows.extend(of_kind("run.opened").map(|entry| row(ExceptionKind::Open, entry, "not sealed".to_owned())))
        }
    }
    rows
}

fn of_entry(entry: &Entry) -> Option<ExceptionRow> {
    let kind = match entry.kind.as_str() {
        "break_glass" => ExceptionKind::BreakGlass,
        "outcome" if text(entry, "/outcome/kind") == "unknown" => ExceptionKind::UnknownOutcome,
        "step.resolved" => ExceptionKind::ResolvedOutcome,
        "run.taken_over" => ExceptionKind::TakenOver,
        "run.fell_back" | "run.turned_down" => ExceptionKind::NotDone,
        _ => return None,
    };
    let what = if kind == ExceptionKind::ResolvedOutcome {
        format!("{} by {}: {}", text(entry, "/decision"), text(entry, "/by"), text(entry, "/reason"))
    } else {
        log_line::summary(entry)
    };
    Some(row(kind, entry, what))
}

fn ended(sealed: &Entry, told: &Told) -> Vec<ExceptionRow> {
    let mut rows = Vec::new();
    let mut add = |kind, what: String| rows.push(row(kind, sealed, what));
    match told.row.outcome.as_str() {
        "done" | "nothing_to_do" => {}
        "partial" => add(ExceptionKind::Partial, "something was left out".to_owned()),
        other => add(ExceptionKind::NotDone, other.replace('_', " ")),
    }
    if told.row.kept == Some(false) {
        let seconds = |ms: Option<u64>| ms.map_or_else(|| "never".to_owned(), |ms| format!("{} s", ms / 1_000));
        let what = format!("promised {}, took {}", seconds(told.row.promised_ms), seconds(told.row.took_ms));
        add(ExceptionKind::ServiceLevelMissed, what);
    }
    for (kind, what) in told.receipt.as_deref().map(left_undone).unwrap_or_default() {
        add(kind, what);
    }
    rows
}

/// Checks without an answer and resources that were left, as the receipt tells them.
fn left_undone(receipt: &Receipt) -> Vec<(ExceptionKind, String)> {
    let checks = receipt.checks.iter().filter_map(|told| {
        let name = format!("{} {}", told.check.probe, told.check.measurement);
        match &told.result {
            Some(CheckResult::Passed { .. } | CheckResult::Failed { .. }) => None,
            Some(CheckResult::Inconclusive { reason }) => Some(format!("{name}: no data, {reason}")),
            None => Some(format!("{name}: not made")),
        }
    });
    let steps = receipt.stages.iter().flat_map(|stage| &stage.steps).filter_map(|step| match &step.condition {
        Condition::LeftOut => Some(format!("{}: the responder left it out", step.title)),
        Condition::Skipped { reason, .. } => Some(format!("{}: {reason}", step.title)),
        Condition::Restored
        | Condition::AlreadyAsDesired
        | Condition::NotTouched
        | Condition::Changed { .. }
        | Condition::OnTheWay { .. }
        | Condition::Unknown { .. }
        | Condition::Acting { .. }
        | Condition::DoneBy { .. } => None,
    });
    let stages = receipt.left_out.iter().map(|stage| format!("stage {stage}: the responder left it out"));
    let checks = checks.map(|what| (ExceptionKind::SkippedCheck, what));
    checks.chain(steps.chain(stages).map(|what| (ExceptionKind::SkippedResource, what))).collect()
}

fn row(kind: ExceptionKind, entry: &Entry, what: String) -> ExceptionRow {
    ExceptionRow {
        kind,
        entry: entry.seq,
        at: entry.at,
        run: entry.run.clone(),
        environment: entry.environment.clone(),
        who: entry.actor.name.clone(),
        what,
    }
}
