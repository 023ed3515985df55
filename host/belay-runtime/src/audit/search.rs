//! Entries by what they are about, through the index. The index is brought up to date first; what it finds is read from
//! the log.

use std::ops::Range;

use belay_domain::id::Millis;
use belay_ledger::index::{Index, Query, Want};
use belay_ledger::{Entry, Filter, Ledger};

use super::describe::{
    Describer, ENVIRONMENT, FEATURE_SET, INCIDENT, KIND, PERSON, PLUGIN, RESOURCE, RUN, TEAM, VERSION,
};
use crate::api::{Error, LogRequest, Reindexed};
use crate::ledger;

/// How many entries are read where nobody says.
const DEFAULT_LIMIT: u64 = 200;

/// The newest entries that fit, the oldest of them first.
///
/// # Errors
/// Usage where a text has no word to look for.
pub(crate) fn search(store: &Ledger, request: &LogRequest) -> Result<Vec<Entry>, Error> {
    let limit = request.limit.map_or(DEFAULT_LIMIT, u64::from);
    if !needs_index(request) {
        let filter = Filter {
            run: request.run.clone(),
            incident: request.incident.clone(),
            environment: request.environment.clone(),
            kinds: request.kinds.clone(),
            after: request.after,
            newest_first: true,
            limit: Some(limit),
            ..Filter::default()
        };
        let mut entries = store.entries(&filter).map_err(|error| ledger::error(&error))?;
        entries.reverse();
        return Ok(entries);
    }
    let found = sequence(store, request)?;
    let read = |seq| store.entry(seq).map_err(|error| ledger::error(&error));
    Ok(found.into_iter().map(read).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The numbers of the entries that fit, by the index alone.
pub(crate) fn sequence(store: &Ledger, request: &LogRequest) -> Result<Vec<u64>, Error> {
    let query = query(request, request.limit.map_or(DEFAULT_LIMIT, u64::from))?;
    fresh(store)?.find(&query).map_err(|error| unreadable(&error))
}

/// Makes the index again.
pub(crate) fn reindex(store: &Ledger) -> Result<Reindexed, Error> {
    let mut index = Index::anew(store, VERSION).map_err(|error| unreadable(&error))?;
    let entries = update(&mut index, store)?;
    Ok(Reindexed { entries })
}

/// The entries of a time.
pub(crate) fn span(store: &Ledger, from: Millis, before: Millis) -> Result<Range<u64>, Error> {
    fresh(store)?.span(from, before).map_err(|error| unreadable(&error))
}

fn fresh(store: &Ledger) -> Result<Index, Error> {
    let mut index = Index::open(store, VERSION).map_err(|error| unreadable(&error))?;
    update(&mut index, store)?;
    Ok(index)
}

fn update(index: &mut Index, store: &Ledger) -> Result<u64, Error> {
    let mut describer = Describer::of(store);
    index.update(store, |entry| describer.describe(entry)).map_err(|error| unreadable(&error))
}

/// What the ledger's own tables can't answer.
const fn needs_index(request: &LogRequest) -> bool {
    request.person.is_some()
        || request.team.is_some()
        || request.plugin.is_some()
        || request.resource.is_some()
        || request.feature_set.is_some()
        || request.text.is_some()
        || request.from.is_some()
        || request.to.is_some()
}

fn query(request: &LogRequest, newest: u64) -> Result<Query, Error> {
    let one =
        |field, value: Option<String>, whole_run| value.map(|value| Want { field, values: vec![value], whole_run });
    let text = |value: Option<&str>| value.map(str::to_owned);
    let kinds = Want { field: KIND, values: request.kinds.clone(), whole_run: false };
    let wants = [
        one(RUN, request.run.as_ref().map(ToString::to_string), false),
        one(INCIDENT, request.incident.as_ref().map(ToString::to_string), true),
        one(ENVIRONMENT, request.environment.as_ref().map(ToString::to_string), false),
        Some(kinds).filter(|kinds| !kinds.values.is_empty()),
        one(PERSON, text(request.person.as_deref()), false),
        one(TEAM, text(request.team.as_deref()), true),
        one(PLUGIN, text(request.plugin.as_deref()), false),
        one(RESOURCE, text(request.resource.as_deref()), false),
        one(FEATURE_SET, text(request.feature_set.as_deref()), true),
    ];
    let words: Vec<_> = request.text.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect();
    if request.text.is_some() && !words.iter().any(|word| word.contains(char::is_alphanumeric)) {
        return Err(
            Error::usage("--text has no word to look for").next("belay audit log --text \"beginnings of words\"")
        );
    }
    Ok(Query {
        wants: wants.into_iter().flatten().collect(),
        words: words.into_iter().filter(|word| word.contains(char::is_alphanumeric)).collect(),
        from: request.from,
        before: request.to,
        after: request.after,
        newest,
    })
}

fn unreadable(error: &belay_ledger::Error) -> Error {
    Error::failed(format!("the search index: {error}"))
        .changed("nothing was changed; the log itself does not rest on the index")
        .next("belay audit reindex")
}
