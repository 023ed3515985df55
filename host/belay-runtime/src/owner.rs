//! Who works on a run: an epoch in the ledger, and a file lock that the system gives back when the process ends.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

use belay_domain::id::{Epoch, RunId};

use crate::api::{Ending, Error};
use crate::host::Host;

/// The lock of a live owner. Dropping it, or the end of the process however it comes, gives it back.
#[derive(Debug)]
pub(crate) struct Owner {
    _held: File,
    path: PathBuf,
}

impl Drop for Owner {
    fn drop(&mut self) {
        // A file that stays behind is harmless: nobody holds its lock.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Owner {
    /// Becomes the process of an epoch that nobody has claimed in the ledger yet.
    pub(crate) fn begin(host: &Host, run: &RunId, epoch: Epoch) -> Result<Self, Error> {
        let path = path(host, run, epoch);
        let cant = |error: std::io::Error| {
            Error::failed(format!("{} can't be made: {error}", path.display())).changed("nothing was changed")
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(cant)?;
        }
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(cant)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _held: file, path }),
            Err(TryLockError::WouldBlock) => {
                Err(Error::new(Ending::Refused, format!("another process is just beginning to work on {run}"))
                    .changed("nothing was changed by this command")
                    .next(format!("belay watch {run}")))
            }
            Err(TryLockError::Error(error)) => Err(cant(error)),
        }
    }
}

/// Whether the owner of an epoch still works.
pub(crate) fn is_alive(host: &Host, run: &RunId, epoch: Epoch) -> bool {
    File::open(path(host, run, epoch)).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn path(host: &Host, run: &RunId, epoch: Epoch) -> PathBuf {
    host.workspace.state.join("owners").join(format!("{run}-{}", epoch.0))
}
