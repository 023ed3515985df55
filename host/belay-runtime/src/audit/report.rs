//! The auditor's population, made from the log alone. Never leaves an entry of the time unread, and says what it could not
//! read.

mod changes;
mod completeness;
mod denials;
mod exceptions;
mod html;
mod roles;
mod runs;
mod statement;
mod table;
mod words;
mod writes;

use std::collections::BTreeSet;
use std::ops::Range;

use belay_domain::id::{Millis, RunId};
use belay_ledger::{Entry, Filter, Ledger};

use super::{describe::TEAM, search};
use crate::api::{Error, LogRequest, ReportAnswer, ReportRequest};
use crate::clock;
use crate::ledger;

pub use html::report_html;
pub use statement::report_statement;
pub use table::report_csv;

/// How many entries are read at once.
const PIECE: u64 = 2_048;

/// Reports on a part of a log.
pub(crate) fn report(store: &Ledger, request: ReportRequest) -> Result<ReportAnswer, Error> {
    // The head first: what comes while the report is made is not part of it.
    let size = store.size().map_err(|error| ledger::error(&error))?;
    let span = span(store, &request, size)?;
    let team = request.team.as_ref().map(|team| of_team(store, team, size)).transpose()?;
    let wanted = |entry: &Entry| {
        let elsewhere = request.environment.is_some() && entry.environment.is_some();
        let here = !elsewhere || entry.environment == request.environment;
        here && team.as_ref().is_none_or(|team| team.contains(&entry.seq) || is_everybodys(&entry.kind))
    };
    let mut gathered = Gathered::default();
    let mut completeness = completeness::Reading::begin(store, &span)?;
    for_each(store, span.clone(), |entry| {
        completeness.read(&entry);
        if wanted(&entry) {
            gathered.take(entry);
        }
    })?;
    let mut exceptions = exceptions::alone(&gathered.beside);
    let mut rows = Vec::new();
    for run in &gathered.runs {
        let told = runs::Told::of(store, run, span.end)?;
        if !told.is_readable {
            completeness.cannot_read(run);
        }
        exceptions.extend(exceptions::of_run(store, &told)?);
        rows.push(told.row);
    }
    rows.sort_by_key(|row| row.entry);
    exceptions.retain(|row| span.contains(&row.entry));
    exceptions.sort_by_key(|row| (row.entry, row.kind));
    Ok(ReportAnswer {
        made_at: clock::now(),
        completeness: completeness.end(store)?,
        runs: rows,
        exceptions,
        roles: roles::held(store, &request, &span)?,
        changes: changes::rows(&gathered.beside),
        request,
    })
}

/// What the entries of the time are about.
#[derive(Default)]
struct Gathered {
    runs: BTreeSet<RunId>,
    /// Those that tell of something beside a run, or of a run from without.
    beside: Vec<Entry>,
}

impl Gathered {
    fn take(&mut self, entry: Entry) {
        if changes::is_one(&entry.kind) || exceptions::stands_alone(&entry.kind) {
            self.beside.push(entry);
        } else if let Some(run) = entry.run.filter(|_| entry.kind != "request.refused") {
            self.runs.insert(run);
        }
    }
}

/// The entries that belong to the time: those between the first and the last one in it, all of them.
fn span(store: &Ledger, request: &ReportRequest, size: u64) -> Result<Range<u64>, Error> {
    if request.from.is_none() && request.to.is_none() {
        return Ok(0..size);
    }
    let (from, to) = (request.from.unwrap_or(Millis(0)), request.to);
    let found = search::span(store, from, to.unwrap_or(Millis(u64::MAX)))?;
    Ok(found.start.min(size)..found.end.min(size))
}

/// The entries on what a team owns.
fn of_team(store: &Ledger, team: &str, size: u64) -> Result<BTreeSet<u64>, Error> {
    let request = LogRequest { team: Some(team.to_owned()), limit: Some(u32::MAX), ..LogRequest::default() };
    let found = search::sequence(store, &request)?;
    if found.is_empty() {
        let what = format!("the log has nothing on what a team `{team}` owns");
        return Err(Error::usage(format!("{what}: no {TEAM} of that name has a feature set in it"))
            .next("belay audit report without --team names every team"));
    }
    Ok(found.into_iter().filter(|seq| *seq < size).collect())
}

/// What concerns every team: rules, plugins, keys, and what could not be recorded.
fn is_everybodys(kind: &str) -> bool {
    changes::is_one(kind) || kind == belay_ledger::kind::RECOVERED
}

fn for_each(store: &Ledger, span: Range<u64>, mut each: impl FnMut(Entry)) -> Result<(), Error> {
    let mut next = span.start;
    while next < span.end {
        let filter =
            Filter { after: next.checked_sub(1), before: Some(span.end), limit: Some(PIECE), ..Filter::default() };
        let piece = store.entries(&filter).map_err(|error| ledger::error(&error))?;
        let Some(last) = piece.last() else { break };
        next = last.seq + 1;
        piece.into_iter().for_each(&mut each);
    }
    Ok(())
}
