//! The auditor's population at a glance: how complete, what was out of the ordinary, every run.

use std::path::Path;

use belay_runtime::api::{ExceptionRow, ReportAnswer, RunRow};
use belay_runtime::report_statement;

use crate::render::amount::{counted, took};
use crate::render::clock::Clock;
use crate::render::page::{Line, Page, Paint};
use crate::render::table::table;

/// The report for reading here; the files have all of it.
pub(crate) fn page(answer: &ReportAnswer, clock: &Clock) -> Page {
    let (paint, mark) =
        if answer.completeness.sound { (Paint::Good, "✔ sound") } else { (Paint::Bad, "✘ not sound") };
    let title = Line::new().painted(paint, mark).with(format!("  {}, {}", answer.completeness.origin, counts(answer)));
    let mut page = Page::from(vec![title]);
    for line in report_statement(answer) {
        page.push(Line::new().painted(Paint::Dim, format!("  {line}")));
    }
    if !answer.exceptions.is_empty() {
        page.gap();
        page.push(Line::new().painted(Paint::Strong, "Exceptions"));
        page.append(table(2, answer.exceptions.iter().map(|row| exception(row, clock)).collect()));
    }
    if !answer.runs.is_empty() {
        page.gap();
        page.push(Line::new().painted(Paint::Strong, "Runs"));
        page.append(table(2, answer.runs.iter().map(|row| run(row, clock)).collect()));
    }
    page
}

/// That a file was written.
pub(crate) fn saved(file: &Path, answer: &ReportAnswer) -> Page {
    Page::from(vec![Line::new().with(format!("{}: {}", file.display(), counts(answer)))])
}

fn counts(answer: &ReportAnswer) -> String {
    let count = |number: usize, one, many| counted(number as u64, one, many);
    format!(
        "{}, {}, {}, {}",
        count(answer.runs.len(), "run", "runs"),
        count(answer.exceptions.len(), "exception", "exceptions"),
        count(answer.roles.len(), "role", "roles"),
        count(answer.changes.len(), "change", "changes"),
    )
}

fn exception(row: &ExceptionRow, clock: &Clock) -> Vec<Line> {
    vec![
        Line::new().painted(Paint::Dim, row.entry),
        Line::new().painted(Paint::Dim, clock.long(row.at)),
        Line::new().with(row.run.as_ref().map(ToString::to_string).unwrap_or_default()),
        Line::new().painted(Paint::Warn, row.kind.words()),
        Line::new().with(&row.who),
        Line::new().with(&row.what),
    ]
}

fn run(row: &RunRow, clock: &Clock) -> Vec<Line> {
    let people = |heading: &str, people: &[String]| match people {
        [] => String::new(),
        people => format!(", {heading} {}", people.join(" and ")),
    };
    let approved = people("approved by", &row.approvers);
    let rejected = people("rejected by", &row.rejected_by);
    let risk = row.risk.map_or_else(|| "-".to_owned(), |risk| risk.to_string());
    let time = match (row.took_ms, row.promised_ms) {
        (Some(took_ms), Some(promised_ms)) => format!("{} of {}", took(took_ms), took(promised_ms)),
        (Some(took_ms), None) => took(took_ms),
        (None, _) => String::new(),
    };
    let paint = if row.kept == Some(false) { Paint::Warn } else { Paint::Plain };
    vec![
        Line::new().with(row.run.as_str()),
        Line::new().painted(Paint::Dim, clock.long(row.opened_at)),
        Line::new().with(row.environment.as_ref().map(ToString::to_string).unwrap_or_default()),
        Line::new().painted(Paint::Strong, row.outcome.replace('_', " ")),
        Line::new().with(format!("risk {risk}")),
        Line::new().painted(paint, time),
        Line::new().with(format!("{} on {}, by {}{approved}{rejected}", row.runbook, row.feature_set, row.requester)),
    ]
}
