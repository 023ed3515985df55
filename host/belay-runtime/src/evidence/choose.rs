//! Which entries somebody asked for. Decides nothing else.

use std::collections::BTreeMap;

use belay_ledger::{Entry, Filter, Ledger};

use super::{Chosen, grounds};
use crate::api::{Error, ExportRequest};
use crate::ledger;

/// How many entries are looked at together where their time decides.
const STRETCH: u64 = 4_096;

/// The entries that were asked for, and those that they rest on.
///
/// # Errors
/// Where none fits, or the ledger can't be read.
pub(super) fn entries(store: &Ledger, request: &ExportRequest) -> Result<Chosen, Error> {
    let asked = if request.run.is_some() || request.incident.is_some() {
        found(store, &filter(request))?.into_iter().filter(|entry| is_within(request, entry)).collect()
    } else {
        by_time(store, request)?
    };
    if asked.is_empty() {
        return Err(Error::usage("no entry of the ledger fits").next("belay audit log shows what there is"));
    }
    let mut chosen: BTreeMap<u64, Entry> = asked.into_iter().map(|entry| (entry.seq, entry)).collect();
    let (components, heads) = grounds::add(store, &mut chosen)?;
    Ok(Chosen { entries: chosen.into_values().collect(), components, heads })
}

fn filter(request: &ExportRequest) -> Filter {
    Filter {
        run: request.run.clone(),
        incident: request.incident.clone(),
        environment: request.environment.clone(),
        ..Filter::default()
    }
}

/// Clocks step back, so every entry is looked at: the first late one need not be the last early one.
fn by_time(store: &Ledger, request: &ExportRequest) -> Result<Vec<Entry>, Error> {
    let size = store.size().map_err(|error| ledger::error(&error))?;
    let mut chosen = Vec::new();
    for start in (0..size).step_by(usize::try_from(STRETCH).unwrap_or(usize::MAX)) {
        let after = start.checked_sub(1);
        let stretch = Filter { after, before: Some((start + STRETCH).min(size)), ..filter(request) };
        chosen.extend(found(store, &stretch)?.into_iter().filter(|entry| is_within(request, entry)));
    }
    Ok(chosen)
}

fn is_within(request: &ExportRequest, entry: &Entry) -> bool {
    request.from.is_none_or(|from| entry.at >= from) && request.to.is_none_or(|to| entry.at <= to)
}

pub(super) fn found(store: &Ledger, filter: &Filter) -> Result<Vec<Entry>, Error> {
    store.entries(filter).map_err(|error| ledger::error(&error))
}
