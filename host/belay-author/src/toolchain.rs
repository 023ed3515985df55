//! Where the standard library for guests comes from: the toolchain's own, or else one that is fetched once.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::debian::{self, Unpacked};
use crate::folder::hold;
use crate::{Error, program};

/// What guests are compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// rustup takes seconds, or minutes when its server is out of reach.
const RUSTUP_LIMIT: Duration = Duration::from_secs(15);

/// A compiler with a standard library for guests.
#[derive(Clone, Debug)]
pub struct Toolchain {
    pub(crate) sysroot: PathBuf,
    pub(crate) unpacked: Option<Unpacked>,
}

impl Toolchain {
    /// Finds one, in this order: in the sysroot of `rustc`; fetched earlier into `cache`; by `rustup target add`; from
    /// Debian's packages, unpacked into `cache`. Nothing but rustup's own toolchain and `cache` is written to. `say`
    /// is told of what takes long.
    pub fn find(cache: &Path, say: &dyn Fn(&str)) -> Result<Self, Error> {
        let sysroot = PathBuf::from(program::output(Command::new("rustc").args(["--print", "sysroot"]))?.trim());
        if has_target(&sysroot) {
            return Ok(Self { sysroot, unpacked: None });
        }
        let _held = hold(cache)?;
        let cache = cache.canonicalize().map_err(Error::file(cache))?;
        if let Some(unpacked) = Unpacked::in_folder(&cache, &sysroot)? {
            return Ok(Self { sysroot, unpacked: Some(unpacked) });
        }
        Self::fetch(sysroot, &cache, say)
    }

    fn fetch(sysroot: PathBuf, cache: &Path, say: &dyn Fn(&str)) -> Result<Self, Error> {
        let mut tried = vec![format!("{} has none", sysroot.display())];
        say(&format!("asking rustup for {TARGET}"));
        match program::within(RUSTUP_LIMIT, Command::new("rustup").args(["target", "add", TARGET])) {
            Ok(()) if has_target(&sysroot) => return Ok(Self { sysroot, unpacked: None }),
            Ok(()) => tried.push("rustup added it elsewhere".to_owned()),
            Err(error) => tried.push(error.to_string()),
        }
        say("rustup can't; fetching the standard library's source from Debian (some 140 MB, once)");
        match debian::fetch(cache, &sysroot) {
            Ok(unpacked) => Ok(Self { sysroot, unpacked: Some(unpacked) }),
            Err(error) => {
                tried.push(error.to_string());
                Err(Error::NoTarget { tried })
            }
        }
    }

    /// Sets what cargo needs to compile guests with it.
    pub(crate) fn equip(&self, cargo: &mut Command) {
        let Some(unpacked) = &self.unpacked else { return };
        cargo
            .arg("-Zbuild-std=std,panic_abort")
            // The packaged compiler is a stable one, and the standard library is built from its own sources.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTC", unpacked.rustc())
            .env("LD_LIBRARY_PATH", library_path(&unpacked.libraries))
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", &unpacked.linker);
    }

    /// Folders whose place differs from machine to machine and must not show in a component.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &Path> {
        let unpacked = self.unpacked.as_ref().map(|unpacked| unpacked.root.as_path());
        std::iter::once(self.sysroot.as_path()).chain(unpacked)
    }
}

fn has_target(sysroot: &Path) -> bool {
    let libraries = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let mut names = libraries.read_dir().into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().starts_with("libstd-"))
}

fn library_path(libraries: &Path) -> OsString {
    let mut path = libraries.as_os_str().to_owned();
    if let Some(others) = std::env::var_os("LD_LIBRARY_PATH").filter(|others| !others.is_empty()) {
        path.push(":");
        path.push(others);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_target_without_its_library_is_none() {
        let sysroot = tempfile::tempdir().unwrap();
        let libraries = sysroot.path().join("lib/rustlib/wasm32-unknown-unknown/lib");
        assert!(!has_target(sysroot.path()));
        fs::create_dir_all(&libraries).unwrap();
        assert!(!has_target(sysroot.path()));
        fs::write(libraries.join("libstd-1a2b.rlib"), "").unwrap();
        assert!(has_target(sysroot.path()));
    }
}
