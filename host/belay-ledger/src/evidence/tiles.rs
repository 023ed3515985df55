//! Hashes of the tree, a tile at a time: many proofs from few reads.

use std::collections::HashMap;

use belay_domain::digest::Digest;

use crate::error::Error;
use crate::store::Reader;
use crate::tile::level_count;
use crate::tree::TILE_WIDTH;

/// So many tiles are kept, 8 KiB each: those above the leaves of a log of a hundred million entries, and the last ones
/// of the leaves.
const KEPT: usize = 4_096;

/// The tiles of a tree of a fixed size, each read once.
pub(crate) struct Tiles<'a> {
    reader: &'a Reader,
    size: u64,
    kept: HashMap<(u32, u64), Vec<Digest>>,
}

impl<'a> Tiles<'a> {
    pub(crate) fn new(reader: &'a Reader, size: u64) -> Self {
        Self { reader, size, kept: HashMap::new() }
    }

    /// The hashes from `from` up to `to` of a level, which lie in one tile, as all do that a proof asks for.
    pub(crate) fn hashes(&mut self, level: u32, from: u64, to: u64) -> Result<Vec<Digest>, Error> {
        let index = from / TILE_WIDTH;
        let start = index * TILE_WIDTH;
        if self.kept.len() >= KEPT && !self.kept.contains_key(&(level, index)) {
            self.kept.clear();
        }
        let end = (start + TILE_WIDTH).min(level_count(self.size, level));
        let tile = match self.kept.entry((level, index)) {
            std::collections::hash_map::Entry::Occupied(kept) => kept.into_mut(),
            std::collections::hash_map::Entry::Vacant(free) => free.insert(self.reader.hashes(level, start, end)?),
        };
        let place = |n: u64| usize::try_from(n - start).unwrap_or(usize::MAX);
        let found = tile.get(place(from)..place(to)).map(<[Digest]>::to_vec);
        found.ok_or_else(|| Error::Corrupt(format!("hashes of level {level} between {from} and {to} are missing")))
    }
}
