//! A report as one page that opens without a network and prints well.

use super::statement;
use crate::api::{ChangeRow, ExceptionRow, ReportAnswer, RoleRow, RunRow};
use crate::audit::csv::time;
use crate::html::{Html, Table, Tone, document};
use crate::words::long;

/// The page.
pub fn report_html(report: &ReportAnswer) -> String {
    let title = format!("Rollbacks of {}", report.completeness.origin);
    let mut page = Html::default();
    page.element("h1", &title);
    page.note(&statement::about(report));
    page.element("h2", "Completeness");
    if report.completeness.sound {
        page.verdict(Tone::Good, "The log is sound, and nothing of it was left out.");
    } else {
        page.verdict(Tone::Bad, "The log is not sound.");
    }
    statement::report_statement(report).iter().for_each(|line| page.element("p", line));
    let exceptions = ["Entry", "When (UTC)", "What", "Run", "Environment", "Who", "In words"];
    table(&mut page, "Exceptions", &exceptions, report.exceptions.iter().map(exception));
    let runs = [
        "Run",
        "Opened (UTC)",
        "Environment",
        "Runbook",
        "Feature set",
        "Team",
        "Asked by",
        "Approved by",
        "Risk",
        "Writes",
        "Outcome",
        "Restored within",
        "Promised",
    ];
    table(&mut page, "Runs", &runs, report.runs.iter().map(run));
    let roles = ["Person", "Role", "Team", "Since (UTC)", "Until (UTC)", "Entry"];
    table(&mut page, "Roles", &roles, report.roles.iter().map(role));
    let changes = ["Entry", "When (UTC)", "Kind", "Who", "In words"];
    table(&mut page, "Changes of plugins, rules, keys and the record", &changes, report.changes.iter().map(change));
    page.element("h2", "Checkpoint");
    page.verbatim(&report.completeness.checkpoint);
    document(&title, &page)
}

fn table<const N: usize>(page: &mut Html, title: &str, columns: &[&str; N], rows: impl Iterator<Item = [String; N]>) {
    let rows: Vec<_> = rows.collect();
    page.element("h2", &format!("{title}: {}", rows.len()));
    if rows.is_empty() {
        return;
    }
    let mut table = Table::with(columns);
    rows.iter().for_each(|row| table.row(&row.each_ref().map(String::as_str)));
    page.table(&table);
}

fn exception(row: &ExceptionRow) -> [String; 7] {
    let name = |name: Option<String>| name.unwrap_or_default();
    [
        row.entry.to_string(),
        time(row.at),
        row.kind.words().to_owned(),
        name(row.run.as_ref().map(ToString::to_string)),
        name(row.environment.as_ref().map(ToString::to_string)),
        row.who.clone(),
        row.what.clone(),
    ]
}

fn run(row: &RunRow) -> [String; 13] {
    let ms = |ms: Option<u64>| ms.map(long).unwrap_or_default();
    let kept = match row.kept {
        Some(true) => ", kept",
        Some(false) => ", missed",
        None => "",
    };
    let incident = row.incident.as_ref().map(|incident| format!(" · {incident}")).unwrap_or_default();
    [
        format!("{}{incident}", row.run),
        time(row.opened_at),
        row.environment.as_ref().map(ToString::to_string).unwrap_or_default(),
        format!("{} ({})", row.runbook, row.purpose),
        row.feature_set.clone(),
        row.team.clone(),
        format!("{}{}", row.requester, if row.signed { ", signed" } else { "" }),
        row.approvers.join(", "),
        row.risk.map(|risk| risk.to_string()).unwrap_or_default(),
        row.writes.to_string(),
        row.outcome.replace('_', " "),
        ms(row.took_ms),
        format!("{}{kept}", ms(row.promised_ms)),
    ]
}

fn role(row: &RoleRow) -> [String; 6] {
    [
        row.person.clone(),
        row.role.clone(),
        row.team.clone().unwrap_or_default(),
        time(row.from),
        row.to.map_or_else(|| "still held".to_owned(), time),
        row.entry.to_string(),
    ]
}

fn change(row: &ChangeRow) -> [String; 5] {
    [row.entry.to_string(), time(row.at), row.kind.clone(), row.who.clone(), row.what.clone()]
}
