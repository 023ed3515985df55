//! Earlier states, where the API tells them. Never guesses: a history that doesn't reach back to a moment says so.

use belay_sdk::{Fault, Past, Pin, Reads, Resource, State, json};
use jiff::Timestamp;

use crate::config::Config;
use crate::content::Content;
use crate::present::{Present, fetch, label};
use crate::recipe::{Earlier, History, Recipe};
use crate::scope::Values;
use crate::tree::Tree;

/// Integers below it are seconds, others milliseconds: as seconds it is the year 5138, as milliseconds March 1973.
const SECONDS_END: i64 = 100_000_000_000;

/// The state that is there now.
pub(crate) fn present(reads: &dyn Reads, of: &Resource<Config>, recipe: &Recipe) -> Result<State, Fault> {
    Present::read(reads, &of.connection, recipe)?.state(recipe)
}

/// States it once had, the latest first.
pub(crate) fn history(
    reads: &dyn Reads,
    of: &Resource<Config>,
    recipe: &Recipe,
    limit: u32,
) -> Result<Vec<Past>, Fault> {
    let history = told(recipe)?;
    let mut past = items(reads, of, recipe, history, limit as usize)?
        .iter()
        .map(|item| {
            let values = Values { document: Some(item), ..recipe.values() };
            let summary = history.summary.as_ref().map(|summary| summary.fill(&values)).transpose()?;
            let version = label(&history.version.fill(&values)?);
            Ok(Past { version, at: since(history, item)?, summary: label(&summary.unwrap_or_default()) })
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    // An API that lists the oldest first says when each was; one that doesn't is taken at its word.
    past.sort_by_key(|past| std::cmp::Reverse(past.at));
    past.truncate(limit as usize);
    Ok(past)
}

/// The state that people call so.
pub(crate) fn by_version(
    reads: &dyn Reads,
    of: &Resource<Config>,
    recipe: &Recipe,
    wanted: &str,
) -> Result<Pin, Fault> {
    let history = told(recipe)?;
    for item in items(reads, of, recipe, history, usize::MAX)? {
        let values = Values { document: Some(&item), ..recipe.values() };
        if label(&history.version.fill(&values)?) == wanted {
            return pin(reads, of, recipe, history, &item);
        }
    }
    Err(Fault::Missing(format!("the history has no `{wanted}`")))
}

/// The state that was there at a moment, in milliseconds since 1970 UTC.
pub(crate) fn by_time(reads: &dyn Reads, of: &Resource<Config>, recipe: &Recipe, moment: u64) -> Result<Pin, Fault> {
    let history = told(recipe)?;
    if history.at.is_none() {
        return Err(Fault::Unsupported("the configuration's `history` has no `at`: name a version".to_owned()));
    }
    let mut latest: Option<(u64, Tree)> = None;
    for item in items(reads, of, recipe, history, usize::MAX)? {
        let Some(at) = since(history, &item)? else { continue };
        if at <= moment && latest.as_ref().is_none_or(|(best, _)| at > *best) {
            latest = Some((at, item));
        }
    }
    match latest {
        Some((_, item)) => pin(reads, of, recipe, history, &item),
        None => Err(Fault::Missing("its history does not reach back to that moment".to_owned())),
    }
}

fn told(recipe: &Recipe) -> Result<&History, Fault> {
    recipe.history.as_ref().ok_or_else(|| {
        Fault::Unsupported("the configuration has no `history`: name a rollback point, or set attributes".to_owned())
    })
}

fn items(
    reads: &dyn Reads,
    of: &Resource<Config>,
    recipe: &Recipe,
    history: &History,
    most: usize,
) -> Result<Vec<Tree>, Fault> {
    let document = history.list.read(reads, &of.connection, &recipe.values(), most)?;
    history.list.items(&document, "the history")
}

fn pin(
    reads: &dyn Reads,
    of: &Resource<Config>,
    recipe: &Recipe,
    history: &History,
    item: &Tree,
) -> Result<Pin, Fault> {
    let values = Values { document: Some(item), ..recipe.values() };
    let version = label(&history.version.fill(&values)?);
    if history.absent.as_ref().is_some_and(|test| test.passes(item)) {
        return Ok(Pin::without_proof(State::of("absent", &(), &version)?));
    }
    let document = match &history.state {
        Earlier::Here(pointer) => pointer.find(item).cloned().ok_or_else(|| {
            Fault::Unexpected(format!("version {version}: nothing is at `{pointer}` of its entry in the history"))
        })?,
        Earlier::There(path) => fetch(reads, &of.connection, &path.path(&values)?)?,
        Earlier::Nowhere => {
            return Err(Fault::Unsupported("the configuration's `history` doesn't say where a state is".to_owned()));
        }
    };
    let content = recipe.selection.take(&document, &format!("version {version}"))?;
    Ok(Pin::without_proof(State { revision: json::text(&version)?, content: Content::text(Some(&content)), version }))
}

/// Since when an item held, in milliseconds since 1970 UTC.
fn since(history: &History, item: &Tree) -> Result<Option<u64>, Fault> {
    let Some(found) = history.at.as_ref().and_then(|pointer| pointer.find(item)) else { return Ok(None) };
    let millis = match found {
        Tree::Number(digits) => digits
            .parse::<i64>()
            .ok()
            .map(|number| if number.abs() < SECONDS_END { number.saturating_mul(1_000) } else { number }),
        Tree::Text(text) => text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond),
        Tree::Null | Tree::Bool(_) | Tree::List(_) | Tree::Record(_) => None,
    };
    let millis = millis.and_then(|millis| u64::try_from(millis).ok());
    let said =
        || Fault::Unexpected(format!("the history has a moment that is none: {}", found.shown().unwrap_or_default()));
    millis.map(Some).ok_or_else(said)
}
