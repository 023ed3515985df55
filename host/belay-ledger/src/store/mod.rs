//! The database. All SQL is in this folder. Nothing here waits for a queue or signs anything.

mod blobs;
mod condition;
mod destroy;
mod hold;
mod keys;
mod log_file;
mod number;
mod read;
mod schema;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::Error;

pub(crate) use blobs::{BlobFolder, SealedBlob};
pub(crate) use destroy::Doomed;
pub use destroy::Retainable;
pub(crate) use keys::Claim;
pub use read::Filter;
pub(crate) use read::{BlobRow, Columns, Reader, Row};
pub(crate) use schema::{Meta, create};
pub(crate) use write::{Transaction, Writing};

/// The database's file within the state folder.
pub(crate) const DATABASE: &str = "ledger.db";
/// How long a process waits for others that write.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// When a commit is durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sync {
    /// When it returns.
    Full,
    /// When a later commit of a `Full` connection returns.
    Later,
}

/// The database of a state folder, before anybody has connected to it.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    path: PathBuf,
}

impl Database {
    pub(crate) fn of(folder: &Path) -> Self {
        Self { path: folder.join(DATABASE) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// SQLite's write-ahead log beside it.
    pub(crate) fn wal(&self) -> PathBuf {
        let mut path = self.path.clone();
        path.as_mut_os_string().push("-wal");
        path
    }

    /// Opens a connection to what [`create`] made.
    pub(crate) fn connect(&self, sync: Sync) -> Result<Connection, Error> {
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        match sync {
            Sync::Full => connection.pragma_update(None, "synchronous", "FULL")?,
            Sync::Later => connection.pragma_update(None, "synchronous", "NORMAL")?,
        }
        Ok(connection)
    }

    fn open(&self, flags: OpenFlags) -> Result<Connection, Error> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(64);
        // The writer checkpoints when nobody waits for it; see `writer`.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        // A cached statement would otherwise be compiled again whenever another value is bound to it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(connection)
    }
}
