//! Redactions, holds and retention.

use belay_runtime::api::{Hold, OnHold, Redaction, RetainedScope, Retention};

use crate::render::amount::counted;
use crate::render::clock::Clock;
use crate::render::page::{Line, Page, Paint};
use crate::render::table::table;

/// One redaction, whole.
pub(crate) fn one(found: &Redaction, clock: &Clock) -> Page {
    let fact = |name: &str, value: String| vec![Line::new().painted(Paint::Dim, name), Line::new().with(value)];
    let mut rows: Vec<_> =
        found.blobs.iter().map(|blob| fact("Blob", format!("{}  {}", blob.name, blob.commitment))).collect();
    rows.push(fact("Authority", found.authority.clone()));
    rows.push(fact("Because", found.reason.clone()));
    rows.push(fact("Asked by", format!("{} at {}", found.asked_by, clock.long(found.at))));
    match &found.approved {
        Some(done) => {
            rows.push(fact("Approved by", format!("{} at {}", done.by, clock.long(done.at))));
            rows.push(fact("Record", format!("belay audit show {}", done.entry)));
        }
        None => {
            rows.push(fact("Next", format!("another person, an admin: belay audit redact approve {}", found.asked)))
        }
    }
    if let Some(hold) = found.held_by {
        rows.push(fact("On hold", format!("by entry {hold}: belay audit hold list")));
    }
    if !found.exports.is_empty() {
        let exports: Vec<_> = found.exports.iter().map(ToString::to_string).collect();
        let text = format!("made since, may still hold it: entries {}", exports.join(", "));
        rows.push(fact("Evidence", text));
    }
    let mut page = Page::from(vec![state(found).with(format!("  blobs of entry {}{}", found.entry, of_run(found)))]);
    page.append(table(2, rows));
    page
}

fn state(found: &Redaction) -> Line {
    match (&found.approved, found.held_by) {
        (Some(_), _) => Line::new().painted(Paint::Good, "✔ redacted"),
        (None, Some(_)) => Line::new().painted(Paint::Warn, "on hold"),
        (None, None) => Line::new().painted(Paint::Warn, "waits for approval"),
    }
}

fn of_run(found: &Redaction) -> String {
    found.run.as_ref().map_or_else(String::new, |run| format!(" ({run})"))
}

/// All that was asked for.
pub(crate) fn list(found: &[Redaction], clock: &Clock) -> Page {
    if found.is_empty() {
        return Page::from(vec![Line::new().with("nobody has asked for a redaction")]);
    }
    let row = |found: &Redaction| {
        vec![
            Line::new().painted(Paint::Strong, found.asked),
            state(found),
            Line::new().with(format!("entry {}{}", found.entry, of_run(found))),
            Line::new().with(format!("{}, {}", found.asked_by, clock.ago(found.at))),
            Line::new().with(&found.authority),
        ]
    };
    table(0, found.iter().map(row).collect())
}

/// The holds in force.
pub(crate) fn holds(found: &[Hold], clock: &Clock) -> Page {
    if found.is_empty() {
        return Page::from(vec![Line::new().with("nothing is on hold")]);
    }
    let row = |hold: &Hold| {
        let covers = match &hold.covers {
            OnHold::Run(run) => format!("the run {run}"),
            OnHold::Incident(incident) => format!("the incident {incident}"),
            OnHold::Everything => "everything".to_owned(),
        };
        vec![
            Line::new().painted(Paint::Strong, hold.entry),
            Line::new().with(covers),
            Line::new().with(format!("{}, {}", hold.by, clock.ago(hold.at))),
            Line::new().with(&hold.reason),
        ]
    };
    table(0, found.iter().map(row).collect())
}

/// What goes, or went.
pub(crate) fn retention(found: &Retention, clock: &Clock) -> Page {
    let (blobs, what) = (
        found.going.iter().map(|scope| scope.blobs).sum::<u64>(),
        counted(found.going.len() as u64, "run or month", "runs and months"),
    );
    let older = format!("older than {} days (before {})", found.days, clock.long(found.before));
    let blobs = counted(blobs, "blob", "blobs");
    let head = match (found.going.is_empty(), found.entries.as_slice()) {
        (true, _) => Line::new().with(format!("nothing {older} is left to go")),
        (false, []) => Line::new().painted(Paint::Warn, "would go").with(format!("  {blobs} of {what} {older}")),
        (false, _) => Line::new().painted(Paint::Good, "✔ gone").with(format!("  {blobs} of {what} {older}")),
    };
    let mut page = Page::from(vec![head]);
    let row = |scope: &RetainedScope| {
        let held = scope.held_by.map_or_else(String::new, |hold| format!("stays: on hold, by entry {hold}"));
        vec![
            Line::new().with(&scope.name),
            Line::new().with(counted(scope.blobs, "blob", "blobs")),
            Line::new().painted(Paint::Warn, held),
        ]
    };
    page.append(table(2, found.going.iter().chain(&found.held).map(row).collect()));
    if !found.going.is_empty() && found.entries.is_empty() {
        page.push(Line::new().with("  to let it go, an admin or auditor: belay audit retain --apply"));
    }
    page
}
