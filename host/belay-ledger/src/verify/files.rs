//! The files of a published log, as somebody finds them. Believes nothing that they say.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use belay_domain::digest::Digest;

use crate::evidence::Archive;
use crate::note::Verifier;
use crate::publish::{CHECKPOINT, VERIFIER};
use crate::tile::{Bundled, Tile, unbundle};
use crate::tree::TILE_WIDTH;

/// The largest file of a log that is read from an evidence file, in bytes: a full bundle.
const MAX_FILE: u64 = 256 * (2 + 65_535);

/// A published log's folder, and its path as findings name it.
pub(super) struct LogFiles<'a> {
    within: Within<'a>,
    shown: PathBuf,
}

/// What a log's folder lies in.
enum Within<'a> {
    /// A file system; this is the folder.
    System(PathBuf),
    /// An evidence file, below this path.
    Evidence(&'a Archive, &'static str),
}

/// A tile's file: which one was there, and its bytes.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
}

/// An entry in a bundle.
pub(super) struct FoundEntry {
    pub(super) place: Range<usize>,
    pub(super) bytes: Vec<u8>,
}

impl<'a> LogFiles<'a> {
    pub(super) fn new(folder: &Path, shown: &Path) -> Self {
        Self { within: Within::System(folder.to_owned()), shown: shown.to_owned() }
    }

    /// The log in an evidence file.
    pub(super) fn within(archive: &'a Archive, folder: &'static str) -> Self {
        Self { within: Within::Evidence(archive, folder), shown: PathBuf::from(folder) }
    }

    pub(super) fn shown(&self, path: impl AsRef<Path>) -> PathBuf {
        self.shown.join(path)
    }

    /// A file's bytes.
    pub(super) fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        match &self.within {
            Within::System(folder) => fs::read(folder.join(path)).map_err(|error| error.to_string()),
            Within::Evidence(archive, folder) => archive.read(&format!("{folder}/{}", path.display()), MAX_FILE),
        }
    }

    /// What lies in a folder of the log, by name; nothing where there is no such folder.
    pub(super) fn listed(&self, folder: &Path) -> Vec<PathBuf> {
        match &self.within {
            Within::System(log) => {
                let entries = fs::read_dir(log.join(folder)).into_iter().flatten().flatten();
                let mut paths: Vec<_> = entries.map(|entry| folder.join(entry.file_name())).collect();
                paths.sort();
                paths
            }
            // A file of one moment has no tiles of earlier ones; that it has no others is its list's to say.
            Within::Evidence(..) => Vec::new(),
        }
    }

    pub(super) fn is_folder(&self, path: &Path) -> bool {
        match &self.within {
            Within::System(folder) => folder.join(path).is_dir(),
            Within::Evidence(..) => false,
        }
    }

    /// The key that lies beside the log. Whoever brings their own key does not need it.
    pub(super) fn verifier(&self) -> Result<Verifier, String> {
        self.text(VERIFIER)?.trim_end_matches('\n').parse().map_err(|error| format!("{error}"))
    }

    /// The published checkpoint as it is there: nothing in it is believed yet.
    pub(super) fn checkpoint(&self) -> Result<String, String> {
        self.text(CHECKPOINT)
    }

    fn text(&self, name: &str) -> Result<String, String> {
        String::from_utf8(self.read(Path::new(name))?).map_err(|error| error.to_string())
    }

    /// A tile's bytes. A full tile stands in for a partial one, which may be gone once the full one is there.
    pub(super) fn tile(&self, tile: &Tile) -> Result<Found, String> {
        let full = Tile { width: TILE_WIDTH, ..*tile };
        let read = |path: PathBuf| self.read(&path).map(|bytes| Found { path: self.shown(path), bytes });
        read(tile.path()).or_else(|error| read(full.path()).map_err(|_| error))
    }

    /// The hashes of a tile, and what is wrong with its length.
    pub(super) fn hashes(&self, tile: &Tile) -> Result<(Found, Vec<Digest>, Option<String>), String> {
        let found = self.tile(tile)?;
        let (whole, rest) = found.bytes.as_chunks::<32>();
        let hashes: Vec<_> = whole.iter().copied().map(Digest::from_bytes).take(width(tile)).collect();
        let expected = if found.path.ends_with(tile.path()) { width(tile) } else { width(tile).max(whole.len()) };
        let problem = (whole.len() != expected || !rest.is_empty())
            .then(|| format!("{} bytes, not {}", found.bytes.len(), 32 * expected));
        Ok((found, hashes, problem))
    }

    /// The entries of a bundle, and where it goes wrong.
    pub(super) fn entries(&self, tile: &Tile) -> Result<(PathBuf, Vec<FoundEntry>, Option<Trouble>), String> {
        let found = self.tile(tile)?;
        let (entries, rest) = unbundle(&found.bytes);
        let (count, expected) = (entries.len(), width(tile));
        let stands_in = !found.path.ends_with(tile.path());
        let trouble = if !rest.is_empty() {
            let start = found.bytes.len() - rest.len();
            Some((start..found.bytes.len(), "what is left is no whole entry".to_owned()))
        } else if count < expected || (count > expected && !stands_in) {
            Some((0..found.bytes.len(), format!("{count} entries, not {expected}")))
        } else {
            None
        };
        let owned = |entry: Bundled<'_>| FoundEntry { place: entry.place, bytes: entry.bytes.to_owned() };
        Ok((found.path.clone(), entries.into_iter().take(expected).map(owned).collect(), trouble))
    }
}

/// Bytes of a file and what is wrong with them.
pub(super) type Trouble = (Range<usize>, String);

fn width(tile: &Tile) -> usize {
    usize::try_from(tile.width).unwrap_or(usize::MAX)
}
