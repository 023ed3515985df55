//! What the handle reads. No writer waits for it, and it waits for none.

use std::sync::PoisonError;

use belay_domain::digest::{Commitment, Digest};
use belay_domain::id::{Epoch, RunId};
use serde::de::DeserializeOwned;

use super::Ledger;
use crate::draft::Holder;
use crate::entry::Entry;
use crate::error::Error;
use crate::redaction;
use crate::store::{BlobRow, Filter, Reader, Retainable};
use crate::tree::{self, TreeHead};
use crate::vault::OpenBlob;

/// What became of a blob that an entry names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FoundBlob {
    /// It is there, and fits its commitment.
    Present(OpenBlob),
    /// It was taken away, with authority.
    Redacted {
        /// The entry that says by whom and why.
        by: u64,
    },
    /// It is gone or damaged, and no entry says that it may be: an alarm.
    Missing {
        /// What was found, for people.
        problem: String,
    },
}

impl FoundBlob {
    /// The blob, for whoever can do without it.
    pub fn present(self) -> Option<OpenBlob> {
        match self {
            Self::Present(blob) => Some(blob),
            Self::Redacted { .. } | Self::Missing { .. } => None,
        }
    }
}

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

    /// What `T` takes of each entry that fits, by sequence. For whoever reads many entries and wants little of each:
    /// whether an entry's text is canonical is not looked at.
    pub fn read_as<T: DeserializeOwned>(&self, filter: &Filter) -> Result<Vec<T>, Error> {
        let unlike = |error: serde_json::Error| Error::Corrupt(format!("an entry is not what its kind says: {error}"));
        let found = self.read(|reader| reader.entries(filter))?;
        found.iter().map(|bytes| serde_json::from_slice(bytes).map_err(unlike)).collect()
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

    /// A blob that came with an entry, checked against its commitment, or why there is none. [`Error::Invalid`] where the
    /// entry names no such blob.
    pub fn blob(&self, entry: &Entry, commitment: &Commitment) -> Result<FoundBlob, Error> {
        let Some(n) = entry.blobs.iter().position(|named| named == commitment) else {
            return Err(Error::Invalid(format!("entry {} names no blob {commitment}", entry.seq)));
        };
        if let Some(by) = self.redacted_by(entry, n)? {
            return Ok(FoundBlob::Redacted { by });
        }
        let mut row = self.read(|reader| reader.blob(entry.seq, n))?;
        loop {
            let read = self.open_blob(commitment, row.as_ref())?;
            let again = self.read(|reader| reader.blob(entry.seq, n))?;
            let moved = again.as_ref().map(|row| row.key) != row.as_ref().map(|row| row.key);
            match read {
                // A redaction of another blob moved it to another key while it was read.
                Err(_) if moved => row = again,
                // Or took it away.
                Err(problem) => {
                    let by = self.redacted_by(entry, n)?;
                    return Ok(by.map_or(FoundBlob::Missing { problem }, |by| FoundBlob::Redacted { by }));
                }
                Ok(blob) => return Ok(FoundBlob::Present(blob)),
            }
        }
    }

    /// What a row holds, or what is wrong with it.
    fn open_blob(&self, commitment: &Commitment, row: Option<&BlobRow>) -> Result<Result<OpenBlob, String>, Error> {
        let Some(row) = row else { return Ok(Err("the database does not have it".to_owned())) };
        self.shared.vault.open(commitment, row)
    }

    /// The entry that took a blob away, if the table names one and that entry says so itself.
    fn redacted_by(&self, entry: &Entry, n: usize) -> Result<Option<u64>, Error> {
        let Some(by) = self.read(|reader| reader.redacted(entry.seq, n))? else { return Ok(None) };
        let says_so = self
            .entry(by)?
            .is_some_and(|taking| redaction::takes(&taking, entry, n, |asked| self.entry(asked).ok().flatten()));
        Ok(says_so.then_some(by))
    }

    /// Whether the ledger keeps an object, without reading it.
    pub fn has_object(&self, digest: &Digest) -> Result<bool, Error> {
        self.read(|reader| reader.has_object(digest))
    }

    /// An object's bytes, checked against its digest; `None` where the ledger has no such object.
    pub fn object(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Error> {
        let Some(row) = self.read(|reader| reader.object(digest))? else { return Ok(None) };
        let damaged = |how| Error::Corrupt(format!("the object {digest} {how}"));
        let bytes = match row {
            Some(bytes) => bytes,
            None => self.shared.vault.blobs.read_object(digest)?.ok_or_else(|| damaged("has lost its file"))?,
        };
        if Digest::of(&bytes) == *digest { Ok(Some(bytes)) } else { Err(damaged("does not fit its digest")) }
    }

    /// The entries that set the holds in force, oldest first.
    pub fn holds(&self) -> Result<Vec<u64>, Error> {
        self.read(Reader::holds)
    }

    /// The entry that set the oldest hold on an entry; `None` where nothing keeps its blobs from being taken away.
    pub fn held_by(&self, seq: u64) -> Result<Option<u64>, Error> {
        self.read(|reader| reader.held(seq))
    }

    /// The scopes that have blobs which nobody took away, and how many, but for those of entries of some kinds.
    pub fn retainable(&self, kept: &[String]) -> Result<Vec<Retainable>, Error> {
        self.read(|reader| reader.retainable(kept))
    }

    /// The resources that runs hold now.
    pub fn holders(&self) -> Result<Vec<Holder>, Error> {
        self.read(Reader::holders)
    }

    /// The epoch of a run's owner; `None` where nobody has owned it.
    pub fn owner(&self, run: &RunId) -> Result<Option<Epoch>, Error> {
        self.read(|reader| reader.owner(run))
    }

    /// The head that the log had with its first `size` entries; `None` where it is shorter.
    pub fn head_at(&self, size: u64) -> Result<Option<TreeHead>, Error> {
        self.read(|reader| {
            if size > reader.size()? {
                return Ok(None);
            }
            Ok(Some(TreeHead { size, root: reader.root(size)? }))
        })
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
