//! Compiled components kept from one process to the next. Never a source of truth: what can't be used is compiled
//! again.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use belay_domain::digest::Digest;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// A file: this, the SHA-256 of the rest, the rest.
const MAGIC: &[u8; 16] = b"belay-compiled-1";
/// Code is larger than its component, but not without end.
const MAX_FILE_BYTES: u64 = 1 << 30;

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

    /// The compiled component, if it is there, whole, and made for this engine.
    pub(crate) fn get(&self, engine: &Engine, component: Digest) -> Option<Component> {
        let mut file = Vec::new();
        fs::File::open(self.path(engine, component)).ok()?.take(MAX_FILE_BYTES).read_to_end(&mut file).ok()?;
        deserialize(engine, intact(&file)?)
    }

    /// Keeps a compiled component: staged, then renamed, so that readers see all of it or nothing.
    pub(crate) fn put(&self, engine: &Engine, component: Digest, compiled: &Component) -> io::Result<()> {
        let code = compiled.serialize().map_err(|error| io::Error::other(error.to_string()))?;
        // A temporary file has mode 0600 and goes away if anything fails.
        let mut staged = tempfile::NamedTempFile::new_in(self.folder)?;
        staged.write_all(MAGIC)?;
        staged.write_all(Digest::of(&code).as_bytes())?;
        staged.write_all(&code)?;
        // A torn file after a crash fails its digest, so that nothing is lost by not waiting for the disk.
        staged.persist(self.path(engine, component)).map_err(|error| error.error)?;
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

/// The code in a file that is as it was written.
fn intact(file: &[u8]) -> Option<&[u8]> {
    let (digest, code) = file.strip_prefix(MAGIC)?.split_first_chunk::<32>()?;
    (Digest::of(code).as_bytes() == digest).then_some(code)
}

#[allow(unsafe_code)]
fn deserialize(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: `code` must be what `Component::serialize` gave. It was read once, from a folder that only belay's user
    // can write, out of a file that begins with the digest of what `put` serialized; wasmtime itself refuses code of
    // another version or configuration. Whoever can write that folder is belay's user already and gains nothing.
    unsafe { Component::deserialize(engine, code) }.ok()
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
