//! What the handle reads. No writer waits for it, and it waits for none.

use std::sync::PoisonError;

use belay_domain::digest::{Commitment, Digest, Salt};
use belay_domain::id::{Epoch, RunId};

use super::Ledger;
use crate::draft::Holder;
use crate::entry::Entry;
use crate::error::Error;
use crate::store::{Filter, Reader};
use crate::tree::{self, TreeHead};

impl Ledger {
    /// An entry, or `None` where the log is shorter.
    pub fn entry(&self, seq: u64) -> Result<Option<Entry>, Error> {
        self.entry_bytes(seq)?.map(|bytes| parse(&bytes)).transpose()
    }

    /// An entry's bytes, as the tree hashes them.
    pub fn entry_bytes(&self, seq: u64) -> Result<Option<Vec<u8>>, Error> {
        self.read(|reader| reader.entry(seq))
    }

    /// The entries that fit, by sequence.
    pub fn entries(&self, filter: &Filter) -> Result<Vec<Entry>, Error> {
        self.read(|reader| reader.entries(filter))?.iter().map(|bytes| parse(bytes)).collect()
    }

    /// How many entries are durable, those of other processes included. Cheap enough to be asked often: whoever waits
    /// for others' entries compares it with what they have read.
    pub fn size(&self) -> Result<u64, Error> {
        self.read(Reader::size)
    }

    /// The present tree head, entries of other processes included.
    pub fn head(&self) -> Result<TreeHead, Error> {
        self.read(|reader| {
            let size = reader.size()?;
            let known = *self.shared.head.lock().unwrap_or_else(PoisonError::into_inner);
            if known.size == size {
                return Ok(known);
            }
            let head = TreeHead { size, root: reader.root(size)? };
            *self.shared.head.lock().unwrap_or_else(PoisonError::into_inner) = head;
            Ok(head)
        })
    }

    /// The name and bytes of a blob that came with an entry, checked against its commitment; `None` where the entry names
    /// no such blob or the ledger does not have it any more.
    pub fn blob(&self, entry: &Entry, commitment: &Commitment) -> Result<Option<(String, Vec<u8>)>, Error> {
        Ok(self.blob_with_salt(entry, commitment)?.map(|(name, _, bytes)| (name, bytes)))
    }

    /// [`Ledger::blob`] with the salt that it was committed to under.
    pub(crate) fn blob_with_salt(
        &self,
        entry: &Entry,
        commitment: &Commitment,
    ) -> Result<Option<(String, Salt, Vec<u8>)>, Error> {
        let Some(n) = entry.blobs.iter().position(|named| named == commitment) else { return Ok(None) };
        let Some(row) = self.read(|reader| reader.blob(entry.seq, n))? else { return Ok(None) };
        let damaged = |how| Error::Corrupt(format!("the blob {commitment} {how}"));
        let bytes = match row.bytes {
            Some(bytes) => bytes,
            None => self.shared.blobs.read(commitment.digest())?.ok_or_else(|| damaged("has lost its file"))?,
        };
        if Commitment::to(&row.salt, &row.name, &bytes) != *commitment {
            return Err(damaged("does not fit its commitment"));
        }
        Ok(Some((row.name, row.salt, bytes)))
    }

    /// An object's bytes, checked against its digest; `None` where the ledger has no such object.
    pub fn object(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Error> {
        let Some(row) = self.read(|reader| reader.object(digest))? else { return Ok(None) };
        let damaged = |how| Error::Corrupt(format!("the object {digest} {how}"));
        let bytes = match row {
            Some(bytes) => bytes,
            None => self.shared.blobs.read(digest)?.ok_or_else(|| damaged("has lost its file"))?,
        };
        if Digest::of(&bytes) == *digest { Ok(Some(bytes)) } else { Err(damaged("does not fit its digest")) }
    }

    /// The resources that runs hold now.
    pub fn holders(&self) -> Result<Vec<Holder>, Error> {
        self.read(Reader::holders)
    }

    /// The epoch of a run's owner; `None` where nobody has owned it.
    pub fn owner(&self, run: &RunId) -> Result<Option<Epoch>, Error> {
        self.read(|reader| reader.owner(run))
    }

    /// The proof that entry `seq` is in the tree of the first `size` entries, from leaf to root; `None` unless
    /// `seq < size` and the log is that long.
    pub fn inclusion_proof(&self, seq: u64, size: u64) -> Result<Option<Vec<Digest>>, Error> {
        self.read(|reader| {
            if seq >= size || size > reader.size()? {
                return Ok(None);
            }
            tree::inclusion(seq, size, &mut |level, from, to| reader.hashes(level, from, to)).map(Some)
        })
    }

    /// The proof that the first `old` entries are the beginning of the first `new`; `None` unless `old ≤ new` and the
    /// log is that long. Empty where nothing has to be shown: `old` is 0 or `new`.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Option<Vec<Digest>>, Error> {
        self.read(|reader| {
            if old > new || new > reader.size()? {
                return Ok(None);
            }
            if old == 0 {
                return Ok(Some(Vec::new()));
            }
            tree::consistency(old, new, &mut |level, from, to| reader.hashes(level, from, to)).map(Some)
        })
    }

    /// Lends one of the reading connections.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Reader) -> Result<T, Error>) -> Result<T, Error> {
        self.shared.writer.check()?;
        let idle = self.shared.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = idle.map_or_else(|| Reader::open(&self.shared.database), Ok)?;
        let result = read(&reader);
        self.shared.readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        result
    }
}

fn parse(bytes: &[u8]) -> Result<Entry, Error> {
    Entry::parse(bytes).map_err(|error| Error::Corrupt(error.to_string()))
}
