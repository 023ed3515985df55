//! Builds the host.

use std::path::PathBuf;
use std::process::Command;

use crate::repository;

/// Builds `target/release/belay` and says where it is.
pub(crate) fn build_release() -> Result<PathBuf, String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--quiet", "--package", "belay"]).current_dir(repository::root());
    cargo.env("CARGO_TARGET_DIR", repository::root().join("target"));
    eprintln!("building belay (the first time takes some minutes)");
    match cargo.status() {
        Ok(status) if status.success() => Ok(repository::target("release").join("belay")),
        Ok(status) => Err(format!("`cargo build --release --package belay` ended with {status}")),
        Err(error) => Err(format!("cargo can't be run: {error}")),
    }
}
