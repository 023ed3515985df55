//! Folders that several processes build in, one after the other.

use std::fs::{self, File};
use std::path::Path;

use crate::Error;

/// Holds a folder until it is dropped, also when the process ends.
#[must_use]
pub(crate) struct Held {
    _lock: File,
}

/// Makes the folder if need be and waits until nobody else holds it.
pub(crate) fn hold(folder: &Path) -> Result<Held, Error> {
    fs::create_dir_all(folder).map_err(Error::file(folder))?;
    let path = folder.join(".belay-lock");
    let lock = File::create(&path).map_err(Error::file(&path))?;
    lock.lock().map_err(Error::file(&path))?;
    Ok(Held { _lock: lock })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let held = hold(folder.path()).unwrap();
        let other = File::open(folder.path().join(".belay-lock")).unwrap();
        assert!(other.try_lock().is_err());
        drop(held);
        assert!(other.try_lock().is_ok());
    }
}
