//! Entries as a table for spreadsheets: RFC 4180, in UTF-8; times are RFC 3339 in UTC. Nothing in it is a formula.

use belay_domain::id::Millis;
use belay_ledger::Entry;
use jiff::Timestamp;

use crate::api::{Error, LogLine};
use crate::log_line;

const HEADING: [&str; 11] =
    ["entry", "time", "environment", "run", "incident", "kind", "who", "authenticated by", "reason", "what", "parent"];

/// Lines of the log as rows, with a heading where it is asked for.
///
/// # Errors
/// Where a line's entry is none.
pub fn entries_csv(lines: &[LogLine], with_heading: bool) -> Result<String, Error> {
    let heading = if with_heading { row(&HEADING) } else { String::new() };
    let rows = lines.iter().map(|line| {
        let entry = Entry::parse(line.entry.as_bytes());
        entry.map(|entry| of(&entry)).map_err(|error| Error::failed(format!("entry {}: {error}", line.seq)))
    });
    std::iter::once(Ok(heading)).chain(rows).collect()
}

/// Entries as rows, with a heading.
pub(crate) fn table(entries: &[Entry]) -> String {
    std::iter::once(row(&HEADING)).chain(entries.iter().map(of)).collect()
}

fn of(entry: &Entry) -> String {
    let text = |text: Option<String>| text.unwrap_or_default();
    row(&[
        &entry.seq.to_string(),
        &time(entry.at),
        &text(entry.environment.as_ref().map(ToString::to_string)),
        &text(entry.run.as_ref().map(ToString::to_string)),
        &text(entry.incident.as_ref().map(ToString::to_string)),
        &entry.kind,
        &entry.actor.name,
        &entry.actor.authenticated_by,
        &text(entry.reason.clone()),
        &log_line::summary(entry),
        &text(entry.parent.map(|parent| parent.to_string())),
    ])
}

/// One row.
pub(crate) fn row(cells: &[&str]) -> String {
    format!("{}\r\n", cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(","))
}

/// A cell in quotes. What a spreadsheet would take for a formula gets an apostrophe before it: what people and systems
/// wrote must not run where an auditor opens it.
fn cell(text: &str) -> String {
    let guard = if text.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// A moment as RFC 3339 writes it, in UTC, to the millisecond.
pub(crate) fn time(at: Millis) -> String {
    let moment = i64::try_from(at.0).ok().and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or(Timestamp::MAX);
    moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1"] {
            assert!(cell(formula).starts_with("\"'"), "{formula}");
        }
        assert_eq!(row(&["say \"no\", please", "2"]), "\"say \"\"no\"\", please\",\"2\"\r\n");
    }
}
