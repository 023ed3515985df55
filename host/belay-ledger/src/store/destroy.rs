//! Blobs that are to go, and what must move to another key before theirs is destroyed. Every step can be taken again.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _};

use super::blobs::{PLACE_BITS, SealedBlob, place};
use super::keys::{self, DESTROYED, DOOMED};
use super::{Database, Sync, hold};
use crate::error::Error;
use crate::vault::Scope;

/// Marks blobs of an entry as taken away by the entry `by`, and dooms their keys.
pub(super) fn blobs(connection: &Connection, seq: u64, blobs: &[usize], by: u64) -> Result<(), Error> {
    refuse_held(connection, seq)?;
    for n in blobs {
        let place = place(seq, *n).ok_or_else(|| Error::Invalid(format!("entry {seq} has no blob {n}")))?;
        connection.prepare_cached("INSERT OR IGNORE INTO redacted VALUES (?1, ?2)")?.execute((place, by))?;
        let doom = "UPDATE data_key SET state = ?2 WHERE state = 0 AND id = (SELECT key FROM blob WHERE id = ?1)";
        connection.prepare_cached(doom)?.execute((place, DOOMED))?;
    }
    Ok(())
}

/// Marks the blobs of whole scopes as taken away by the entry `by`, and dooms their keys.
pub(super) fn scopes(connection: &Connection, scopes: &[Scope], kept: &[String], by: u64) -> Result<(), Error> {
    let kept = serde_json::to_string(kept).map_err(|error| Error::Invalid(error.to_string()))?;
    for scope in scopes {
        going(connection, &scope.column(), &kept)?.into_iter().try_for_each(|seq| refuse_held(connection, seq))?;
        let sql = format!("INSERT INTO redacted SELECT blob.id, ?3 {}", left("data_key.scope = ?1", "?2"));
        connection.prepare_cached(&sql)?.execute((scope.column(), &kept, by))?;
        let doom = "UPDATE data_key SET state = ?2 WHERE scope = ?1 AND state = 0";
        connection.prepare_cached(doom)?.execute((scope.column(), DOOMED))?;
    }
    Ok(())
}

/// What is left under live keys of each scope, but for entries of kinds that are kept.
pub(super) fn retainable(connection: &Connection, kept: &[String]) -> Result<Vec<Retainable>, Error> {
    let kept = serde_json::to_string(kept).map_err(|error| Error::Invalid(error.to_string()))?;
    let sql = format!(
        "SELECT data_key.scope, count(*) {} GROUP BY data_key.scope ORDER BY data_key.scope",
        left("data_key.state = 0", "?1")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([&kept], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rows: Vec<(String, u64)> = rows.collect::<Result<_, _>>()?;
    let anything_held = !hold::all(connection)?.is_empty();
    rows.into_iter()
        .map(|(column, blobs)| {
            let held_by = if anything_held { held(connection, &column, &kept)? } else { None };
            Ok(Retainable { scope: Scope::of_column(&column)?, blobs, held_by })
        })
        .collect()
}

/// The first hold on an entry whose blobs would go with a scope.
fn held(connection: &Connection, scope: &str, kept: &str) -> Result<Option<u64>, Error> {
    for seq in going(connection, scope, kept)? {
        if let Some(hold) = hold::over(connection, seq)? {
            return Ok(Some(hold));
        }
    }
    Ok(None)
}

/// The entries whose blobs go with a scope.
fn going(connection: &Connection, scope: &str, kept: &str) -> Result<BTreeSet<u64>, Error> {
    let sql = format!("SELECT DISTINCT entry.seq {}", left("data_key.scope = ?1", "?2"));
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((scope, kept), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// From and where of blobs that nobody took away yet; `kept` is a parameter with kinds of entries as a JSON list.
fn left(which: &str, kept: &str) -> String {
    format!(
        "FROM blob JOIN data_key ON data_key.id = blob.key JOIN entry ON entry.seq = blob.id >> {PLACE_BITS}
         WHERE {which} AND entry.kind NOT IN (SELECT value FROM json_each({kept}))
         AND blob.id NOT IN (SELECT id FROM redacted)"
    )
}

fn refuse_held(connection: &Connection, seq: u64) -> Result<(), Error> {
    hold::over(connection, seq)?.map_or(Ok(()), |hold| Err(Error::OnHold { seq, hold }))
}

/// Blobs of a scope that could go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Retainable {
    /// Their scope.
    pub scope: Scope,
    /// How many there are.
    pub blobs: u64,
    /// The entry that set a hold on one of them.
    pub held_by: Option<u64>,
}

/// The keys that are to be destroyed, with the scopes that they were for.
pub(super) fn doomed(connection: &Connection) -> Result<Vec<(u64, String)>, Error> {
    let mut statement = connection.prepare_cached("SELECT id, scope FROM data_key WHERE state = 1 ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A connection that does what redactions left to do.
pub(crate) struct Doomed {
    connection: Connection,
}

/// A blob that stays, though its key goes.
pub(crate) struct Staying {
    /// Its key in the database.
    pub(crate) place: i64,
    /// The entry that it came with.
    pub(crate) seq: u64,
    /// Its place among the entry's blobs.
    pub(crate) n: usize,
}

impl Doomed {
    pub(crate) fn open(database: &Database) -> Result<Self, Error> {
        Ok(Self { connection: database.connect(Sync::Full)? })
    }

    /// The keys that are to be destroyed, with the scopes that they were for.
    pub(crate) fn keys(&self) -> Result<Vec<(u64, String)>, Error> {
        doomed(&self.connection)
    }

    /// The live key that what stays of a scope moves to, made if there is none. The caller makes sure that the file of
    /// keys has it before anything is encrypted under it.
    pub(crate) fn successor(&mut self, scope: &str) -> Result<u64, Error> {
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let sql = "SELECT id FROM data_key WHERE scope = ?1 AND state = 0";
        let live: Option<u64> = transaction.query_row(sql, [scope], |row| row.get(0)).optional()?;
        let key = match live {
            Some(key) => key,
            None => {
                let key = keys::next(&transaction)?;
                transaction.execute("INSERT INTO data_key VALUES (?1, ?2, ?3)", (key, scope, keys::LIVE))?;
                key
            }
        };
        transaction.commit()?;
        Ok(key)
    }

    /// The blobs under a key that no entry took away, behind `after`, a few at a time.
    pub(crate) fn staying(&self, key: u64, after: i64) -> Result<Vec<Staying>, Error> {
        let sql = format!(
            "SELECT id, id >> {PLACE_BITS}, id & {} FROM blob WHERE key = ?1 AND id > ?2
             AND id NOT IN (SELECT id FROM redacted) ORDER BY id LIMIT 64",
            (1 << PLACE_BITS) - 1
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement
            .query_map((key, after), |row| Ok(Staying { place: row.get(0)?, seq: row.get(1)?, n: row.get(2)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Replaces ciphertexts by others under a new key, unless somebody was faster.
    pub(crate) fn replace(&mut self, old: u64, moved: &[(i64, SealedBlob)]) -> Result<(), Error> {
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for (place, blob) in moved {
            let sql = "UPDATE blob SET key = ?3, bytes = ?4 WHERE id = ?1 AND key = ?2";
            transaction.prepare_cached(sql)?.execute((place, old, blob.key, &blob.bytes))?;
        }
        Ok(transaction.commit()?)
    }

    /// Removes the rows of what was taken away, once their key is destroyed, and closes the key's books.
    pub(crate) fn close(&mut self, key: u64) -> Result<(), Error> {
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute("DELETE FROM blob WHERE key = ?1 AND id IN (SELECT id FROM redacted)", [key])?;
        transaction.execute("UPDATE data_key SET state = ?2 WHERE id = ?1", (key, DESTROYED))?;
        Ok(transaction.commit()?)
    }
}
