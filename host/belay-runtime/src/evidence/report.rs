//! The report inside an evidence file: for people, one page that opens offline and prints. Says what the entries say, names
//! the entry for each of it, and runs nothing: the page has no script and loads nothing.

mod run;
mod timeline;

use belay_domain::id::RunId;
use belay_ledger::{Entry, Ledger, SignedCheckpoint};

use crate::api::ExportRequest;
use crate::audit::csv::time;
use crate::html::{Html, Table};
use crate::log_line;

/// What a report may look into.
struct Sources<'a> {
    store: &'a Ledger,
    /// Whether blobs may be read: what was left out of the file must not come back in its report.
    with_blobs: bool,
}

/// The page.
pub(super) fn page(
    store: &Ledger,
    checkpoint: &SignedCheckpoint,
    request: &ExportRequest,
    entries: &[Entry],
) -> String {
    let sources = Sources { store, with_blobs: request.with_blobs };
    let mut page = Html::default();
    heading(&mut page, store, checkpoint, request, entries);
    for name in runs(entries) {
        let own: Vec<&Entry> = entries.iter().filter(|entry| entry.run.as_ref() == Some(&name)).collect();
        run::section(&mut page, &sources, &name, &own);
    }
    changed_outside(&mut page, entries);
    rules(&mut page, entries);
    timeline::sections(&mut page, entries);
    let title = format!("Evidence from the log of {}", store.verifier().name());
    crate::html::document(&title, &page)
}

fn heading(page: &mut Html, store: &Ledger, checkpoint: &SignedCheckpoint, request: &ExportRequest, entries: &[Entry]) {
    page.element("h1", &format!("Evidence from the log of {}", store.verifier().name()));
    let mut facts = Table::facts();
    facts.fact("About", &super::readme::about(request));
    facts.fact("Entries here", &format!("{} of {} that the log had", entries.len(), checkpoint.head.size));
    if let (Some(first), Some(last)) = (entries.iter().map(|e| e.at).min(), entries.iter().map(|e| e.at).max()) {
        facts.fact("From, to", &format!("{} to {}, by the host's clock", time(first), time(last)));
    }
    facts.fact("Root of the log", &checkpoint.head.root.to_string());
    facts.fact("Signed by", &store.verifier().to_string());
    let left_out = if request.with_log {
        "the whole log is in this file: that no entry was left out can be checked"
    } else {
        "the whole log is not in this file: that no entry was left out can't be checked with it alone"
    };
    facts.fact("Complete", left_out);
    page.table(&facts);
    page.note("This page was made from the entries in this file; README.md says how to check them. Times are UTC.");
}

/// The runs, in the order in which they began.
fn runs(entries: &[Entry]) -> Vec<RunId> {
    let mut found = Vec::new();
    for run in entries.iter().filter_map(|entry| entry.run.as_ref()) {
        if !found.contains(run) {
            found.push(run.clone());
        }
    }
    found
}

fn changed_outside(page: &mut Html, entries: &[Entry]) {
    page.element("h2", "What changed from outside");
    let changed: Vec<_> = entries.iter().filter(|entry| entry.kind == "resource.changed_outside").collect();
    if changed.is_empty() {
        return page.note("Nothing that belay saw: no resource moved without a run to explain it.");
    }
    page.table(&rows(&changed));
}

fn rules(page: &mut Html, entries: &[Entry]) {
    const KINDS: [&str; 10] = [
        "configuration.changed",
        "governance.proposed",
        "governance.signed",
        "governance.accepted",
        "plugin.added",
        "key.rotated",
        "key.compromised",
        "redaction.asked",
        "redaction",
        "retention.applied",
    ];
    let of_rules: Vec<_> = entries.iter().filter(|entry| KINDS.contains(&entry.kind.as_str())).collect();
    if !of_rules.is_empty() {
        page.element("h2", "Rules, plugins, keys and redactions");
        page.table(&rows(&of_rules));
    }
}

/// A row for each entry: number, time, environment, who, what.
fn rows(entries: &[&Entry]) -> Table {
    let mut table = Table::with(&["entry", "time", "who", "kind", "what"]);
    for entry in entries {
        table.row(&[
            &entry.seq.to_string(),
            &time(entry.at),
            &entry.actor.name,
            &entry.kind,
            &log_line::summary(entry),
        ]);
    }
    table
}
