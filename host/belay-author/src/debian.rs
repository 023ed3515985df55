//! A compiler with the standard library's sources, from Debian's packages, unpacked into a folder. Nothing is
//! installed, root is not needed, and the system's own package lists stay as they are.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Error, program};

/// The compiler, its own standard library, and the sources of it. The libraries they need are read from what they
/// declare: their names carry versions.
const PACKAGES: [&str; 3] = ["rustc-web", "libstd-rust-web-dev", "rust-web-src"];

/// The unpacked compiler.
#[derive(Clone, Debug)]
pub(crate) struct Unpacked {
    pub(crate) root: PathBuf,
    pub(crate) libraries: PathBuf,
    pub(crate) linker: PathBuf,
}

impl Unpacked {
    /// What an earlier [`fetch`] left in `cache`; it is whole, or not there.
    pub(crate) fn in_folder(cache: &Path, sysroot: &Path) -> Result<Option<Self>, Error> {
        let root = cache.join("debian");
        if !root.join("usr/bin/rustc").is_file() {
            return Ok(None);
        }
        let libraries = multiarch(&root.join("usr/lib"))?;
        Ok(Some(Self { root, libraries, linker: linker(sysroot)? }))
    }

    pub(crate) fn rustc(&self) -> PathBuf {
        self.root.join("usr/bin/rustc")
    }
}

/// Fetches and unpacks into `cache`.
pub(crate) fn fetch(cache: &Path, sysroot: &Path) -> Result<Unpacked, Error> {
    let staging = cache.join("staging");
    let unpacked = staging.join("root");
    make_empty(&staging)?;
    for folder in ["lists/partial", "apt/archives/partial", "packages", "root"] {
        let folder = staging.join(folder);
        fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    }
    let apt = Apt { folder: staging.clone() };
    apt.update()?;
    apt.download(&apt.packages()?)?;
    for package in entries(&staging.join("packages"))? {
        program::output(Command::new("dpkg").arg("-x").arg(&package).arg(&unpacked))?;
    }
    let root = cache.join("debian");
    // The name appears last: a folder that has it is whole.
    fs::rename(&unpacked, &root).map_err(Error::file(&root))?;
    fs::remove_dir_all(&staging).map_err(Error::file(&staging))?;
    Unpacked::in_folder(cache, sysroot)?.ok_or_else(|| Error::Failed {
        command: "unpacking Debian's packages".to_owned(),
        said: "they hold no usr/bin/rustc".to_owned(),
    })
}

/// apt with lists and cache in a folder of ours.
struct Apt {
    folder: PathBuf,
}

impl Apt {
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let lists = self.folder.join("lists");
        let cache = self.folder.join("apt");
        command
            .args(["-o", &format!("Dir::State::Lists={}", lists.display())])
            .args(["-o", &format!("Dir::Cache={}", cache.display())])
            // Only packages are wanted, neither translations nor the software centre's data.
            .args(["-o", "Acquire::Languages=none", "-o", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"])
            // Run by root, apt would fetch as another user, who can't write here. Signatures are checked all the same.
            .args(["-o", "APT::Sandbox::User=root"])
            .current_dir(self.folder.join("packages"));
        command
    }

    fn update(&self) -> Result<(), Error> {
        program::output(self.command("apt-get").args(["-q", "update"])).map(drop)
    }

    fn download(&self, packages: &BTreeSet<String>) -> Result<(), Error> {
        program::output(self.command("apt-get").args(["-q", "download"]).args(packages)).map(drop)
    }

    /// The packages, and the libraries below them that this machine doesn't have.
    fn packages(&self) -> Result<BTreeSet<String>, Error> {
        let mut found: BTreeSet<String> = PACKAGES.map(str::to_owned).into();
        let mut open: VecDeque<String> = PACKAGES.map(str::to_owned).into();
        while let Some(package) = open.pop_front() {
            let said = program::output(self.command("apt-cache").args(["depends", "--important"]).arg(&package))?;
            for library in libraries_in(&said) {
                if !found.contains(library) && !is_installed(library) {
                    found.insert(library.to_owned());
                    open.push_back(library.to_owned());
                }
            }
        }
        Ok(found)
    }
}

/// The library packages in what `apt-cache depends` says. Virtual packages stand in angle brackets.
fn libraries_in(said: &str) -> impl Iterator<Item = &str> {
    let depended = said.lines().filter_map(|line| line.trim().trim_start_matches('|').strip_prefix("Depends: "));
    depended.filter(|name| name.starts_with("lib"))
}

fn is_installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["-W", "-f=${db:Status-Status}", package]);
    program::output(&mut query).is_ok_and(|status| status.contains("installed") && !status.contains("not-installed"))
}

/// The one folder of libraries that is named after the machine: `usr/lib/x86_64-linux-gnu`.
fn multiarch(lib: &Path) -> Result<PathBuf, Error> {
    let found = entries(lib)?.into_iter().find(|path| path.to_string_lossy().contains("-linux-gnu"));
    found.ok_or_else(|| Error::File { path: lib.join("*-linux-gnu"), source: std::io::ErrorKind::NotFound.into() })
}

/// The linker for WebAssembly comes with the installed toolchain; Debian's is a package of its own.
fn linker(sysroot: &Path) -> Result<PathBuf, Error> {
    let rustlib = sysroot.join("lib/rustlib");
    let linkers = entries(&rustlib)?.into_iter().map(|folder| folder.join("bin/rust-lld"));
    let missing = || Error::File { path: rustlib.join("*/bin/rust-lld"), source: std::io::ErrorKind::NotFound.into() };
    linkers.into_iter().find(|path| path.is_file()).ok_or_else(missing)
}

fn make_empty(folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Error::file(folder))?;
    }
    fs::create_dir_all(folder).map_err(Error::file(folder))
}

/// What a folder holds, in the order of names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let listing = folder.read_dir().map_err(Error::file(folder))?;
    let paths: Result<Vec<PathBuf>, _> = listing.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(Error::file(folder))?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_read_from_what_apt_says() {
        let said = "rustc-web\n  Depends: libc6\n |Depends: libgcc-s1\n  Depends: gcc\n  Depends: <libc-dev>\n    \
                    libc6-dev\n  Depends: libllvm22\n  Conflicts: rustc\n";
        assert_eq!(libraries_in(said).collect::<Vec<_>>(), ["libc6", "libgcc-s1", "libllvm22"]);
    }

    #[test]
    fn a_folder_without_a_compiler_holds_nothing() {
        let cache = tempfile::tempdir().unwrap();
        fs::create_dir_all(cache.path().join("staging/root/usr/bin")).unwrap();
        fs::write(cache.path().join("staging/root/usr/bin/rustc"), "").unwrap();
        assert!(matches!(Unpacked::in_folder(cache.path(), cache.path()), Ok(None)));
    }
}
