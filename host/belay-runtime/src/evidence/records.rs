//! Where entries, blobs and objects come from: the ledger, or an evidence file. What comes was checked against what
//! names it.

use belay_domain::digest::{Commitment, Digest};
use belay_ledger::evidence::Evidence;
use belay_ledger::{Entry, Ledger};

/// The longest blob or object that is read to be understood, in bytes.
const MOST: u64 = 16 << 20;

/// A source of what entries name.
pub(crate) trait Records {
    /// An entry; `None` where it is not there.
    fn entry(&self, seq: u64) -> Option<Entry>;
    /// The bytes of a blob that an entry names; `None` where they are not there, were redacted, or are damaged.
    fn blob(&self, entry: &Entry, commitment: &Commitment) -> Option<Vec<u8>>;
    /// The bytes of an object; `None` where they are not there or damaged.
    fn object(&self, digest: &Digest) -> Option<Vec<u8>>;
}

impl Records for Ledger {
    fn entry(&self, seq: u64) -> Option<Entry> {
        Self::entry(self, seq).ok().flatten()
    }

    fn blob(&self, entry: &Entry, commitment: &Commitment) -> Option<Vec<u8>> {
        Some(Self::blob(self, entry, commitment).ok()?.present()?.bytes)
    }

    fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        Self::object(self, digest).ok().flatten()
    }
}

impl Records for Evidence {
    fn entry(&self, seq: u64) -> Option<Entry> {
        Self::entry(self, seq)
    }

    fn blob(&self, entry: &Entry, commitment: &Commitment) -> Option<Vec<u8>> {
        Self::blob(self, entry.seq, commitment, MOST).map(|(_, bytes)| bytes)
    }

    fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        Self::object(self, digest, MOST)
    }
}
