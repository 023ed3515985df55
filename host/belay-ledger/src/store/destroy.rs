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
        let going = format!(
            "FROM blob JOIN data_key ON data_key.id = blob.key JOIN entry ON entry.seq = blob.id >> {PLACE_BITS}
             WHERE data_key.scope = ?1 AND entry.kind NOT IN (SELECT value FROM json_each(?2))
             AND blob.id NOT IN (SELECT id FROM redacted)"
        );
        let sql = format!("SELECT DISTINCT entry.seq {going}");
        let mut statement = connection.prepare_cached(&sql)?;
        let seqs: BTreeSet<u64> =
            statement.query_map((scope.column(), &kept), |row| row.get(0))?.collect::<Result<_, _>>()?;
        seqs.into_iter().try_for_each(|seq| refuse_held(connection, seq))?;
        let sql = format!("INSERT INTO redacted SELECT blob.id, ?3 {going}");
        connection.prepare_cached(&sql)?.execute((scope.column(), &kept, by))?;
        let doom = "UPDATE data_key SET state = ?2 WHERE scope = ?1 AND state = 0";
        connection.prepare_cached(doom)?.execute((scope.column(), DOOMED))?;
    }
    Ok(())
}

fn refuse_held(connection: &Connection, seq: u64) -> Result<(), Error> {
    hold::over(connection, seq)?.map_or(Ok(()), |hold| Err(Error::OnHold { seq, hold }))
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
        let mut statement =
            self.connection.prepare_cached("SELECT id, scope FROM data_key WHERE state = 1 ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
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
