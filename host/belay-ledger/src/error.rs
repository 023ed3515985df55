//! What can go wrong with the ledger, and what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};

use belay_domain::digest::Digest;
use belay_domain::id::{Epoch, RunId};
use rusqlite::{ErrorCode, ffi};

use crate::draft::Holder;

/// Why the ledger refused. It can be cloned, because one failed commit answers many who waited for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing was written.
    #[error("the entry `{kind}` takes {size} bytes, and {max} is the most; what is large belongs in a blob", max = crate::entry::MAX_BYTES)]
    TooLarge {
        /// The entry's kind.
        kind: String,
        /// What it would take, in bytes.
        size: usize,
    },
    /// The draft can't become an entry. Nothing was written.
    #[error("not an entry: {0}")]
    Invalid(String),
    /// Another run holds a resource. Nothing of the batch was written.
    #[error("{} in {} is held by {} ({}) since {} ms", .0.resource, .0.environment, .0.run, .0.who, .0.since.0)]
    Held(Box<Holder>),
    /// The run's owner is not the one that the batch expected. Nothing of the batch was written.
    #[error("the run {run} is {}, not {}", owned(*found), owned(*expected))]
    NotOwner {
        /// The run.
        run: RunId,
        /// What the batch expected.
        expected: Option<Epoch>,
        /// What the ledger holds.
        found: Option<Epoch>,
    },
    /// What may be used once was used. Nothing of the batch was written.
    #[error("already used by {run}")]
    AlreadyUsed {
        /// The run that used it.
        run: RunId,
    },
    /// Somebody added an entry of a kind that this batch builds on. Nothing of the batch was written.
    #[error("another `{kind}` was added meanwhile")]
    Moved {
        /// The kind.
        kind: String,
    },
    /// Nothing was written; what was recorded stays queued.
    #[error("the disk is full, or a quota is used up; nothing was written")]
    DiskFull,
    /// No run can begin: if the disk became full, there would be nothing to end it with. Nothing was written.
    #[error("the disk is too full to begin a run: its reserve is not there, and can't be made ({cause})")]
    NoReserve {
        /// Why not.
        cause: String,
    },
    /// Nothing was written.
    #[error("{path} can't be written")]
    ReadOnly {
        /// The file or folder.
        path: PathBuf,
    },
    /// Other processes wrote for longer than this one waits. Nothing was written; trying again is safe.
    #[error("other processes kept the ledger busy for {} s; nothing was written", crate::store::BUSY_TIMEOUT.as_secs())]
    Busy,
    /// A sync or a commit failed before, so nobody knows what the disk holds.
    #[error("the ledger stopped after a failed write ({cause}): end this process; the next one reads what is durable")]
    Poisoned {
        /// What failed.
        cause: String,
    },
    /// A newer belay wrote this ledger.
    #[error("the ledger has schema version {found}, this belay knows {known}: use the newer belay")]
    NewerSchema {
        /// The ledger's.
        found: i64,
        /// The newest that this code knows.
        known: i64,
    },
    /// A belay from before the first release wrote this ledger.
    #[error("the ledger has schema version {found}, this belay knows {known} only: use the older belay to read it")]
    OlderSchema {
        /// The ledger's.
        found: i64,
        /// The one that this code knows.
        known: i64,
    },
    /// The database lost entries that were published.
    #[error(
        "the database holds {held} entries, its own checkpoint {published}: it is an old copy; put the newer one back"
    )]
    Behind {
        /// In the database.
        held: u64,
        /// In the published checkpoint.
        published: u64,
    },
    /// The database and the published checkpoint tell different histories.
    #[error("the first {size} entries hash to {found}, the published checkpoint says {published}: run `audit verify`")]
    Forked {
        /// The checkpoint's size.
        size: u64,
        /// The checkpoint's root.
        published: Digest,
        /// The root of the database's entries.
        found: Digest,
    },
    /// The published checkpoint can't be used.
    #[error("{path}: {problem}; put the file back from a copy or from the newest mandate, which contains one")]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A published file holds other bytes than the database says. It was left alone.
    #[error("{path} is not what the entries say; run `audit verify`")]
    TileDiffers {
        /// The tile or entry bundle.
        path: PathBuf,
    },
    /// The signing key can't be used.
    #[error("the signing key {path}: {problem}")]
    Key {
        /// The key's file.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A change of keys is durable and holds, and its files could not be finished: whoever opens the ledger next does it.
    #[error("entry {entry} changed the key, which holds; its files are not finished yet: {cause}")]
    ChangeUnfinished {
        /// The entry.
        entry: u64,
        /// Why not.
        cause: String,
    },
    /// The file of the blobs' keys can't be used.
    #[error("the file of the blobs' keys {path}: {problem}")]
    BlobKeys {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A hold covers what should be destroyed. Nothing of the batch was written.
    #[error("entry {seq} is on hold, by entry {hold}")]
    OnHold {
        /// The entry whose blobs should be destroyed.
        seq: u64,
        /// The entry that set the hold.
        hold: u64,
    },
    /// There is no such hold, or it was lifted. Nothing of the batch was written.
    #[error("entry {0} holds nothing")]
    NoHold(u64),
    /// There is something already where a ledger or a key was to be made.
    #[error("{path} is there already")]
    Exists {
        /// The folder or file.
        path: PathBuf,
    },
    /// There is no ledger.
    #[error("{path} is no ledger: {problem}")]
    NoLedger {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        problem: String,
    },
    /// The database is damaged.
    #[error("the ledger is damaged: {0}; run `audit verify`")]
    Corrupt(String),
    /// The ledger was closed while this waited.
    #[error("the ledger was closed")]
    Closed,
    /// The system refused to write the database, and SQLite does not say why. Nobody knows what the disk holds, unless a
    /// quota is found to be used up: then it is [`Error::DiskFull`].
    #[error("the database: {cause}: a write was refused; a quota, or a limit on the size of files, may be used up")]
    WriteRefused {
        /// What came back.
        cause: String,
    },
    /// Anything else that the operating system or SQLite refused.
    #[error("{what}: {cause}")]
    Io {
        /// What was tried.
        what: String,
        /// What came back.
        cause: String,
    },
}

fn owned(epoch: Option<Epoch>) -> String {
    epoch.map_or_else(|| "owned by nobody".to_owned(), |epoch| format!("in epoch {}", epoch.0))
}

impl Error {
    /// Whether nobody can know what the disk holds after it, so that the ledger must refuse everything from now on.
    pub(crate) fn poisons(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::WriteRefused { .. } | Self::Corrupt(_) | Self::Poisoned { .. })
    }

    /// What is left of an error once the entry of a change of keys is durable.
    pub(crate) fn after_a_change(self, entry: u64) -> Self {
        if self.poisons() { self } else { Self::ChangeUnfinished { entry, cause: self.to_string() } }
    }

    /// Whether it is the answer to one batch alone: a condition of its own did not hold.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Held(_)
                | Self::NotOwner { .. }
                | Self::AlreadyUsed { .. }
                | Self::Moved { .. }
                | Self::OnHold { .. }
                | Self::NoHold(_)
                | Self::TooLarge { .. }
                | Self::Invalid(_)
        )
    }

    pub(crate) fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        if matches!(error.kind(), StorageFull | QuotaExceeded) {
            Self::DiskFull
        } else if matches!(error.kind(), ReadOnlyFilesystem | PermissionDenied) {
            Self::ReadOnly { path: path.to_owned() }
        } else {
            Self::Io { what: format!("{what} {}", path.display()), cause: error.to_string() }
        }
    }

    /// A failed sync, whatever its cause: the kernel may have dropped what it could not write.
    pub(crate) fn sync(path: &Path, error: &io::Error) -> Self {
        Self::Io { what: format!("sync {}", path.display()), cause: error.to_string() }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let Some(code) = error.sqlite_error_code() else {
            return Self::Corrupt(error.to_string());
        };
        // Not every code has an act of the caller that answers it; those that have none are reported as they are.
        if code == ErrorCode::DiskFull {
            Self::DiskFull
        } else if matches!(code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) {
            Self::Busy
        } else if matches!(code, ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) {
            Self::ReadOnly { path: crate::store::DATABASE.into() }
        } else if matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) {
            Self::Corrupt(error.to_string())
        } else if error.sqlite_error().is_some_and(|error| REFUSED_WRITES.contains(&error.extended_code)) {
            Self::WriteRefused { cause: error.to_string() }
        } else {
            Self::Io { what: "the database".to_owned(), cause: error.to_string() }
        }
    }
}

/// How SQLite tells that a write failed for any reason but a full disk. A failed sync is none of them.
const REFUSED_WRITES: [i32; 2] = [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE];
