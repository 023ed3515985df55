//! Large blobs and objects: files under `blobs/`, named by commitment or digest. Never replaces one.

use std::path::{Path, PathBuf};

use belay_domain::digest::Digest;

use crate::durable::{self, Staged};
use crate::entry::Prepared;
use crate::error::Error;

/// Places of one entry's blobs, as bits. An entry names fewer than 1,024: each takes 67 of its 65,535 bytes.
const PLACE_BITS: u32 = 10;

/// The key of a blob's row: its entry's number and its place among the entry's blobs. `None` for what no entry has.
pub(super) fn place(seq: u64, n: usize) -> Option<i64> {
    let n = u64::try_from(n).ok().filter(|n| n >> PLACE_BITS == 0)?;
    i64::try_from(seq.checked_mul(1 << PLACE_BITS)? | n).ok()
}

/// What is larger lies in a file beside the database, in bytes.
const MAX_INLINE: usize = 256 * 1024;

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

    /// What goes into the database: the bytes, unless they are so large that they lie in a file.
    pub(super) fn inline(bytes: &[u8]) -> Option<&[u8]> {
        (bytes.len() <= MAX_INLINE).then_some(bytes)
    }

    /// Makes the large ones of these entries durable, before the transaction that names them begins.
    pub(crate) fn store<'a>(&self, entries: impl IntoIterator<Item = &'a Prepared>) -> Result<(), Error> {
        let mut stored = false;
        for entry in entries {
            let blobs = entry.blobs.iter().map(|blob| (blob.commitment.digest(), &blob.bytes));
            let objects = entry.objects.iter().map(|object| (&object.digest, &object.bytes));
            for (name, bytes) in blobs.chain(objects).filter(|(_, bytes)| Self::inline(bytes).is_none()) {
                let target = self.file(name);
                Staged::new(&target, bytes)?.link(&target)?;
                stored = true;
            }
        }
        // Also where a file was there already: whoever linked it may not have synced the folder yet.
        if stored { durable::sync_folder(&self.path) } else { Ok(()) }
    }

    /// The bytes of a large blob or object; `None` where its file is gone.
    pub(crate) fn read(&self, name: &Digest) -> Result<Option<Vec<u8>>, Error> {
        durable::read(&self.file(name))
    }

    pub(crate) fn file(&self, name: &Digest) -> PathBuf {
        self.path.join(name.to_string())
    }
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
