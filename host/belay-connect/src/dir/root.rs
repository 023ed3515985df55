//! The directory itself: opened when it is needed, and looked for again each time. Never takes a directory that is gone
//! for one in which nothing is.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt as _};

use crate::at_once;
use crate::read::ObjectError;

/// Where a connection's directory is, and the one that was there last.
#[derive(Debug)]
pub(super) struct Root {
    /// For people.
    name: String,
    path: PathBuf,
    held: Mutex<Option<Held>>,
}

/// An open directory. As long as it is open, no other on its device has its number.
#[derive(Clone, Debug)]
struct Held {
    dir: Arc<Dir>,
    identity: (u64, u64),
}

impl Root {
    /// Opens nothing yet.
    pub(super) fn new(name: String, path: PathBuf) -> Self {
        Self { name, path, held: Mutex::default() }
    }

    /// The directory that has the path now. What was opened before may have been removed, or another may have been put
    /// or mounted in its place.
    pub(super) fn now(&self) -> io::Result<Arc<Dir>> {
        // Nothing is locked while the file system is asked: it may hang.
        let present = std::fs::metadata(&self.path).map_err(|error| self.shut(&error))?;
        let identity = {
            use std::os::unix::fs::MetadataExt as _;
            (present.dev(), present.ino())
        };
        if let Some(held) = self.held().as_ref().filter(|held| held.identity == identity) {
            return Ok(Arc::clone(&held.dir));
        }
        let dir = Dir::open_ambient_dir(&self.path, ambient_authority()).map_err(|error| self.shut(&error))?;
        let opened = dir.dir_metadata().map_err(|error| self.shut(&error))?;
        let dir = Arc::new(dir);
        *self.held() = Some(Held { dir: Arc::clone(&dir), identity: (opened.dev(), opened.ino()) });
        Ok(dir)
    }

    /// Reads in the directory. That nothing is there is believed only of a directory that is still there itself.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Dir) -> Result<T, ObjectError>,
        is_nothing: impl FnOnce(&T) -> bool,
    ) -> Result<T, ObjectError> {
        let dir = self.now().map_err(|error| unreachable(&error))?;
        let found = read(&dir);
        let nothing = match &found {
            Ok(found) => is_nothing(found),
            Err(error) => *error == ObjectError::Missing,
        };
        if nothing && !Arc::ptr_eq(&dir, &self.now().map_err(|error| unreachable(&error))?) {
            let reason = format!("connection `{}`: another directory took the place of {}", self.name, self.shown());
            return Err(ObjectError::Unreachable(reason));
        }
        found
    }

    /// The directory, if one was opened, and it is known without asking a disk or a network that it still has the path.
    pub(super) fn known(&self) -> Option<Arc<Dir>> {
        let held = self.held().clone()?;
        (at_once::folder_identity(&self.path)? == held.identity).then_some(held.dir)
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shut(&self, error: &io::Error) -> io::Error {
        let reason = format!("connection `{}`: the directory {} can't be opened: {error}", self.name, self.shown());
        io::Error::new(error.kind(), reason)
    }

    fn shown(&self) -> std::path::Display<'_> {
        self.path.display()
    }
}

/// A directory that may not be opened is there: waiting does not help.
fn unreachable(error: &io::Error) -> ObjectError {
    if error.kind() == io::ErrorKind::PermissionDenied {
        ObjectError::Denied(error.to_string())
    } else {
        ObjectError::Unreachable(error.to_string())
    }
}
