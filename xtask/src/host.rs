//! Cargo, and the host that it builds.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::repository;

/// Cargo in the repository, as whoever types it would run it. What cargo tells this program of its own package would reach
/// build scripts, and one that asks for it would build anew whenever the other of the two ways was taken before.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let of_a_package = |name: &OsString| {
        let name = name.as_encoded_bytes();
        name.starts_with(b"CARGO_PKG_") || name.starts_with(b"CARGO_MANIFEST_")
    };
    for name in std::env::vars_os().map(|(name, _)| name).filter(of_a_package) {
        cargo.env_remove(name);
    }
    cargo.current_dir(repository::root());
    cargo
}

/// Builds `target/release/belay` and says where it is.
pub(crate) fn build_release() -> Result<PathBuf, String> {
    let mut cargo = cargo();
    cargo.args(["build", "--release", "--quiet", "--package", "belay"]);
    cargo.env("CARGO_TARGET_DIR", repository::root().join("target"));
    eprintln!("building belay (the first time takes some minutes)");
    match cargo.status() {
        Ok(status) if status.success() => Ok(repository::target("release").join("belay")),
        Ok(status) => Err(format!("`cargo build --release --package belay` ended with {status}")),
        Err(error) => Err(format!("cargo can't be run: {error}")),
    }
}
