//! Changes of what decides and of the record itself.

use belay_ledger::Entry;

use crate::api::ChangeRow;
use crate::log_line;

/// The beginnings of such kinds.
const KINDS: [&str; 10] = [
    "plugin.added",
    "component.",
    "configuration.",
    "governance.",
    "key.",
    "redaction",
    "hold.",
    "retention.",
    "evidence.",
    "quarantine.",
];

/// Whether an entry of a kind tells of one.
pub(super) fn is_one(kind: &str) -> bool {
    KINDS.iter().any(|beginning| kind.starts_with(beginning))
}

/// Each of them as a row.
pub(super) fn rows(entries: &[Entry]) -> Vec<ChangeRow> {
    let changes = entries.iter().filter(|entry| is_one(&entry.kind));
    let row = |entry: &Entry| ChangeRow {
        entry: entry.seq,
        at: entry.at,
        who: entry.actor.name.clone(),
        kind: entry.kind.clone(),
        what: log_line::summary(entry),
    };
    changes.map(row).collect()
}
