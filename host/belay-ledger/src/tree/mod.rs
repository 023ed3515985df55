//! The Merkle tree of RFC 6962, section 2.1, over SHA-256. Computes; never reads or writes a file.

mod frontier;
mod proof;
mod range;

use belay_domain::digest::Digest;
use sha2::{Digest as _, Sha256};

pub(crate) use frontier::Frontier;
pub use proof::{InvalidProof, verify_consistency, verify_inclusion};
pub(crate) use proof::{consistency, inclusion};
pub(crate) use range::{combine, range};

/// How many levels of the tree one level of tiles spans; a tile has 2⁸ hashes at most.
pub(crate) const TILE_HEIGHT: u32 = 8;
/// Hashes in a full tile, entries in a full bundle.
pub(crate) const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;

/// The tree's size and what it hashes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TreeHead {
    /// How many entries.
    pub size: u64,
    /// Their root hash.
    pub root: Digest,
}

/// `H(0x00 ‖ entry)`.
pub fn leaf(entry: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(entry);
    Digest::from_bytes(hash.finalize().into())
}

/// `H(0x01 ‖ left ‖ right)`.
pub(crate) fn node(left: &Digest, right: &Digest) -> Digest {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left.as_bytes());
    hash.update(right.as_bytes());
    Digest::from_bytes(hash.finalize().into())
}

/// `H("")`: the root of no entries.
pub(crate) fn empty() -> Digest {
    Digest::of(b"")
}

#[cfg(test)]
mod sigstore;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
