//! The commits that take a table along a path of pinned states. Each is created exclusively as the next version, so
//! a commit of somebody else in between makes it fail, never overwrites.

use std::collections::BTreeSet;

use belay_sdk::{
    Change, Context, Desired, Expectation, Fault, Loss, NoAttributes, ObjectWrite, Operation, Pin, Reversibility,
    RiskFactor, State, Write, json,
};

use crate::files;
use crate::folder::Folder;
use crate::log::{Log, commit_key};
use crate::notes;
use crate::past::Revision;
use crate::replay::Replay;
use crate::restore::Difference;
use crate::snapshot::Table;

/// Points of risk for streaming writers: what they sent since stays away until somebody sends it again.
const STREAMS_SCORE: u32 = 10;

/// Where the path has led so far.
struct Position<'a> {
    table: &'a Table,
    /// The table's version there; `table.version` is the one whose content it has.
    version: u64,
}

/// One change for each desired state.
pub(crate) fn plan(
    folder: &Folder,
    connection: &str,
    moment: &Context,
    observed: &State,
    path: Vec<Desired<NoAttributes>>,
) -> Result<Vec<Change>, Fault> {
    let targets = targets(observed, path)?;
    if targets.iter().all(Option::is_none) {
        return Ok(targets.iter().map(|_| Change::nothing()).collect());
    }
    let base = observed.revision::<Revision>()?.version;
    let versions: Vec<Option<u64>> =
        targets.iter().map(|pin| pin.as_ref().map(pinned_version).transpose()).collect::<Result<_, _>>()?;
    let wanted: BTreeSet<u64> = versions.iter().flatten().copied().chain([base]).collect();
    let log = Log::list_from_checkpoint(folder, wanted.first().copied())?;
    let replay = Replay::over(folder, &log, &wanted)?;
    let mut position = Position { table: replay.table(base)?, version: base };
    if !json::same(&observed.content, &position.table.content()?.to_text()?) {
        return Err(Fault::Unexpected(format!("version {base} of the table is not what was observed")));
    }
    let mut changes = Vec::with_capacity(targets.len());
    for (pin, version) in targets.iter().zip(versions) {
        let (Some(pin), Some(version)) = (pin, version) else {
            changes.push(Change::nothing());
            continue;
        };
        let target = target(folder, &replay, pin, version)?;
        changes.push(change(folder, connection, moment, &replay, &position, target)?);
        position = Position { table: target, version: position.version + 1 };
    }
    Ok(changes)
}

/// What each step must restore; nothing where the step before already left it so.
fn targets(observed: &State, path: Vec<Desired<NoAttributes>>) -> Result<Vec<Option<Pin>>, Fault> {
    let mut content = observed.content.clone();
    path.into_iter()
        .map(|desired| {
            let pin = match desired {
                Desired::Pinned(pin) => pin,
                Desired::Attributes(never) => match never {},
            };
            if json::same(&content, &pin.state.content) {
                return Ok(None);
            }
            if pin.state.is_absent() {
                return Err(Fault::Unsupported(
                    "the desired state is that there is no table; this plugin deletes none".to_owned(),
                ));
            }
            if observed.is_absent() {
                return Err(Fault::Missing(format!("there is no table, so `{}` can't be restored", pin.state.version)));
            }
            content.clone_from(&pin.state.content);
            Ok(Some(pin))
        })
        .collect()
}

fn pinned_version(pin: &Pin) -> Result<u64, Fault> {
    Ok(pin.state.revision::<Revision>()?.version)
}

/// The table that a pin stands for, derived from the log again and checked to be what was pinned, files included.
fn target<'a>(folder: &Folder, replay: &'a Replay, pin: &Pin, version: u64) -> Result<&'a Table, Fault> {
    let table = replay.table(version)?;
    if !json::same(&pin.state.content, &table.content()?.to_text()?) {
        return Err(Fault::Missing(format!(
            "version {version} in the table's log is not what was pinned as `{}`: the table was made anew since, or \
             another plugin version pinned it",
            pin.state.version
        )));
    }
    files::check(folder, table)?;
    Ok(table)
}

fn change(
    folder: &Folder,
    connection: &str,
    moment: &Context,
    replay: &Replay,
    from: &Position,
    to: &Table,
) -> Result<Change, Fault> {
    let difference = Difference::between(from.table, to)?;
    let next = from.version + 1;
    let operation = Operation {
        summary: format!("restore the content of v{} as v{next}", to.version),
        write: Write::Object(ObjectWrite {
            connection: connection.to_owned(),
            key: folder.key(&commit_key(next)),
            content: Some(difference.commit(moment, from.version, to.version)?),
            expect: Expectation::Absent,
        }),
        yields: to.content()?.to_text()?,
        // The files that leave stay in the folder until a VACUUM past the table's retention.
        reversibility: Reversibility::Reversible,
        touches: difference.touches(),
    };
    Ok(Change {
        operations: vec![operation],
        factors: streams(replay, from, to).into_iter().collect(),
        loss: loss(replay, from, to, &difference),
        notes: notes::of(from.table, to, &difference)?,
    })
}

/// That streaming writers recorded progress in what is set aside.
fn streams(replay: &Replay, from: &Position, to: &Table) -> Option<RiskFactor> {
    let since = replay.commits(to.version, from.table.version).flat_map(|commit| &commit.streams);
    let names: BTreeSet<String> = since.map(|app| format!("`{app}`")).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let cause = format!("streaming writers wrote since ({names}) and will not send again what is set aside");
    (!names.is_empty()).then(|| RiskFactor::new(cause, STREAMS_SCORE))
}

/// What came after the target's version; nothing where the path leads forward.
fn loss(replay: &Replay, from: &Position, to: &Table, difference: &Difference) -> Option<Loss> {
    let mut commits = replay.commits(to.version, from.table.version);
    let since = commits.next()?.at?;
    Some(Loss { since, changes: from.table.version - to.version, rows: difference.rows_set_aside() })
}
