//! Compiled components kept from one process to the next. Never a source of truth: what can't be used is compiled
//! again.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use belay_domain::digest::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::world::World;

/// Code is larger than its component, but not without end.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// The extension of the file beside the code.
const NOTE: &str = "json";

/// What is known of a file of code.
#[derive(Serialize, Deserialize)]
struct Note {
    /// The code's BLAKE3, as hex digits: it tells damage as well as SHA-256 does, in a third of the time. Each process
    /// looks at all code that it loads.
    blake3: String,
    /// The component's world: telling it from the component takes longer than loading the code.
    world: World,
}

/// A folder that only belay's user can read or write.
pub(crate) struct Precompiled<'a> {
    folder: &'a Path,
}

impl<'a> Precompiled<'a> {
    /// The folder; made with mode 0700 if it is not there, and given that mode if it had another, which only its owner
    /// can.
    pub(crate) fn open(folder: &'a Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        restrict(folder)?;
        Ok(Self { folder })
    }

    /// The compiled component and its world, if they are there, whole, and made for this engine.
    pub(crate) fn get(&self, engine: &Engine, component: Digest) -> Option<(Component, World)> {
        let path = self.path(engine, component);
        let note: Note = serde_json::from_slice(&fs::read(path.with_extension(NOTE)).ok()?).ok()?;
        if hash_of(&path)? != note.blake3 {
            return None;
        }
        Some((deserialize(engine, &path)?, note.world))
    }

    /// Keeps a compiled component: staged, then renamed, so that readers see all of it or nothing.
    pub(crate) fn put(&self, engine: &Engine, component: Digest, compiled: &Component, world: World) -> io::Result<()> {
        let code = compiled.serialize().map_err(|error| io::Error::other(error.to_string()))?;
        let note = serde_json::to_vec(&Note { blake3: blake3::hash(&code).to_string(), world })?;
        let path = self.path(engine, component);
        // A torn file after a crash fails its digest, so that nothing is lost by not waiting for the disk.
        self.place(&path, &code)?;
        self.place(&path.with_extension(NOTE), &note)
    }

    /// A temporary file has mode 0600 and goes away if anything fails.
    fn place(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut staged = tempfile::NamedTempFile::new_in(self.folder)?;
        staged.write_all(bytes)?;
        staged.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    fn path(&self, engine: &Engine, component: Digest) -> PathBuf {
        let mut hash = Sha256Hasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hash);
        let compatibility = Digest::from_bytes(hash.0.finalize().into());
        self.folder.join(format!("{component}-{}.cwasm", compatibility.short()))
    }
}

#[cfg(unix)]
fn restrict(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "no private folders on this system"))
}

/// A file's hash, read in pieces: code is mapped, not copied, once it is known to be whole.
fn hash_of(path: &Path) -> Option<String> {
    let mut hash = blake3::Hasher::new();
    hash.update_reader(fs::File::open(path).ok()?.take(MAX_FILE_BYTES)).ok()?;
    Some(hash.finalize().to_string())
}

#[allow(unsafe_code)]
fn deserialize(engine: &Engine, path: &Path) -> Option<Component> {
    // SAFETY: the file must hold what `Component::serialize` gave, and stay so. It lies in a folder that only belay's
    // user can write, files in it are replaced and never changed, and its hash was just found to be that of what
    // `put` serialized; wasmtime itself refuses code of another version or configuration. Whoever can write that
    // folder is belay's user already and gains nothing.
    unsafe { Component::deserialize_file(engine, path) }.ok()
}

/// SHA-256 as a hasher, because the standard one may change with the toolchain.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest: [u8; 32] = self.0.clone().finalize().into();
        digest.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }
}
