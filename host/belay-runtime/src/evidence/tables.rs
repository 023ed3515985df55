//! The entries as lines and as a table, for programs that read neither tar nor Merkle trees. Says nothing that the entries
//! do not say.

use belay_ledger::{Entry, Ledger};
use jiff::Timestamp;

use crate::api::Error;
use crate::ledger;
use crate::log_line;

const COLUMNS: &str = "entry,time,environment,run,incident,kind,who,authenticated by,reason,what,parent\r\n";

/// Each entry's canonical text, one a line.
pub(super) fn lines(store: &Ledger, entries: &[Entry]) -> Result<String, Error> {
    let mut lines = String::new();
    for entry in entries {
        let bytes = store.entry_bytes(entry.seq).map_err(|error| ledger::error(&error))?.unwrap_or_default();
        lines.push_str(&String::from_utf8_lossy(&bytes));
        lines.push('\n');
    }
    Ok(lines)
}

/// RFC 4180, in UTF-8; times are RFC 3339 in UTC.
pub(super) fn csv(entries: &[Entry]) -> String {
    let rows = entries.iter().map(|entry| {
        let name = |name: Option<String>| name.unwrap_or_default();
        let cells = [
            entry.seq.to_string(),
            time(entry.at),
            name(entry.environment.as_ref().map(ToString::to_string)),
            name(entry.run.as_ref().map(ToString::to_string)),
            name(entry.incident.as_ref().map(ToString::to_string)),
            entry.kind.clone(),
            entry.actor.name.clone(),
            entry.actor.authenticated_by.clone(),
            name(entry.reason.clone()),
            log_line::summary(entry),
            name(entry.parent.map(|parent| parent.to_string())),
        ];
        format!("{}\r\n", cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(","))
    });
    std::iter::once(COLUMNS.to_owned()).chain(rows).collect()
}

/// A cell in quotes. What a spreadsheet would take for a formula gets an apostrophe before it: what people and systems
/// wrote must not run where an auditor opens it.
fn cell(text: &str) -> String {
    let guard = if text.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// A moment as RFC 3339 writes it, in UTC, to the millisecond.
pub(super) fn time(at: belay_domain::id::Millis) -> String {
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
        assert_eq!(cell("say \"no\", please"), "\"say \"\"no\"\", please\"");
    }
}
