//! Conditions of a batch: checked and applied inside its transaction, before its entries.

use belay_domain::digest::Digest;
use belay_domain::id::{EnvironmentName, Epoch, Millis, ResourceAddress, RunId};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{destroy, hold};
use crate::draft::{Condition, Holder};
use crate::error::Error;
use crate::kind::KEY_ROTATED;

/// Applies one condition; what it changed is undone by the caller's savepoint if a later one fails. `first` is the number
/// that the batch's first entry gets.
pub(super) fn apply(connection: &Connection, condition: &Condition, first: u64) -> Result<(), Error> {
    match condition {
        Condition::OwnRun { run, epoch, expect } => own(connection, run, *epoch, *expect),
        Condition::OwnerIs { run, epoch } => require_owner(connection, run, Some(*epoch)),
        Condition::Lock { resources, run, epoch, since, who } => {
            resources.iter().try_for_each(|(environment, resource)| {
                let (environment, resource) = (environment.clone(), resource.clone());
                let holder =
                    Holder { environment, resource, run: run.clone(), epoch: *epoch, since: *since, who: who.clone() };
                lock(connection, &holder)
            })
        }
        Condition::Unlock { run } => {
            connection.prepare_cached("DELETE FROM lock WHERE run = ?1")?.execute([run.as_str()])?;
            Ok(())
        }
        Condition::UseOnce { nonce, run } => use_once(connection, nonce, run),
        Condition::SignWith { before, after } => sign_with(connection, &before.to_string(), &after.to_string()),
        Condition::Newest { kind, expect } => require_newest(connection, kind, *expect),
        Condition::Redact { seq, blobs } => destroy::blobs(connection, *seq, blobs, first),
        Condition::Retain { scopes, kept } => destroy::scopes(connection, scopes, kept, first),
        Condition::Hold(what) => hold::set(connection, what, first),
        Condition::Lift(hold) => hold::lift(connection, *hold),
    }
}

fn sign_with(connection: &Connection, before: &str, after: &str) -> Result<(), Error> {
    let mut statement = connection.prepare_cached("UPDATE meta SET verifier = ?2 WHERE verifier = ?1")?;
    if statement.execute((before, after))? == 1 { Ok(()) } else { Err(Error::Moved { kind: KEY_ROTATED.to_owned() }) }
}

pub(super) fn owner(connection: &Connection, run: &RunId) -> Result<Option<Epoch>, Error> {
    let mut statement = connection.prepare_cached("SELECT epoch FROM owner WHERE run = ?1")?;
    let epoch = statement.query_row([run.as_str()], |row| row.get(0)).optional()?;
    Ok(epoch.map(Epoch))
}

fn require_owner(connection: &Connection, run: &RunId, expected: Option<Epoch>) -> Result<(), Error> {
    let found = owner(connection, run)?;
    if found == expected { Ok(()) } else { Err(Error::NotOwner { run: run.clone(), expected, found }) }
}

fn own(connection: &Connection, run: &RunId, epoch: Epoch, expect: Option<Epoch>) -> Result<(), Error> {
    if expect.is_some_and(|expect| epoch <= expect) {
        return Err(Error::Invalid(format!("epoch {} does not follow the owner's", epoch.0)));
    }
    require_owner(connection, run, expect)?;
    let sql = "INSERT INTO owner VALUES (?1, ?2) ON CONFLICT (run) DO UPDATE SET epoch = excluded.epoch";
    connection.prepare_cached(sql)?.execute((run.as_str(), epoch.0))?;
    Ok(())
}

fn lock(connection: &Connection, wanted: &Holder) -> Result<(), Error> {
    let (environment, resource) = (wanted.environment.as_str(), wanted.resource.to_string());
    let sql = "SELECT environment, resource, run, epoch, since, who FROM lock WHERE environment = ?1 AND resource = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row((environment, &resource), |row| Ok(holder(row))).optional()?.transpose()?;
    match found {
        Some(found) if found.run != wanted.run => Err(Error::Held(Box::new(found))),
        Some(_) => Ok(()),
        None => {
            let values = (environment, &resource, wanted.run.as_str(), wanted.epoch.0, wanted.since.0, &wanted.who);
            connection.prepare_cached("INSERT INTO lock VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(values)?;
            Ok(())
        }
    }
}

fn use_once(connection: &Connection, nonce: &Digest, run: &RunId) -> Result<(), Error> {
    let mut statement = connection.prepare_cached("SELECT run FROM used WHERE nonce = ?1")?;
    let user: Option<String> = statement.query_row([nonce.as_bytes()], |row| row.get(0)).optional()?;
    match user {
        Some(user) => Err(Error::AlreadyUsed { run: name(user)? }),
        None => {
            let mut statement = connection.prepare_cached("INSERT INTO used VALUES (?1, ?2)")?;
            statement.execute((nonce.as_bytes(), run.as_str()))?;
            Ok(())
        }
    }
}

fn require_newest(connection: &Connection, kind: &str, expected: Option<u64>) -> Result<(), Error> {
    let mut statement = connection.prepare_cached("SELECT max(seq) FROM entry WHERE kind = ?1")?;
    let found: Option<u64> = statement.query_row([kind], |row| row.get(0))?;
    if found == expected { Ok(()) } else { Err(Error::Moved { kind: kind.to_owned() }) }
}

pub(super) fn holders(connection: &Connection) -> Result<Vec<Holder>, Error> {
    let mut statement = connection.prepare_cached("SELECT environment, resource, run, epoch, since, who FROM lock")?;
    let rows = statement.query_and_then([], holder)?;
    rows.collect()
}

fn holder(row: &Row<'_>) -> Result<Holder, Error> {
    Ok(Holder {
        environment: name::<EnvironmentName>(row.get(0)?)?,
        resource: name::<ResourceAddress>(row.get(1)?)?,
        run: name(row.get(2)?)?,
        epoch: Epoch(row.get(3)?),
        since: Millis(row.get(4)?),
        who: row.get(5)?,
    })
}

fn name<T: TryFrom<String, Error: ToString>>(text: String) -> Result<T, Error> {
    text.try_into().map_err(|error: T::Error| Error::Corrupt(error.to_string()))
}
