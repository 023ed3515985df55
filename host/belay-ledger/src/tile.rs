//! Where C2SP tlog-tiles v0.1.0 puts hashes and entries, and how a bundle of entries reads. Names; never opens a file.

use std::ops::Range;
use std::path::PathBuf;

use crate::tree::TILE_WIDTH;

/// What a tile holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Holds {
    /// Hashes of this level.
    Hashes(u32),
    /// Entries.
    Entries,
}

/// One tile: its place in its level, and how many hashes or entries it has, 1 to 256.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tile {
    pub(crate) holds: Holds,
    pub(crate) index: u64,
    pub(crate) width: u64,
}

impl Tile {
    /// The tiles of one level of which something lies at or after `from`, when the level has `count` hashes.
    pub(crate) fn covering(holds: Holds, from: u64, count: u64) -> impl Iterator<Item = Self> {
        let end = if from < count { count.div_ceil(TILE_WIDTH) } else { 0 };
        (from / TILE_WIDTH..end).map(move |index| Self {
            holds,
            index,
            width: (count - index * TILE_WIDTH).min(TILE_WIDTH),
        })
    }

    /// The hashes of its level that it holds.
    pub(crate) const fn range(&self) -> Range<u64> {
        let start = self.index * TILE_WIDTH;
        start..start + self.width
    }

    /// Its path under the log's directory.
    pub(crate) fn path(&self) -> PathBuf {
        let mut path = self.full_path();
        if self.width < TILE_WIDTH {
            path.as_mut_os_string().push(format!(".p/{}", self.width));
        }
        path
    }

    /// The folder of the partial tiles that the full one replaces.
    pub(crate) fn partial_folder(&self) -> PathBuf {
        let mut path = self.full_path();
        path.as_mut_os_string().push(".p");
        path
    }

    fn full_path(&self) -> PathBuf {
        let folder = match self.holds {
            Holds::Hashes(level) => format!("tile/{level}"),
            Holds::Entries => "tile/entries".to_owned(),
        };
        let mut groups = vec![format!("{:03}", self.index % 1_000)];
        let mut rest = self.index / 1_000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1_000));
            rest /= 1_000;
        }
        PathBuf::from(folder).join(groups.into_iter().rev().collect::<PathBuf>())
    }
}

/// How many hashes a level has in a tree of `size` entries.
pub(crate) const fn level_count(size: u64, level: u32) -> u64 {
    match size.checked_shr(level * crate::tree::TILE_HEIGHT) {
        Some(count) => count,
        None => 0,
    }
}

/// Adds an entry to a bundle. An entry has at most 65,535 bytes; a longer one is refused with `None`.
pub(crate) fn bundle(bundle: &mut Vec<u8>, entry: &[u8]) -> Option<()> {
    bundle.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
    bundle.extend(entry);
    Some(())
}

/// One entry of a bundle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Bundled<'a> {
    /// Where its bytes lie in the file.
    pub(crate) place: Range<usize>,
    pub(crate) bytes: &'a [u8],
}

/// The entries of a bundle, and what follows the last whole one.
pub(crate) fn unbundle(bytes: &[u8]) -> (Vec<Bundled<'_>>, &[u8]) {
    let mut entries = Vec::new();
    let (mut rest, mut start) = (bytes, 2);
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let Some((entry, tail)) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length))) else { break };
        entries.push(Bundled { place: start..start + entry.len(), bytes: entry });
        start += entry.len() + 2;
        rest = tail;
    }
    (entries, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(holds: Holds, index: u64, width: u64) -> String {
        Tile { holds, index, width }.path().display().to_string()
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(path(Holds::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(Holds::Hashes(2), 0, 1), "tile/2/000.p/1");
        assert_eq!(path(Holds::Entries, 273, 112), "tile/entries/273.p/112");
        assert_eq!(path(Holds::Entries, 1_000, 256), "tile/entries/x001/000");
    }

    #[test]
    fn no_tile_is_empty() {
        let tiles =
            |from, count| Tile::covering(Holds::Entries, from, count).map(|tile| tile.width).collect::<Vec<_>>();
        assert!(tiles(0, 0).is_empty());
        assert_eq!(tiles(0, 512), [256, 256]);
        assert!(tiles(256, 256).is_empty());
        assert_eq!(tiles(255, 257), [256, 1]);
        assert_eq!(level_count(70_000, 9), 0);
    }

    #[test]
    fn a_bundle_gives_its_entries_back_and_what_is_cut_off() {
        let mut bytes = Vec::new();
        for entry in [b"one".as_slice(), b"", b"three"] {
            bundle(&mut bytes, entry).unwrap();
        }
        let found: Vec<_> = unbundle(&bytes).0.into_iter().map(|entry| (entry.place, entry.bytes)).collect();
        assert_eq!(found, [(2..5, b"one".as_slice()), (7..7, b""), (9..14, b"three")]);
        let (entries, rest) = unbundle(&bytes[..10]);
        assert_eq!((entries.len(), rest.len()), (2, 3));
        assert_eq!(bundle(&mut bytes, &[0; 65_536]), None);
    }
}
