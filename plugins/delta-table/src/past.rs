//! States that the table has and had. Never writes, and never says that a version is there whose files are gone.

use belay_sdk::{Fault, Past, Pin, State};
use serde::{Deserialize, Serialize};

use crate::files;
use crate::folder::Folder;
use crate::log::Log;
use crate::replay::{info, table_at};
use crate::snapshot::Table;

/// What moves with each commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Revision {
    /// The table's version.
    pub(crate) version: u64,
}

/// The table as it is now; absent where the folder has no log.
pub(crate) fn present(folder: &Folder) -> Result<State, Fault> {
    Ok(latest(folder)?.1)
}

fn latest(folder: &Folder) -> Result<(Option<Table>, State), Fault> {
    let log = Log::list_from_checkpoint(folder, None)?;
    let Some(version) = log.latest() else { return Ok((None, State::of("absent", &(), &())?)) };
    let table = table_at(folder, &log, version)?;
    let state = state(&table)?;
    Ok((Some(table), state))
}

fn state(table: &Table) -> Result<State, Fault> {
    State::of(label(table.version), table.content()?, &Revision { version: table.version })
}

/// What people call a version.
fn label(version: u64) -> String {
    format!("v{version}")
}

/// The present, its files checked to be there.
pub(crate) fn locate_present(folder: &Folder) -> Result<Pin, Fault> {
    let (table, state) = latest(folder)?;
    table.iter().try_for_each(|table| files::check(folder, table))?;
    Ok(Pin::without_proof(state))
}

/// A version by its label, its files checked to be there.
pub(crate) fn locate_version(folder: &Folder, label: &str) -> Result<Pin, Fault> {
    let digits = label.strip_prefix('v').unwrap_or(label);
    let version = digits
        .parse()
        .map_err(|_| Fault::Invalid(format!("`{label}` is not a version of a table, as in `27` or `v27`")))?;
    locate(folder, &Log::list_from_checkpoint(folder, Some(version))?, version)
}

/// The version that was there at a moment, in milliseconds since 1970 UTC: the latest whose commit is not later. Each
/// writer says by its own clock when it committed; where the store's clock gives another version, nobody guesses.
pub(crate) fn locate_at(folder: &Folder, moment: u64) -> Result<Pin, Fault> {
    let log = Log::list(folder)?;
    let said = latest_by(&log, moment, |version| Ok(info(folder, &log, version)?.timestamp))?;
    // A log that was copied later has no file from then: its store's clock has no say.
    let kept = latest_by(&log, moment, |version| Ok(log.modified(version)))?;
    match (said, kept) {
        (None, _) => Err(Fault::Missing("the table's log has no commit from then or earlier".to_owned())),
        (Some(said), Some(kept)) if said != kept => Err(Fault::Unsupported(format!(
            "two clocks disagree about that moment: by its writers' the table was at {}, by its store's at {}; name the \
             version instead, as in --at RESOURCE={}",
            label(said),
            label(kept),
            label(kept)
        ))),
        (Some(said), _) => locate(folder, &log, said),
    }
}

fn latest_by(log: &Log, moment: u64, time: impl Fn(u64) -> Result<Option<u64>, Fault>) -> Result<Option<u64>, Fault> {
    for version in log.versions() {
        if time(version)?.is_some_and(|at| at <= moment) {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

fn locate(folder: &Folder, log: &Log, version: u64) -> Result<Pin, Fault> {
    let table = table_at(folder, log, version)?;
    files::check(folder, &table)?;
    Ok(Pin::without_proof(state(&table)?))
}

/// Versions that the log can still tell, the latest first.
pub(crate) fn history(folder: &Folder, limit: u32) -> Result<Vec<Past>, Fault> {
    let log = Log::list(folder)?;
    let earliest = log.earliest();
    let told = log.versions().take_while(|version| earliest.is_some_and(|earliest| earliest <= *version));
    told.take(limit as usize)
        .map(|version| {
            let said = info(folder, &log, version)?;
            let words = said.operation.into_iter().chain(said.mode);
            Ok(Past { version: label(version), at: said.timestamp, summary: words.collect::<Vec<_>>().join(" ") })
        })
        .collect()
}
