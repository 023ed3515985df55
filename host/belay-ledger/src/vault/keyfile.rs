//! The file of data keys: 40 bytes for each key, in the order of their numbers, from 1. It only grows; a destroyed key's
//! place is filled with zeros. Never readable by others.
//!
//! A record is the key's 32 bytes and the first 8 of `SHA-256("belay data key" ‖ number as u64be ‖ key)`, so that a
//! damaged or torn record is no key.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::DataKey;
use crate::durable::{self, Staged};
use crate::error::Error;
use crate::key::folder_of;

const RECORD: usize = 40;
const KEY: usize = 32;
/// Keys that are made at once. They wait for runs that need one, so that no run waits for the disk to make its own.
const POOL: u64 = 64;

/// What a number stands for.
pub(crate) enum Lookup {
    /// A key.
    Key(DataKey),
    /// It was destroyed.
    Destroyed,
    /// The file does not have it, or its record is damaged.
    Lost,
}

/// The file of a ledger's data keys. Clones share what they have read.
#[derive(Clone)]
pub(crate) struct KeyFile {
    path: PathBuf,
    /// Held while the file grows or loses a key: several processes share it.
    lock: PathBuf,
    known: Arc<Mutex<HashMap<u64, DataKey>>>,
}

impl KeyFile {
    /// Where the data keys of a ledger lie: beside its signing key.
    pub(crate) fn beside(key: &Path) -> PathBuf {
        key.with_added_extension("blobs")
    }

    /// Makes the first keys, in a file that was not there.
    pub(crate) fn create(path: &Path) -> Result<(), Error> {
        let file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(Error::Exists { path: path.to_owned() });
            }
            Err(error) => return Err(Error::io("create", path, &error)),
        };
        grow(path, file, 0, POOL)?;
        durable::sync_folder(&folder_of(path))
    }

    /// Opens it. Refuses one that is missing, or that others can read.
    pub(crate) fn open(path: &Path, state: &Path) -> Result<Self, Error> {
        let metadata = fs::metadata(path).map_err(|error| problem(path, &error.to_string()))?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(problem(path, &format!("others can read it (mode {mode:03o}): chmod 600 it")));
        }
        Ok(Self { path: path.to_owned(), lock: state.join("keys.lock"), known: Arc::default() })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The key with a number.
    pub(crate) fn key(&self, number: u64) -> Result<Lookup, Error> {
        if let Some(key) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&number) {
            return Ok(Lookup::Key(key.clone()));
        }
        let Some(at) = place(number) else { return Ok(Lookup::Lost) };
        let file = File::open(&self.path).map_err(|error| problem(&self.path, &error.to_string()))?;
        let mut record = Zeroizing::new([0; RECORD]);
        match file.read_exact_at(record.as_mut_slice(), at) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Lookup::Lost),
            Err(error) => return Err(Error::io("read", &self.path, &error)),
        }
        let found = parse(number, &record);
        if let Lookup::Key(key) = &found {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(number, key.clone());
        }
        Ok(found)
    }

    /// Makes sure that there is a key with this number. Costs a sync once in 64 keys.
    pub(crate) fn ensure(&self, number: u64) -> Result<(), Error> {
        if self.count()? >= number {
            return Ok(());
        }
        let _held = self.hold()?;
        let count = self.count()?;
        if count < number {
            let file = OpenOptions::new().write(true).open(&self.path);
            let file = file.map_err(|error| Error::io("open", &self.path, &error))?;
            grow(&self.path, file, count, number + POOL - count)?;
        }
        Ok(())
    }

    /// Destroys a key: the file is replaced by one without it, then the old file's own bytes are overwritten. Durable
    /// once this returns. Destroying a key again, or one that is lost, does nothing.
    pub(crate) fn destroy(&self, number: u64) -> Result<(), Error> {
        let _held = self.hold()?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
        let mut bytes = Zeroizing::new(fs::read(&self.path).map_err(|error| Error::io("read", &self.path, &error))?);
        let Some(at) = place(number) else { return Ok(()) };
        let start = usize::try_from(at).unwrap_or(usize::MAX);
        let Some(record) = bytes.get_mut(start..start.saturating_add(RECORD)) else { return Ok(()) };
        if record.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        record.zeroize();
        let old = OpenOptions::new().write(true).open(&self.path);
        let old = old.map_err(|error| Error::io("open", &self.path, &error))?;
        Staged::new(&self.path, &bytes)?.replace(&self.path)?;
        durable::sync_folder(&folder_of(&self.path))?;
        // The old file has no name any more, and its blocks would keep the key until something else is written there.
        let wiped = old.write_all_at(&[0; RECORD], at).and_then(|()| old.sync_data());
        wiped.map_err(|error| Error::io("overwrite the old", &self.path, &error))
    }

    /// How many keys there are, destroyed ones included. A torn record at the end is none yet.
    fn count(&self) -> Result<u64, Error> {
        let metadata = fs::metadata(&self.path).map_err(|error| problem(&self.path, &error.to_string()))?;
        Ok(metadata.len() / RECORD as u64)
    }

    fn hold(&self) -> Result<File, Error> {
        let file = File::options().create(true).append(true).open(&self.lock);
        let file = file.map_err(|error| Error::io("open", &self.lock, &error))?;
        file.lock().map_err(|error| Error::io("lock", &self.lock, &error))?;
        Ok(file)
    }
}

fn problem(path: &Path, problem: &str) -> Error {
    Error::BlobKeys { path: path.to_owned(), problem: problem.to_owned() }
}

/// Adds keys behind the first `count`, durably.
fn grow(path: &Path, mut file: File, count: u64, more: u64) -> Result<(), Error> {
    let mut records = Zeroizing::new(Vec::new());
    for number in count + 1..=count + more {
        let mut key = Zeroizing::new([0; KEY]);
        getrandom::fill(key.as_mut_slice())
            .map_err(|error| problem(path, &format!("the system gives no randomness: {error}")))?;
        records.extend_from_slice(key.as_slice());
        records.extend_from_slice(&check(number, &key));
    }
    io::Seek::seek(&mut file, io::SeekFrom::Start(count * RECORD as u64))
        .and_then(|_| file.write_all(&records))
        .map_err(|error| Error::io("write", path, &error))?;
    file.sync_data().map_err(|error| Error::sync(path, &error))
}

fn parse(number: u64, record: &[u8; RECORD]) -> Lookup {
    if record.iter().all(|byte| *byte == 0) {
        return Lookup::Destroyed;
    }
    match record.split_first_chunk::<KEY>() {
        Some((key, sum)) if sum == check(number, key).as_slice() => Lookup::Key(DataKey(Zeroizing::new(*key))),
        Some(_) | None => Lookup::Lost,
    }
}

fn check(number: u64, key: &[u8; KEY]) -> [u8; RECORD - KEY] {
    let hash = Sha256::new().chain_update(b"belay data key").chain_update(number.to_be_bytes()).chain_update(key);
    let mut sum = [0; RECORD - KEY];
    sum.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    sum
}

/// Where a key's record begins; `None` for what no file can hold. Numbers begin at 1.
fn place(number: u64) -> Option<u64> {
    let at = number.checked_sub(1)?.checked_mul(RECORD as u64)?;
    i64::try_from(at).is_ok_and(|at| at < i64::MAX - RECORD as i64).then_some(at)
}

#[cfg(test)]
mod tests;
