//! Roots of a log's first so many entries, from its tiles. The tiles must have been verified: what they say is believed.

use std::collections::{BTreeMap, BTreeSet};

use belay_domain::digest::Digest;

use super::files::LogFiles;
use crate::tile::{Holds, Tile, level_count};
use crate::tree::{self, TILE_WIDTH};

/// The root of the first `wanted` entries of a log of `size`.
pub(super) fn of_tiles(files: &LogFiles<'_>, size: u64, wanted: u64) -> Result<Digest, String> {
    if wanted > size {
        return Err(format!("the log has {size} entries"));
    }
    tree::range(0, wanted, &mut |level, from, to| {
        let index = from / TILE_WIDTH;
        let start = index * TILE_WIDTH;
        let width = (level_count(size, level) - start).min(TILE_WIDTH);
        let (_, hashes, problem) = files.hashes(&Tile { holds: Holds::Hashes(level), index, width })?;
        if let Some(problem) = problem {
            return Err(problem);
        }
        let place = |n: u64| usize::try_from(n - start).unwrap_or(usize::MAX);
        hashes.get(place(from)..place(to)).map(<[Digest]>::to_vec).ok_or_else(|| "a tile is cut off".to_owned())
    })
}

impl crate::ledger::Ledger {
    /// The roots of the first so many entries, for each of these sizes; those that the log has not reached are left out.
    pub fn roots(&self, sizes: &BTreeSet<u64>) -> Result<BTreeMap<u64, Digest>, crate::error::Error> {
        self.read(|reader| {
            let size = reader.size()?;
            let mut tiles = crate::evidence::Tiles::new(reader, size);
            let reached = sizes.iter().filter(|wanted| **wanted <= size);
            reached
                .map(|wanted| {
                    let root = tree::range(0, *wanted, &mut |level, from, to| tiles.hashes(level, from, to))?;
                    Ok((*wanted, root))
                })
                .collect()
        })
    }
}
