//! Files that are whole or absent. Never leaves half a file under its final name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Makes a folder for its owner alone; what is there already stays.
pub(crate) fn folder(path: &Path) -> Result<(), Error> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| Error::io("make", path, &error))
}

/// Makes what happened in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), Error> {
    let folder = File::open(path).map_err(|error| Error::io("open", path, &error))?;
    folder.sync_all().map_err(|error| Error::sync(path, &error))
}

/// What staged files end with.
const STAGED: &str = "new";

/// Whether a file's name is one that a file has before its own. One that a crash left behind says nothing.
pub(crate) fn is_staged(path: &Path) -> bool {
    let random = path.file_stem().map(Path::new).and_then(Path::extension).and_then(|random| random.to_str());
    path.extension().is_some_and(|extension| extension == STAGED)
        && random.is_some_and(|random| random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A name for a file that is to become `target`; nobody else has it.
pub(crate) fn beside(target: &Path) -> Result<PathBuf, Error> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)
        .map_err(|error| Error::Io { what: "the system's randomness".to_owned(), cause: error.to_string() })?;
    Ok(target.with_added_extension(format!("{:016x}.{STAGED}", u64::from_be_bytes(random))))
}

/// Bytes that lie synced beside their final name. Dropped without being put there, they are removed.
pub(crate) struct Staged {
    path: PathBuf,
}

impl Staged {
    /// Writes and syncs `bytes` in the folder of `target`.
    pub(crate) fn new(target: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let path = beside(target)?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let mut file = file.map_err(|error| Error::io("create", &path, &error))?;
        let staged = Self { path };
        file.write_all(bytes).map_err(|error| Error::io("write", &staged.path, &error))?;
        file.sync_all().map_err(|error| Error::sync(&staged.path, &error))?;
        Ok(staged)
    }

    /// Puts it under its name, in place of what is there. The caller syncs the folder.
    pub(crate) fn replace(self, target: &Path) -> Result<(), Error> {
        fs::rename(&self.path, target).map_err(|error| Error::io("rename", &self.path, &error))
    }

    /// Puts it under its name unless something is there. The caller syncs the folder.
    pub(crate) fn link(self, target: &Path) -> Result<Linked, Error> {
        match fs::hard_link(&self.path, target) {
            Ok(()) => Ok(Linked::New),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Linked::There),
            Err(error) => Err(Error::io("link", target, &error)),
        }
    }
}

/// Whether a name was free.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Linked {
    /// It was.
    New,
    /// Something was there, and was left alone.
    There,
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After `replace` nothing is there; elsewhere a leftover does no harm.
        let _ = fs::remove_file(&self.path);
    }
}

/// A file's bytes, or `None` where there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linking_replaces_nothing_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        assert_eq!(Staged::new(&target, b"1").unwrap().link(&target).unwrap(), Linked::New);
        assert_eq!(Staged::new(&target, b"2").unwrap().link(&target).unwrap(), Linked::There);
        assert_eq!(read(&target).unwrap().unwrap(), b"1");
        Staged::new(&target, b"3").unwrap().replace(&target).unwrap();
        assert_eq!(read(&target).unwrap().unwrap(), b"3");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_staged_file_is_known_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let staged = Staged::new(&folder.path().join("119"), b"").unwrap();
        assert!(is_staged(&staged.path), "{}", staged.path.display());
        for other in ["119", "119.new", "119.0123.new", "0123456789abcdef.new", "119.0123456789abcdef"] {
            assert!(!is_staged(Path::new(other)), "{other}");
        }
    }

    #[test]
    fn a_missing_folder_is_an_error_with_its_path() {
        let error = Staged::new(Path::new("/nowhere/at/all"), b"").err().unwrap();
        assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
    }
}
