//! The entries as lines, for programs that read neither tar nor Merkle trees. Says nothing that the entries
//! do not say.

use belay_ledger::{Entry, Ledger};

use crate::api::Error;
use crate::ledger;

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
