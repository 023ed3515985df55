//! A file that holds space and nothing else. It is given up when the disk is full.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::posix_fallocate;

use crate::durable;
use crate::error::Error;

/// The reserve's file within the state folder.
const RESERVE: &str = "reserve";
/// How much it holds, in bytes: entries and blobs of some hundred writes with the calls that they rest on.
const BYTES: i64 = 16 << 20;

/// What is written to find out whether there is room, in bytes: a commit takes more.
const PROBE: usize = 64 << 10;

/// The space that runs under way can have when there is no other.
pub(crate) struct Reserve {
    path: PathBuf,
}

impl Reserve {
    pub(crate) fn of(state: &Path) -> Self {
        Self { path: state.join(RESERVE) }
    }

    /// Makes it, unless it is there. Needs room for twice as much, so that whoever gave it up still has what is left.
    pub(crate) fn fill(&self) -> Result<(), Error> {
        if self.is_whole() {
            return Ok(());
        }
        let staged = durable::beside(&self.path)?;
        let filled = self
            .stage(&staged)
            .and_then(|()| fs::rename(&staged, &self.path).map_err(|error| Error::io("rename", &staged, &error)));
        if filled.is_err() {
            // What stays behind holds space that somebody needs.
            let _ = fs::remove_file(&staged);
        }
        filled
    }

    /// Removes it. `false`: there was none to give.
    pub(crate) fn give_up(&self) -> bool {
        fs::remove_file(&self.path).is_ok()
    }

    /// Writes a little beside it, and takes it away again.
    pub(crate) fn try_to_write(&self) -> Result<(), Error> {
        let staged = durable::beside(&self.path)?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged);
        let written = file.and_then(|file| file.write_all_at(&[1; PROBE], 0));
        let _ = fs::remove_file(&staged);
        written.map_err(|error| Error::io("write", &staged, &error))
    }

    fn is_whole(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| i64::try_from(found.len()).is_ok_and(|held| held >= BYTES))
    }

    fn stage(&self, staged: &Path) -> Result<(), Error> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(staged);
        let file = file.map_err(|error| Error::io("create", staged, &error))?;
        posix_fallocate(&file, 0, 2 * BYTES).map_err(|error| Error::io("allocate", staged, &error.into()))?;
        file.set_len(BYTES.unsigned_abs()).map_err(|error| Error::io("cut", staged, &error))
    }
}
