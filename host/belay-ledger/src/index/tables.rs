//! The index's tables. Nothing here waits for the disk: what is lost is made again.

use std::ops::Range;
use std::path::Path;

use belay_domain::digest::Digest;
use belay_domain::id::Millis;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::Described;
use crate::entry::Entry;
use crate::error::Error;
use crate::store::BUSY_TIMEOUT;

/// `bidx`: marks the file as an index of ours.
const APPLICATION: i64 = 0x6269_6478;

/// `word` keeps no text: what it finds is read from the log.
const TABLES: &str = "
CREATE TABLE reached (id INTEGER PRIMARY KEY CHECK (id = 0), seq INTEGER NOT NULL, leaf BLOB NOT NULL) STRICT;
CREATE TABLE place (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, run TEXT) STRICT;
CREATE INDEX place_at ON place (at);
CREATE INDEX place_run ON place (run) WHERE run IS NOT NULL;
CREATE TABLE term (field TEXT, value TEXT, seq INTEGER, PRIMARY KEY (field, value, seq)) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE word USING fts5 (text, content = '', columnsize = 0);
";

/// Opens what is there, or makes it; an error where it is something else.
pub(super) fn open(path: &Path, version: u32) -> Result<Connection, Error> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(32);
    // A crash of the process loses nothing that matters; after one of the machine the index is made again.
    connection.pragma_update(None, "synchronous", "OFF")?;
    let transaction = begin(&mut connection)?;
    let number = |pragma| transaction.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION, found) if found == i64::from(version) => {}
        (0, 0) => {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", version)?;
        }
        _ => return Err(Error::Corrupt("the index was made by another belay".to_owned())),
    }
    transaction.commit()?;
    Ok(connection)
}

/// Whoever begins waits for others that take entries up: each entry is taken up once.
pub(super) fn begin(connection: &mut Connection) -> Result<Transaction<'_>, Error> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

pub(super) fn last(connection: &Connection) -> Result<Option<(u64, Vec<u8>)>, Error> {
    let mut statement = connection.prepare_cached("SELECT seq, leaf FROM reached")?;
    Ok(statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// The first entry that has not been taken up.
pub(super) fn next(connection: &Connection) -> Result<u64, Error> {
    Ok(last(connection)?.map_or(0, |(seq, _)| seq + 1))
}

pub(super) fn reached(connection: &Connection, seq: u64, leaf: Option<&Digest>) -> Result<(), Error> {
    let leaf = leaf.ok_or_else(|| Error::Corrupt(format!("entry {seq} is missing")))?;
    connection.execute("INSERT OR REPLACE INTO reached VALUES (0, ?1, ?2)", (seq, leaf.as_bytes()))?;
    Ok(())
}

pub(super) fn add(connection: &Connection, entry: &Entry, described: &Described) -> Result<(), Error> {
    let run = entry.run.as_ref().map(|run| run.as_str());
    connection.prepare_cached("INSERT INTO place VALUES (?1, ?2, ?3)")?.execute((entry.seq, entry.at.0, run))?;
    let mut term = connection.prepare_cached("INSERT OR IGNORE INTO term VALUES (?1, ?2, ?3)")?;
    for (field, value) in &described.terms {
        term.execute((field, value, entry.seq))?;
    }
    let mut word = connection.prepare_cached("INSERT INTO word (rowid, text) VALUES (?1, ?2)")?;
    word.execute((entry.seq, &described.text))?;
    Ok(())
}

pub(super) fn span(connection: &Connection, from: Millis, before: Millis) -> Result<Range<u64>, Error> {
    let ask = |sql: &str, at: Millis| -> Result<Option<u64>, Error> {
        Ok(connection.query_row(sql, [i64::try_from(at.0).unwrap_or(i64::MAX)], |row| row.get(0))?)
    };
    let first = ask("SELECT min(seq) FROM place WHERE at >= ?1", from)?;
    let last = ask("SELECT max(seq) FROM place WHERE at < ?1", before)?;
    let end = last.map_or(0, |last| last + 1);
    // Where nothing was recorded in that time, it is the empty place between what came before and what came after.
    let first = first.unwrap_or(end);
    Ok(first.min(end)..end.max(first.min(end)))
}
