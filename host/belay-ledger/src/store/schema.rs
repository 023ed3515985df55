//! The tables, and which version of them this code knows.

use belay_domain::digest::Digest;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use super::{Database, log_file};
use crate::error::Error;

/// The version of the tables that this code makes, and the only one that it opens: the tables changed before the first
/// release.
pub(crate) const SCHEMA: i64 = 3;
/// `blay`: marks the file as a ledger of ours.
const APPLICATION: i64 = 0x626c_6179;

/// `entry` grows at its end only, so its key is the rowid and an append touches its last page. Its columns beside
/// `bytes` repeat what the bytes say, for look-ups; they come first, so that a look-up does not read the bytes. `blob`
/// grows at its end too: its key is [`super::blobs::place`]. Under their commitments, which are random, each blob would
/// cost a commit a page or two of its own. `object` has few rows, and those are looked up by digest: without a rowid a
/// small one costs one page instead of two.
///
/// A blob's `bytes` are ciphertext under the key numbered `key`, in a file where they are large. `data_key` says what
/// each number is for; its states are those of [`super::keys`]. `redacted` has the keys of blobs that an entry took away.
///
/// `subtree` holds the hashes of the tiles above level 0; it follows from the entries, as the tables below it follow
/// from what entries say. Only `counter` stands for itself.
const TABLES: &str = "
CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 0), origin TEXT NOT NULL, verifier TEXT NOT NULL) STRICT;
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY, run TEXT, kind TEXT NOT NULL, incident TEXT, environment TEXT, bytes BLOB NOT NULL
) STRICT;
CREATE INDEX entry_run ON entry (run) WHERE run IS NOT NULL;
CREATE INDEX entry_kind ON entry (kind);
CREATE INDEX entry_incident ON entry (incident) WHERE incident IS NOT NULL;
CREATE TABLE subtree (level INTEGER, n INTEGER, hash BLOB NOT NULL, PRIMARY KEY (level, n)) STRICT, WITHOUT ROWID;
CREATE TABLE blob (id INTEGER PRIMARY KEY, key INTEGER NOT NULL, bytes BLOB) STRICT;
CREATE INDEX blob_key ON blob (key);
CREATE TABLE data_key (id INTEGER PRIMARY KEY, scope TEXT NOT NULL, state INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX data_key_scope ON data_key (scope) WHERE state = 0;
CREATE INDEX data_key_doomed ON data_key (id) WHERE state = 1;
CREATE TABLE object (digest BLOB PRIMARY KEY, bytes BLOB) STRICT, WITHOUT ROWID;

CREATE TABLE redacted (id INTEGER PRIMARY KEY, by INTEGER NOT NULL) STRICT;
CREATE TABLE hold (seq INTEGER PRIMARY KEY, what TEXT NOT NULL, name TEXT) STRICT;
CREATE TABLE owner (run TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE lock (
    environment TEXT, resource TEXT, run TEXT NOT NULL, epoch INTEGER NOT NULL, since INTEGER NOT NULL,
    who TEXT NOT NULL, PRIMARY KEY (environment, resource)
) STRICT, WITHOUT ROWID;
CREATE TABLE used (nonce BLOB PRIMARY KEY, run TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// What a ledger says about itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Meta {
    /// The log's origin, the name of its key.
    pub(crate) origin: String,
    /// The key that verifies its checkpoints, as text.
    pub(crate) verifier: String,
}

/// Makes the database of a new ledger.
pub(crate) fn create(database: &Database, meta: &Meta) -> Result<(), Error> {
    let connection = database.open(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(TABLES)?;
    connection.execute("INSERT INTO meta VALUES (0, ?1, ?2)", (&meta.origin, &meta.verifier))?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", SCHEMA)?;
    connection.execute_batch("COMMIT")?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    // Nobody else knows of this database yet.
    log_file::lengthen(&database.wal())
}

impl Meta {
    /// Reads it, and refuses what is no ledger and a ledger that a newer belay made.
    pub(crate) fn read(connection: &Connection, database: &Database) -> Result<Self, Error> {
        let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        let no_ledger =
            |problem: &str| Error::NoLedger { path: database.path().to_owned(), problem: problem.to_owned() };
        if number("application_id")? != APPLICATION {
            return Err(no_ledger("another program's database"));
        }
        let found = number("user_version")?;
        if found > SCHEMA {
            return Err(Error::NewerSchema { found, known: SCHEMA });
        }
        if found < SCHEMA {
            return Err(Error::OlderSchema { found, known: SCHEMA });
        }
        let meta = connection.query_row("SELECT origin, verifier FROM meta", [], |row| {
            Ok(Self { origin: row.get(0)?, verifier: row.get(1)? })
        });
        meta.optional()?.ok_or_else(|| no_ledger("it does not say its origin"))
    }
}

/// A column that holds a hash.
pub(super) fn digest(bytes: &[u8]) -> Result<Digest, Error> {
    let bytes = bytes.try_into().map_err(|_| Error::Corrupt("a hash in the database has not 32 bytes".to_owned()))?;
    Ok(Digest::from_bytes(bytes))
}
