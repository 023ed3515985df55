//! The signing key's file. It lies outside the state folder and is its owner's alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::durable;
use crate::error::Error;
use crate::note::Signer;

/// Makes a new key for a log, in a file that was not there.
pub(crate) fn create(path: &Path, origin: &str) -> Result<Signer, Error> {
    let problem = |problem: String| Error::Key { path: path.to_owned(), problem };
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| problem(format!("the system gives no randomness: {error}")))?;
    let signer = Signer::new(origin, &seed).map_err(|error| problem(error.to_string()))?;
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Error::Exists { path: path.to_owned() });
        }
        Err(error) => return Err(Error::io("create", path, &error)),
    };
    file.write_all(signer.secret().as_bytes()).map_err(|error| Error::io("write", path, &error))?;
    file.sync_all().map_err(|error| Error::sync(path, &error))?;
    durable::sync_folder(&folder_of(path))?;
    Ok(signer)
}

/// Where a key lies that is to take the place of the one at `path`.
pub(crate) fn next(path: &Path) -> PathBuf {
    path.with_added_extension("next")
}

/// The key that is to be the next one: made now, or what a crash left of an earlier attempt.
pub(crate) fn stage(next: &Path, origin: &str) -> Result<Signer, Error> {
    if let Ok(left) = read(next)
        && left.verifier().name() == origin
    {
        return Ok(left);
    }
    match fs::remove_file(next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io("remove", next, &error)),
        Ok(()) | Err(_) => {}
    }
    create(next, origin)
}

/// Reads a key; refuses one that others can read.
pub(crate) fn read(path: &Path) -> Result<Signer, Error> {
    let problem = |problem: String| Error::Key { path: path.to_owned(), problem };
    let metadata = fs::metadata(path).map_err(|error| problem(error.to_string()))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(problem(format!("others can read it (mode {mode:03o}): chmod 600 it")));
    }
    let text = fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
    Signer::from_secret(&text).map_err(|error| problem(error.to_string()))
}

/// Refuses a key's place within the state folder, where every backup of the log would contain the key.
pub(crate) fn check_outside(path: &Path, state: &Path) -> Result<(), Error> {
    let real = |path: &Path| {
        let folder = folder_of(path).canonicalize().map_err(|error| Error::io("find", &folder_of(path), &error))?;
        Ok::<_, Error>(path.file_name().map_or(folder.clone(), |name| folder.join(name)))
    };
    // The state folder itself need not exist yet, and then nothing lies in it.
    let inside = state.canonicalize().is_ok_and(|state| real(path).is_ok_and(|key| key.starts_with(state)));
    let named_inside = std::path::absolute(path).ok().zip(std::path::absolute(state).ok());
    if inside || named_inside.is_some_and(|(key, state)| key.starts_with(state)) {
        let problem = "it must lie outside the state folder".to_owned();
        return Err(Error::Key { path: path.to_owned(), problem });
    }
    Ok(())
}

/// The folder that a key's file lies in.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
