//! The public log: tiles, entry bundles and checkpoint, derived from durable entries. Never shrinks, never replaces a
//! tile by another one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use belay_domain::digest::Digest;

use crate::checkpoint;
use crate::durable::{self, Linked, Staged};
use crate::error::Error;
use crate::note::{Signer, Verifier};
use crate::store::Reader;
use crate::tile::{self, Holds, Tile, level_count};
use crate::tree::{TILE_WIDTH, TreeHead, empty};

/// The checkpoint's file under the log's folder.
pub(crate) const CHECKPOINT: &str = "checkpoint";
/// The folder of the tiles and entry bundles.
pub(crate) const TILES: &str = "tile";
/// The verifier key's file under the log's folder.
pub(crate) const VERIFIER: &str = "ledger.vkey";

/// The log's folder within the state folder.
pub(crate) fn log_folder(state: &Path) -> PathBuf {
    state.join("log")
}

/// Publishes the empty log of a new ledger.
pub(crate) fn init(state: &Path, signer: &Signer) -> Result<(), Error> {
    let folder = log_folder(state);
    durable::folder(&folder)?;
    put_verifier(&folder, &signer.verifier())?;
    let head = TreeHead { size: 0, root: empty() };
    let target = folder.join(CHECKPOINT);
    Staged::new(&target, checkpoint::sign(&head, signer).as_bytes())?.replace(&target)?;
    durable::sync_folder(&folder)
}

/// Refuses a database that does not contain what was published. Gives the published head.
pub(crate) fn check(state: &Path, reader: &Reader, verifier: &Verifier) -> Result<TreeHead, Error> {
    let published = published(&log_folder(state), verifier)?;
    let held = reader.size()?;
    if held < published.size {
        return Err(Error::Behind { held, published: published.size });
    }
    let found = reader.root(published.size)?;
    if found != published.root {
        return Err(Error::Forked { size: published.size, published: published.root, found });
    }
    Ok(published)
}

fn published(log: &Path, verifier: &Verifier) -> Result<TreeHead, Error> {
    let path = log.join(CHECKPOINT);
    let problem = |problem: String| Error::Checkpoint { path: path.clone(), problem };
    let bytes = durable::read(&path)?.ok_or_else(|| problem("it is missing".to_owned()))?;
    let text = String::from_utf8(bytes).map_err(|error| problem(error.to_string()))?;
    checkpoint::open(&text, verifier).map_err(|error| problem(error.to_string()))
}

/// Publishes all that is durable. `None`: another process has changed the key meanwhile, and nothing was done.
pub(crate) fn publish(state: &Path, reader: &Reader, signer: &Signer) -> Result<Option<TreeHead>, Error> {
    let _lock = lock(state)?;
    if reader.verifier()? != signer.verifier().to_string() {
        return Ok(None);
    }
    let old = check(state, reader, &signer.verifier())?;
    let size = reader.size()?;
    if size == old.size {
        return Ok(Some(old));
    }
    let head = TreeHead { size, root: reader.root(size)? };
    write(state, reader, old.size, &head, &checkpoint::sign(&head, signer))?;
    Ok(Some(head))
}

/// Publishes all that is durable with the signatures of the key until now and of the one from now on, and puts the new
/// verifier in the old one's place. Idempotent.
pub(crate) fn hand_over(state: &Path, reader: &Reader, old: &Signer, new: &Signer) -> Result<(), Error> {
    let _lock = lock(state)?;
    let published = check(state, reader, &old.verifier())?;
    let size = reader.size()?;
    let head = TreeHead { size, root: reader.root(size)? };
    write(state, reader, published.size, &head, &checkpoint::sign_both(&head, old, new))?;
    // Whoever reads between the two steps finds a checkpoint that the verifier of either key opens.
    let log = log_folder(state);
    put_verifier(&log, &new.verifier())?;
    durable::sync_folder(&log)
}

fn lock(state: &Path) -> Result<File, Error> {
    let lock = state.join("publish.lock");
    let file = File::options().create(true).append(true).open(&lock);
    let file = file.map_err(|error| Error::io("open", &lock, &error))?;
    file.lock().map_err(|error| Error::io("lock", &lock, &error))?;
    Ok(file)
}

/// Writes what the tree of a head has and that of the first `old` entries had not, then the checkpoint.
fn write(state: &Path, reader: &Reader, old: u64, head: &TreeHead, note: &str) -> Result<(), Error> {
    let log = log_folder(state);
    tiles(&log, reader, old, head.size)?;
    // The tiles first: a checkpoint promises that they are there.
    let target = log.join(CHECKPOINT);
    Staged::new(&target, note.as_bytes())?.replace(&target)?;
    durable::sync_folder(&log)
}

fn put_verifier(log: &Path, verifier: &Verifier) -> Result<(), Error> {
    let path = log.join(VERIFIER);
    Staged::new(&path, format!("{verifier}\n").as_bytes())?.replace(&path)
}

/// Writes what the tree of `new` entries has and that of `old` had not.
fn tiles(log: &Path, reader: &Reader, old: u64, new: u64) -> Result<(), Error> {
    let mut put_there = PutThere::default();
    each_tile(reader, old, new, |tile, bytes| put(log, tile, bytes, &mut put_there))?;
    put_there.settle()
}

/// What a publication put under its name, and has not made durable yet: a folder takes one sync for all of its tiles.
#[derive(Default)]
struct PutThere {
    folders: BTreeSet<PathBuf>,
    /// Folders of partial tiles that a full one replaces.
    replaced: Vec<PathBuf>,
}

impl PutThere {
    fn settle(self) -> Result<(), Error> {
        self.folders.iter().try_for_each(|folder| durable::sync_folder(folder))?;
        for folder in self.replaced {
            // Not before the full tiles are durable. A leftover does no harm, and most often there is none.
            let _ = fs::remove_dir_all(folder);
        }
        Ok(())
    }
}

/// Gives every tile and entry bundle that the tree of `new` entries has and that of `old` had not.
pub(crate) fn each_tile(
    reader: &Reader,
    old: u64,
    new: u64,
    mut each: impl FnMut(&Tile, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    for tile in Tile::covering(Holds::Entries, old, new) {
        let mut bundle = Vec::new();
        let mut fits = Some(());
        let range = tile.range();
        reader.entries_from(range.start, range.end, |entry| {
            fits = fits.and_then(|()| tile::bundle(&mut bundle, entry));
        })?;
        fits.ok_or_else(|| Error::Corrupt("an entry is too long".to_owned()))?;
        each(&tile, &bundle)?;
    }
    for level in 0..u64::BITS / 8 {
        for tile in Tile::covering(Holds::Hashes(level), level_count(old, level), level_count(new, level)) {
            let range = tile.range();
            let hashes = reader.hashes(level, range.start, range.end)?;
            let bytes: Vec<u8> = hashes.iter().flat_map(Digest::as_bytes).copied().collect();
            each(&tile, &bytes)?;
        }
    }
    Ok(())
}

/// Puts a tile where none is. One that is there must be the same: publishing was interrupted, and goes on.
fn put(log: &Path, tile: &Tile, bytes: &[u8], put_there: &mut PutThere) -> Result<(), Error> {
    let target = log.join(tile.path());
    // Also where it is there: whoever put it there may have been killed before the sync.
    put_there.folders.extend(target.parent().map(Path::to_owned));
    match durable::read(&target)? {
        Some(found) if found == bytes => return Ok(()),
        Some(_) => return Err(Error::TileDiffers { path: target }),
        None => {}
    }
    make_folders(log, &target)?;
    if Staged::new(&target, bytes)?.link(&target)? == Linked::There {
        return Err(Error::TileDiffers { path: target });
    }
    if tile.width == TILE_WIDTH {
        put_there.replaced.push(log.join(tile.partial_folder()));
    }
    Ok(())
}

/// Makes the folders between the log's and a tile, and their names durable.
fn make_folders(log: &Path, target: &Path) -> Result<(), Error> {
    let missing = |folder: &&Path| folder.starts_with(log) && !folder.is_dir();
    let folders: Vec<&Path> = target.ancestors().skip(1).take_while(missing).collect();
    for folder in folders.into_iter().rev() {
        durable::folder(folder)?;
        if let Some(parent) = folder.parent() {
            durable::sync_folder(parent)?;
        }
    }
    Ok(())
}
