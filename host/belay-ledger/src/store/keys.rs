//! Which data key encrypts what. Knows the keys' numbers, never the keys.

use rusqlite::{Connection, OptionalExtension as _};

use crate::error::Error;
use crate::vault::Scope;

/// New blobs of its scope are encrypted under it.
pub(super) const LIVE: i64 = 0;
/// An entry said that something under it must go: what stays moves to another key, then it is destroyed.
pub(super) const DOOMED: i64 = 1;
/// It is destroyed. The row stays, so that no key gets its number.
pub(super) const DESTROYED: i64 = 2;

/// A data key that a commit uses for a scope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Claim {
    pub(crate) scope: Scope,
    pub(crate) key: u64,
}

/// The live key of a scope.
pub(super) fn live(connection: &Connection, scope: &Scope) -> Result<Option<u64>, Error> {
    let mut statement = connection.prepare_cached("SELECT id FROM data_key WHERE scope = ?1 AND state = 0")?;
    Ok(statement.query_row([scope.column()], |row| row.get(0)).optional()?)
}

/// The number behind all that were ever given.
pub(super) fn next(connection: &Connection) -> Result<u64, Error> {
    let last: Option<u64> =
        connection.prepare_cached("SELECT max(id) FROM data_key")?.query_row([], |row| row.get(0))?;
    Ok(last.unwrap_or(0) + 1)
}

/// Makes the key the scope's, inside a transaction; `false` if another process was faster, or the key is live no more.
pub(super) fn claim(connection: &Connection, claim: &Claim) -> Result<bool, Error> {
    if let Some(key) = live(connection, &claim.scope)? {
        return Ok(key == claim.key);
    }
    if next(connection)? != claim.key {
        return Ok(false);
    }
    let mut statement = connection.prepare_cached("INSERT INTO data_key VALUES (?1, ?2, ?3)")?;
    statement.execute((claim.key, claim.scope.column(), LIVE))?;
    Ok(true)
}
