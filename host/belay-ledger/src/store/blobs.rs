//! Large blobs and objects: files under `blobs/`. An object is named by its digest; a blob by its commitment and the
//! number of the key that encrypts it. Never replaces one.

use std::fs;
use std::path::{Path, PathBuf};

use belay_domain::digest::{Commitment, Digest};

use crate::durable::{self, Staged};
use crate::entry::Prepared;
use crate::error::Error;

/// Places of one entry's blobs, as bits. An entry names fewer than 1,024: each takes 67 of its 65,535 bytes.
pub(super) const PLACE_BITS: u32 = 10;

/// The key of a blob's row: its entry's number and its place among the entry's blobs. `None` for what no entry has.
pub(super) fn place(seq: u64, n: usize) -> Option<i64> {
    let n = u64::try_from(n).ok().filter(|n| n >> PLACE_BITS == 0)?;
    i64::try_from(seq.checked_mul(1 << PLACE_BITS)? | n).ok()
}

/// What is larger lies in a file beside the database, in bytes.
const MAX_INLINE: usize = 256 * 1024;

/// A blob as the disk holds it.
pub(crate) struct SealedBlob {
    /// The number of its data key.
    pub(crate) key: u64,
    /// Its ciphertext; `None` where that is so large that it lies in a file.
    pub(crate) bytes: Option<Vec<u8>>,
}

/// The folder of large blobs and objects.
#[derive(Clone, Debug)]
pub(crate) struct BlobFolder {
    path: PathBuf,
}

impl BlobFolder {
    pub(crate) fn of(folder: &Path) -> Self {
        Self { path: folder.join("blobs") }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether bytes are so few that they lie in the database.
    pub(crate) const fn is_inline(bytes: &[u8]) -> bool {
        bytes.len() <= MAX_INLINE
    }

    /// What goes into the database: the bytes, unless they are so large that they lie in a file.
    pub(super) fn inline(bytes: &[u8]) -> Option<&[u8]> {
        Self::is_inline(bytes).then_some(bytes)
    }

    /// Puts the large objects of an entry into files; whether there was one. The caller syncs the folder, also where a
    /// file was there already: whoever linked it may not have synced the folder yet.
    pub(crate) fn put_objects(&self, entry: &Prepared) -> Result<bool, Error> {
        let large = entry.objects.iter().filter(|object| !Self::is_inline(&object.bytes));
        large.clone().try_for_each(|object| link(&self.object(&object.digest), &object.bytes))?;
        Ok(large.count() > 0)
    }

    /// Puts a large blob's ciphertext into its file. The caller syncs the folder.
    pub(crate) fn put_blob(&self, commitment: &Commitment, key: u64, sealed: &[u8]) -> Result<(), Error> {
        link(&self.blob(commitment, key), sealed)
    }

    /// Makes what was put durable.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        durable::sync_folder(&self.path)
    }

    /// The bytes of a large object; `None` where its file is gone.
    pub(crate) fn read_object(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Error> {
        durable::read(&self.object(digest))
    }

    /// The ciphertext of a large blob; `None` where its file is gone.
    pub(crate) fn read_blob(&self, commitment: &Commitment, key: u64) -> Result<Option<Vec<u8>>, Error> {
        durable::read(&self.blob(commitment, key))
    }

    /// Removes all files of a key that is destroyed. They are noise without it.
    pub(crate) fn remove_of(&self, key: u64) -> Result<(), Error> {
        let ending = key.to_string();
        let files = fs::read_dir(&self.path).map_err(|error| Error::io("read", &self.path, &error))?;
        for file in files.flatten().map(|file| file.path()) {
            if file.extension().is_some_and(|extension| extension == ending.as_str()) {
                fs::remove_file(&file).map_err(|error| Error::io("remove", &file, &error))?;
            }
        }
        self.sync()
    }

    fn object(&self, digest: &Digest) -> PathBuf {
        self.path.join(digest.to_string())
    }

    fn blob(&self, commitment: &Commitment, key: u64) -> PathBuf {
        self.path.join(format!("{commitment}.{key}"))
    }
}

fn link(target: &Path, bytes: &[u8]) -> Result<(), Error> {
    Staged::new(target, bytes)?.link(target).map(|_| ())
}

#[cfg(test)]
mod tests {
    use belay_domain::json::MAX_INTEGER;

    use super::*;

    #[test]
    fn every_blob_of_every_entry_has_a_key_of_its_own() {
        let last = MAX_INTEGER.unsigned_abs();
        assert_eq!(place(0, 0), Some(0));
        assert_eq!(place(1, 0), place(0, 1023).map(|key| key + 1));
        assert_eq!(place(last, 1023), Some(i64::MAX));
        assert_eq!((place(0, 1024), place(last + 1, 0)), (None, None));
    }
}
