//! Everything out of the ordinary. Calls nothing an exception by opinion: each has an entry that shows it.

use belay_domain::check::CheckResult;
use belay_engine::{Condition, Receipt};
use belay_ledger::{Entry, Ledger, kind};

use super::denials;
use super::runs::{Told, text};
use super::words;
use super::writes::{self, Known};
use crate::api::{Error, ExceptionKind, ExceptionRow};
use crate::audit::steps::Steps;
use crate::ledger;
use crate::log_line;
use crate::words::long;

const REFUSED: &str = "request.refused";
const CHANGED_OUTSIDE: &str = "resource.changed_outside";

/// Whether an entry of a kind is one by itself, whatever run it names.
pub(super) fn stands_alone(kind: &str) -> bool {
    matches!(kind, REFUSED | CHANGED_OUTSIDE | kind::RECOVERED)
}

/// Those that need no run to be told.
pub(super) fn alone(entries: &[Entry]) -> Vec<ExceptionRow> {
    let told = entries.iter().filter_map(|entry| {
        let (kind, what) = match entry.kind.as_str() {
            REFUSED => (ExceptionKind::Refused, log_line::summary(entry)),
            CHANGED_OUTSIDE => (ExceptionKind::ChangedOutside, log_line::summary(entry)),
            kind::RECOVERED => (ExceptionKind::NotRecorded, words::not_recorded(entry)),
            _ => return None,
        };
        Some(row(kind, entry, what))
    });
    told.collect()
}

/// Those of a run.
pub(super) fn of_run(store: &Ledger, told: &Told) -> Result<Vec<ExceptionRow>, Error> {
    let (mut rows, mut steps) = (Vec::new(), Steps::of(store));
    for entry in &told.entries {
        rows.extend(of_entry(entry, told, &mut steps)?);
    }
    rows.extend(
        denials::passed(store, told).into_iter().map(|(entry, what)| row(ExceptionKind::DenialPassed, entry, what)),
    );
    let of_kind = |kind: &'static str| told.of_kind(kind).next();
    // What nobody knows may have happened.
    let receipt = told.receipt.as_deref();
    let wrote = told.of_kind("outcome").find(|entry| writes::known(entry, receipt) != Known::NotApplied);
    if let Some(entry) = wrote
        && told.row.approvers.is_empty()
        && of_kind("break_glass").is_none()
    {
        let risk = told.row.risk.map(|risk| format!(" of {risk}")).unwrap_or_default();
        let what = format!("nobody approved it: its risk{risk} asked for no approval");
        rows.push(row(ExceptionKind::WithoutApproval, entry, what));
    }
    match of_kind("run.sealed") {
        Some(sealed) => rows.extend(ended(sealed, told)),
        None => {
            let what = "no end of it is recorded in this time";
            rows.extend(of_kind("run.opened").map(|entry| row(ExceptionKind::Open, entry, what.to_owned())));
        }
    }
    Ok(rows)
}

fn of_entry(entry: &Entry, told: &Told, steps: &mut Steps<'_>) -> Result<Option<ExceptionRow>, Error> {
    let mut resource = || {
        let names = steps.resources(entry).map_err(|error| ledger::error(&error))?;
        Ok::<_, Error>(names.into_iter().next().unwrap_or_else(|| "a resource that can't be read any more".to_owned()))
    };
    let (kind, what) = match entry.kind.as_str() {
        "break_glass" => (ExceptionKind::BreakGlass, log_line::summary(entry)),
        "outcome" if text(entry, "/outcome/kind") == "unknown" => {
            (ExceptionKind::UnknownOutcome, writes::unknown(entry, &resource()?, told.receipt.as_deref()))
        }
        "step.resolved" => (ExceptionKind::ResolvedOutcome, writes::decided(entry, &resource()?)),
        "run.taken_over" => (ExceptionKind::TakenOver, words::taken_over(entry, told.owner_before(entry))),
        "run.fell_back" | "run.turned_down" => (ExceptionKind::NotDone, log_line::summary(entry)),
        _ => return Ok(None),
    };
    Ok(Some(row(kind, entry, what)))
}

fn ended(sealed: &Entry, told: &Told) -> Vec<ExceptionRow> {
    let mut rows = Vec::new();
    let mut add = |kind, what: String| rows.push(row(kind, sealed, what));
    match told.row.outcome.as_str() {
        "done" | "nothing_to_do" => {}
        "partial" => {
            add(ExceptionKind::Partial, "it ended, and something that it was asked for was not done".to_owned())
        }
        other => add(ExceptionKind::NotDone, other.replace('_', " ")),
    }
    if told.row.kept == Some(false) {
        let span = |ms: Option<u64>, none: &str| ms.map_or_else(|| none.to_owned(), long);
        let took = span(told.row.took_ms, "no end, since not everything was restored");
        let what = format!("promised {}, took {took}", span(told.row.promised_ms, "nothing"));
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
