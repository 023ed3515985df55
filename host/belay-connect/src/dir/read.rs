//! Reads of single objects. A link inside the directory is followed, one that leads outside is refused.

use std::io::Read as _;
use std::time::{Duration, Instant, UNIX_EPOCH};

use belay_domain::digest::Digest;
use cap_fs_ext::OpenOptionsSyncExt as _;
use cap_std::fs::{Dir, File, Metadata, OpenOptions};
use sha2::{Digest as _, Sha256};

use super::{DirConnection, object_error};
use crate::at_once;
use crate::key;
use crate::read::{Meta, ObjectError};

/// Read at once, in bytes.
const PIECE: usize = 128 << 10;

impl DirConnection {
    pub(crate) async fn get(&self, key: &str) -> Result<Vec<u8>, ObjectError> {
        let (key, limit) = (checked(key)?, self.target.max_object);
        let known = self.shared.root.known().and_then(|root| at_once::file_beneath(&root, &key));
        if let Some(bytes) = known.filter(|bytes| bytes.len() as u64 <= limit) {
            return Ok(bytes);
        }
        self.blocking(self.target.timeout, move |shared| {
            shared.root.read(|root| read_whole(root, &key, limit), |_| false)
        })
        .await?
    }

    pub(crate) async fn head(&self, key: &str) -> Result<Meta, ObjectError> {
        let key = checked(key)?;
        self.blocking(self.target.timeout, move |shared| shared.root.read(|root| look_at(root, key), |_| false)).await?
    }

    pub(crate) async fn digest(&self, key: &str) -> Result<(u64, Digest), ObjectError> {
        let (key, limit) = (checked(key)?, self.target.digest_timeout);
        self.blocking(limit, move |shared| shared.root.read(|root| digest_within(open(root, &key)?, limit), |_| false))
            .await?
    }
}

fn checked(key: &str) -> Result<String, ObjectError> {
    key::check(key).map_err(ObjectError::Denied)?;
    Ok(key.to_owned())
}

/// Opens an ordinary file; never waits for the other end of a pipe.
fn open(root: &Dir, key: &str) -> Result<File, ObjectError> {
    let mut options = OpenOptions::new();
    options.read(true).nonblock(true);
    let file = root.open_with(key, &options).map_err(|error| object_error(&error))?;
    refuse_no_file(&file.metadata().map_err(|error| object_error(&error))?)?;
    Ok(file)
}

/// A folder is no object, as in an object store.
fn refuse_no_file(metadata: &Metadata) -> Result<(), ObjectError> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_dir() {
        Err(ObjectError::Missing)
    } else {
        Err(ObjectError::Denied("it is not an ordinary file".to_owned()))
    }
}

fn look_at(root: &Dir, key: String) -> Result<Meta, ObjectError> {
    let metadata = root.metadata(&key).map_err(|error| object_error(&error))?;
    refuse_no_file(&metadata)?;
    Ok(meta(key, &metadata))
}

/// What is known of a file.
pub(super) fn meta(key: String, metadata: &Metadata) -> Meta {
    let since = metadata.modified().ok().and_then(|time| time.into_std().duration_since(UNIX_EPOCH).ok());
    let modified = since.and_then(|since| u64::try_from(since.as_millis()).ok());
    Meta { key, size: metadata.len(), modified }
}

fn read_whole(root: &Dir, key: &str, limit: u64) -> Result<Vec<u8>, ObjectError> {
    let file = open(root, key)?;
    // A vector that grows would read a small file in eight pieces.
    let size = file.metadata().map_or(0, |found| found.len());
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(limit)).unwrap_or(0).saturating_add(1));
    // One byte more than allowed: the file may grow while it is read.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| object_error(&error))?;
    if bytes.len() as u64 > limit { Err(ObjectError::TooLarge(limit)) } else { Ok(bytes) }
}

/// Stops by itself: nobody can stop the thread that it runs on.
fn digest_within(mut file: File, limit: Duration) -> Result<(u64, Digest), ObjectError> {
    let begun = Instant::now();
    let (mut size, mut hash, mut piece) = (0, Sha256::new(), vec![0; PIECE]);
    loop {
        if begun.elapsed() > limit {
            return Err(ObjectError::TimedOut);
        }
        let count = file.read(&mut piece).map_err(|error| object_error(&error))?;
        if count == 0 {
            return Ok((size, Digest::from_bytes(hash.finalize().into())));
        }
        hash.update(piece.get(..count).unwrap_or_default());
        size += count as u64;
    }
}
