//! The right edge of a growing tree: all that a root and the next append need.

use belay_domain::digest::Digest;

use super::{TILE_HEIGHT, TreeHead, empty, leaf, node};

/// The roots of the complete subtrees that a tree of `size` leaves falls into, largest first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Frontier {
    size: u64,
    peaks: Vec<Digest>,
}

/// A subtree of 256^`level` leaves that an append completed: a hash of a tile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Completed {
    pub(crate) level: u32,
    pub(crate) index: u64,
    pub(crate) hash: Digest,
}

impl Frontier {
    /// Takes the complete subtrees of a tree of `size` leaves, largest first; `None` if their number doesn't fit.
    pub(crate) fn from_peaks(size: u64, peaks: Vec<Digest>) -> Option<Self> {
        (u64::from(size.count_ones()) == peaks.len() as u64).then_some(Self { size, peaks })
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// Appends an entry; hands the hashes above level 0 that tiles gained to `completed`.
    pub(crate) fn push(&mut self, entry: &[u8], completed: impl FnMut(Completed)) {
        self.push_hash(leaf(entry), completed);
    }

    /// Like [`Frontier::push`], for an entry's leaf hash.
    pub(crate) fn push_hash(&mut self, leaf: Digest, mut completed: impl FnMut(Completed)) {
        let mut hash = leaf;
        for height in 1..=self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            hash = node(&left, &hash);
            if height % TILE_HEIGHT == 0 {
                completed(Completed { level: height / TILE_HEIGHT, index: self.size >> height, hash });
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    pub(crate) fn head(&self) -> TreeHead {
        let root = self.peaks.iter().rev().copied().reduce(|right, left| node(&left, &right));
        TreeHead { size: self.size, root: root.unwrap_or_else(empty) }
    }
}
