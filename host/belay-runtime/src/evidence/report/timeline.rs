//! Every entry of a report in its order; plugin calls apart, since there are many of them.

use belay_ledger::Entry;

use super::rows;
use crate::html::Html;

/// Writes the timeline, and the list of calls.
pub(super) fn sections(page: &mut Html, entries: &[Entry]) {
    let (calls, others): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|entry| entry.kind == "plugin.call");
    page.element("h2", "Timeline");
    page.table(&rows(&others));
    if !calls.is_empty() {
        page.element("h2", "Calls of plugins");
        page.note(
            "Each was recorded with what it was given, read and answered, and can be made again: belay audit replay.",
        );
        page.table(&rows(&calls));
    }
}
