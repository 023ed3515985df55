//! The 256 entries that share a bundle and a tile, as each source gives them. Compares; never decides which is right.

use std::ops::Range;
use std::path::PathBuf;

use belay_domain::digest::Digest;

use super::files::LogFiles;
use super::report::{Place, Report};
use crate::tile::{Holds, Tile};
use crate::tree::{TILE_WIDTH, combine, leaf};

/// The entries of a group in a log of `size`.
pub(super) fn entries_of(index: u64, size: u64) -> Range<u64> {
    let start = index.saturating_mul(TILE_WIDTH).min(size);
    start..start.saturating_add(TILE_WIDTH).min(size)
}

/// One source's hashes for a group's entries: a prefix where it is cut off.
pub(super) struct Leaves {
    pub(super) source: Source,
    pub(super) hashes: Vec<Digest>,
}

/// Where a source keeps them.
pub(super) enum Source {
    /// In the database.
    Database,
    /// In an entry bundle, at these places.
    Bundle { path: PathBuf, places: Vec<Range<usize>> },
    /// In a tile of level 0.
    Tile { path: PathBuf },
}

impl Leaves {
    /// The root of the group, if all of its entries are there.
    pub(super) fn root(&self, width: u64) -> Option<Digest> {
        (self.hashes.len() as u64 == width).then(|| combine(&self.hashes))
    }

    /// Where entry `seq`, the `index`th of the group, lies.
    pub(super) fn place(&self, seq: u64, index: usize) -> Place {
        match &self.source {
            Source::Database => Place::Rows(seq..seq + 1),
            Source::Bundle { path, places } => Place::File { path: path.clone(), bytes: places.get(index).cloned() },
            Source::Tile { path } => Place::File { path: path.clone(), bytes: Some(32 * index..32 * (index + 1)) },
        }
    }

    /// The whole group in this source.
    pub(super) fn whole(&self, range: &Range<u64>) -> Place {
        match &self.source {
            Source::Database => Place::Rows(range.clone()),
            Source::Bundle { path, .. } | Source::Tile { path } => Place::file(path),
        }
    }
}

/// What a bundle gives: hashes, and the entries' bytes for whoever reads on.
pub(super) fn from_bundle(files: &LogFiles<'_>, tile: &Tile, report: &mut Report) -> Option<(Leaves, Vec<Vec<u8>>)> {
    match files.entries(tile) {
        Ok((path, entries, trouble)) => {
            if let Some((bytes, problem)) = trouble {
                report.find(Place::File { path: path.clone(), bytes: Some(bytes) }, problem);
            }
            let hashes = entries.iter().map(|entry| leaf(&entry.bytes)).collect();
            let places = entries.iter().map(|entry| entry.place.clone()).collect();
            let bytes = entries.into_iter().map(|entry| entry.bytes).collect();
            Some((Leaves { source: Source::Bundle { path, places }, hashes }, bytes))
        }
        Err(problem) => {
            report.find(Place::file(files.shown(tile.path())), problem);
            None
        }
    }
}

/// What the tile of level 0 beside a bundle gives.
pub(super) fn from_tile(files: &LogFiles<'_>, bundle: &Tile, report: &mut Report) -> Option<Leaves> {
    let hashes = tile_hashes(files, &Tile { holds: Holds::Hashes(0), ..*bundle }, report);
    hashes.map(|(path, hashes)| Leaves { source: Source::Tile { path }, hashes })
}

/// The hashes of any tile.
pub(super) fn tile_hashes(files: &LogFiles<'_>, tile: &Tile, report: &mut Report) -> Option<(PathBuf, Vec<Digest>)> {
    match files.hashes(tile) {
        Ok((found, hashes, problem)) => {
            if let Some(problem) = problem {
                report.find(Place::file(&found.path), problem);
            }
            Some((found.path, hashes))
        }
        Err(problem) => {
            report.find(Place::file(files.shown(tile.path())), problem);
            None
        }
    }
}
