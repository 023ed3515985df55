//! Staging files: where bytes wait, whole and synced, until they get their name. Never visible as objects; those that
//! a crash left behind are removed by a later write to the same folder.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::fchown;
use std::time::Duration;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, Metadata, MetadataExt as _, OpenOptions, OpenOptionsExt as _};

const PREFIX: &str = ".belay-stage-";
/// A younger file may belong to a writer that has not locked it yet.
const STALE_AFTER: Duration = Duration::from_secs(60);

/// Whether a name is a staging file's.
pub(crate) fn is_staging(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// Synced bytes under a passing name in the folder that they are for. The name goes when this is dropped.
#[derive(Debug)]
pub(super) struct Staged<'folder> {
    folder: &'folder Dir,
    name: String,
    /// Open as long as it is staged: its lock says that somebody is at work.
    file: File,
}

impl<'folder> Staged<'folder> {
    /// Writes and syncs. `like`: the file to be replaced, whose mode and, where possible, owner are kept.
    pub(super) fn write(folder: &'folder Dir, bytes: &[u8], like: Option<&Metadata>) -> io::Result<Self> {
        let name = format!("{PREFIX}{:016x}", getrandom::u64().map_err(io::Error::other)?);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).follow(FollowSymlinks::No);
        if like.is_some() {
            // Nobody reads it before it has the right owner and mode.
            options.mode(0o600);
        }
        let file = folder.open_with(&name, &options)?.into_std();
        let mut staged = Self { folder, name, file };
        // File systems without locks have no sweep either.
        let _ = staged.file.try_lock();
        staged.file.write_all(bytes)?;
        if let Some(like) = like {
            staged.resemble(like)?;
        }
        staged.file.sync_all()?;
        Ok(staged)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a name in the folder is this very file.
    pub(super) fn is(&self, name: &str) -> bool {
        let own = self.folder.symlink_metadata(&self.name);
        let other = self.folder.symlink_metadata(name);
        matches!((own, other), (Ok(own), Ok(other)) if (own.dev(), own.ino()) == (other.dev(), other.ino()))
    }

    fn resemble(&self, like: &Metadata) -> io::Result<()> {
        // Only root may give a file away; a mode without its owner is still better than a default.
        let _ = fchown(&self.file, Some(like.uid()), Some(like.gid()));
        // After the owner: changing that clears bits of the mode.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(like.mode() & 0o7777);
        self.file.set_permissions(mode)
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        // Gone already after a rename. What stays is swept later.
        let _ = self.folder.remove_file(&self.name);
    }
}

/// Removes what crashed writers left in a folder. Failing is harmless: nobody sees those files.
pub(super) fn sweep(folder: &Dir) {
    let Ok(entries) = folder.entries() else { return };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if is_staging(&name) && is_stale(folder, &name) {
            let _ = folder.remove_file(&name);
        }
    }
}

fn is_stale(folder: &Dir, name: &str) -> bool {
    let mut options = OpenOptions::new();
    options.write(true).follow(FollowSymlinks::No);
    let Ok(file) = folder.open_with(name, &options).map(cap_std::fs::File::into_std) else { return false };
    let age = file.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|time| time.elapsed().ok());
    age.is_some_and(|age| age > STALE_AFTER) && file.try_lock().is_ok()
}
