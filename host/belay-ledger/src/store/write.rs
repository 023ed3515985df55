//! The connection that writes. Sequence and tree head are read inside each transaction, never remembered across one
//! without looking whether another process appended.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, Row};

use super::blobs::{BlobFolder, SealedBlob, place};
use super::keys::{self, Claim};
use super::read::{entries_from, frontier, size, stored_hashes};
use super::{Database, Sync, condition, log_file};
use crate::draft::Condition;
use crate::entry::Prepared;
use crate::error::Error;
use crate::tree::{Frontier, TreeHead};
use crate::vault::Scope;

/// SQLite's page, in bytes.
const PAGE: usize = 4096;

/// The connection that appends.
pub(crate) struct Writing {
    connection: Connection,
    /// The write-ahead log's file.
    log: PathBuf,
    /// The tree as of this process's last commit; caught up in each transaction.
    frontier: Frontier,
}

impl Writing {
    /// Opens it with the tree as somebody has read it; what was appended since is caught up with.
    pub(crate) fn open(database: &Database, frontier: Frontier) -> Result<Self, Error> {
        Ok(Self { connection: database.connect(Sync::Full)?, log: database.wal(), frontier })
    }

    #[cfg(test)]
    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The live key of a scope, as of now; `None` where it has none yet.
    pub(crate) fn live_key(&self, scope: &Scope) -> Result<Option<u64>, Error> {
        keys::live(&self.connection, scope)
    }

    /// The number that the next new key gets, as of now.
    pub(crate) fn next_key(&self) -> Result<u64, Error> {
        keys::next(&self.connection)
    }

    /// The tree as of the last commit that this connection knows.
    pub(crate) fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    /// Begins to write; waits for other processes that do.
    pub(crate) fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let frontier = self.frontier.clone();
        let mut transaction = Transaction { writing: self, frontier, open: true };
        transaction.catch_up()?;
        Ok(transaction)
    }

    /// Bytes of the write-ahead log that are not in the database yet. Its file says nothing of that: it keeps its size
    /// when it begins anew.
    pub(crate) fn pending(&self) -> Result<usize, Error> {
        let frames = |row: &Row<'_>| Ok(row.get::<_, i64>(1)?.saturating_sub(row.get(2)?));
        let frames = self.connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], frames)?;
        Ok(usize::try_from(frames).unwrap_or(0).saturating_mul(PAGE))
    }

    /// Moves what is committed from the write-ahead log into the database, as far as no reader needs it there.
    pub(crate) fn checkpoint(&self) -> Result<(), Error> {
        self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// [`Writing::checkpoint`], and empties the write-ahead log unless somebody else uses it: what was moved is known to
    /// open connections only, so that the next process would read and move all of it again. Waits for nobody.
    pub(crate) fn empty_log(&self) -> Result<(), Error> {
        self.connection.busy_timeout(Duration::ZERO)?;
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Makes the write-ahead log's file long enough for whoever writes next, unless somebody else is writing.
    pub(crate) fn lengthen_log(&self) -> Result<(), Error> {
        if !log_file::is_short(&self.log) {
            return Ok(());
        }
        self.connection.busy_timeout(Duration::ZERO)?;
        match self.connection.execute_batch("BEGIN IMMEDIATE").map_err(Error::from) {
            Ok(()) => {
                let lengthened = log_file::lengthen(&self.log);
                self.connection.execute_batch("ROLLBACK")?;
                lengthened
            }
            Err(Error::Busy) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// One transaction; without [`Transaction::commit`] nothing of it happened.
pub(crate) struct Transaction<'a> {
    writing: &'a mut Writing,
    frontier: Frontier,
    open: bool,
}

impl Transaction<'_> {
    /// The sequence number that the next entry gets.
    pub(crate) fn next(&self) -> u64 {
        self.frontier.size()
    }

    /// Makes data keys those of their scopes; `false` if one is not to be had any more, and then the transaction can only
    /// be dropped, and begun anew with what holds now.
    pub(crate) fn claim(&self, claims: &[Claim]) -> Result<bool, Error> {
        for claim in claims {
            if !keys::claim(&self.writing.connection, claim)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Checks and applies conditions. If one fails, none has changed anything, and the transaction goes on.
    pub(crate) fn apply(&self, conditions: &[Condition]) -> Result<(), Error> {
        if conditions.is_empty() {
            return Ok(());
        }
        let connection = &self.writing.connection;
        connection.prepare_cached("SAVEPOINT batch")?.execute([])?;
        let applied = conditions.iter().try_for_each(|condition| condition::apply(connection, condition, self.next()));
        if applied.is_err() {
            connection.prepare_cached("ROLLBACK TO batch")?.execute([])?;
        }
        connection.prepare_cached("RELEASE batch")?.execute([])?;
        applied
    }

    /// Appends an entry with its objects, and its blobs as they were encrypted. After an error the transaction can only be
    /// dropped.
    pub(crate) fn insert(&mut self, entry: &Prepared, blobs: &[SealedBlob]) -> Result<(), Error> {
        let seq = self.next();
        let bytes = entry.at(seq)?;
        let connection = &self.writing.connection;
        connection.prepare_cached("INSERT INTO entry VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute((
            seq,
            entry.run.as_ref().map(|name| name.as_str()),
            &entry.kind,
            entry.incident.as_ref().map(|name| name.as_str()),
            entry.environment.as_ref().map(|name| name.as_str()),
            &bytes,
        ))?;
        for (n, blob) in blobs.iter().enumerate() {
            let place = place(seq, n).ok_or_else(|| Error::Invalid("an entry has too many blobs".to_owned()))?;
            let mut statement = connection.prepare_cached("INSERT INTO blob VALUES (?1, ?2, ?3)")?;
            statement.execute((place, blob.key, &blob.bytes))?;
        }
        for object in &entry.objects {
            let mut statement = connection.prepare_cached("INSERT OR IGNORE INTO object VALUES (?1, ?2)")?;
            statement.execute((object.digest.as_bytes(), BlobFolder::inline(&object.bytes)))?;
        }
        let mut completed = Vec::new();
        self.frontier.push(&bytes, |subtree| completed.push(subtree));
        for subtree in completed {
            let mut statement = connection.prepare_cached("INSERT INTO subtree VALUES (?1, ?2, ?3)")?;
            statement.execute((subtree.level, subtree.index, subtree.hash.as_bytes()))?;
        }
        Ok(())
    }

    /// Makes it durable.
    pub(crate) fn commit(mut self) -> Result<TreeHead, Error> {
        self.writing.connection.prepare_cached("COMMIT")?.execute([])?;
        self.open = false;
        self.writing.frontier = std::mem::take(&mut self.frontier);
        Ok(self.writing.frontier.head())
    }

    /// Adds what other processes appended since.
    fn catch_up(&mut self) -> Result<(), Error> {
        let held = size(&self.writing.connection)?;
        let known = self.frontier.size();
        if held < known {
            return Err(Error::Corrupt(format!("{held} entries where {known} were")));
        }
        if held - known > 256 {
            let connection = &self.writing.connection;
            self.frontier = frontier(held, &mut |level, from, to| stored_hashes(connection, level, from, to))?;
            return Ok(());
        }
        entries_from(&self.writing.connection, known, held, |bytes| self.frontier.push(bytes, |_| ()))
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open && !self.writing.connection.is_autocommit() {
            // It fails where SQLite has rolled back by itself.
            let _ = self.writing.connection.execute_batch("ROLLBACK");
        }
    }
}
