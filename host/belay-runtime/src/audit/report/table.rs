//! A report as one table: a row for each run, exception, role and change, with a first column that says which.

use crate::api::{ChangeRow, ExceptionRow, ReportAnswer, RoleRow, RunRow};
use crate::audit::csv::{row, time};

const HEADING: [&str; 24] = [
    "what",
    "entry",
    "time",
    "run",
    "environment",
    "who",
    "kind",
    "says",
    "incident",
    "runbook",
    "feature set",
    "team",
    "purpose",
    "signed",
    "approved by",
    "rejected by",
    "risk",
    "writes",
    "restored",
    "ended",
    "promised ms",
    "took ms",
    "promise kept",
    "until",
];

/// RFC 4180, in UTF-8; times are RFC 3339 in UTC. Nothing in it is a formula.
pub fn report_csv(report: &ReportAnswer) -> String {
    let complete = &report.completeness;
    let statement = [
        ("log", complete.origin.clone()),
        ("before", format!("{} entries, root {}", complete.before.size, complete.before.root)),
        ("after", format!("{} entries, root {}", complete.after.size, complete.after.root)),
        ("sound", complete.sound.to_string()),
    ];
    let statement = statement.iter().map(|(kind, says)| filled(&[(0, "completeness"), (6, kind), (7, says)]));
    let problems = complete.problems.iter().map(|says| filled(&[(0, "completeness"), (6, "problem"), (7, says)]));
    let rows = report.runs.iter().map(run).chain(report.exceptions.iter().map(exception));
    let rows = rows.chain(report.roles.iter().map(role)).chain(report.changes.iter().map(change));
    std::iter::once(row(&HEADING)).chain(statement).chain(problems).chain(rows).collect()
}

/// A row with cells at some places.
fn filled(cells: &[(usize, &str)]) -> String {
    let mut all = [""; HEADING.len()];
    for (place, text) in cells {
        if let Some(cell) = all.get_mut(*place) {
            *cell = text;
        }
    }
    row(&all)
}

fn run(run: &RunRow) -> String {
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let moment = |at: Option<_>| at.map(time).unwrap_or_default();
    let name = |name: Option<String>| name.unwrap_or_default();
    row(&[
        "run",
        &run.entry.to_string(),
        &time(run.opened_at),
        run.run.as_str(),
        &name(run.environment.as_ref().map(ToString::to_string)),
        &run.requester,
        &run.outcome,
        "",
        &name(run.incident.as_ref().map(ToString::to_string)),
        &run.runbook,
        &run.feature_set,
        &run.team,
        &run.purpose,
        &run.signed.to_string(),
        &run.approvers.join(" "),
        &run.rejected_by.join(" "),
        &number(run.risk),
        &run.writes.to_string(),
        &moment(run.restored_at),
        &moment(run.ended_at),
        &number(run.promised_ms),
        &number(run.took_ms),
        &name(run.kept.map(|kept| kept.to_string())),
        "",
    ])
}

fn exception(exception: &ExceptionRow) -> String {
    filled(&[
        (0, "exception"),
        (1, &exception.entry.to_string()),
        (2, &time(exception.at)),
        (3, exception.run.as_ref().map_or("", |run| run.as_str())),
        (4, exception.environment.as_ref().map_or("", |environment| environment.as_str())),
        (5, &exception.who),
        (6, exception.kind.words()),
        (7, &exception.what),
    ])
}

fn role(role: &RoleRow) -> String {
    filled(&[
        (0, "role"),
        (1, &role.entry.to_string()),
        (2, &time(role.from)),
        (5, &role.person),
        (6, &role.role),
        (11, role.team.as_deref().unwrap_or_default()),
        (23, &role.to.map(time).unwrap_or_default()),
    ])
}

fn change(change: &ChangeRow) -> String {
    filled(&[
        (0, "change"),
        (1, &change.entry.to_string()),
        (2, &time(change.at)),
        (5, &change.who),
        (6, &change.kind),
        (7, &change.what),
    ])
}
