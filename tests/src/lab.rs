//! Real systems for tests, and what makes them fail: an MLflow server, Delta tables, a proxy that loses answers. Never
//! installs anything: `cargo xtask lab` does.

pub mod desk;
pub mod guarded;
pub mod http1;
pub mod mlflow;
pub mod proxy;
pub mod registry;
pub mod table;

use std::path::{Path, PathBuf};

use crate::repository;

/// Whether only the quick tests are wanted: those that need no lab. Says so, once for each test that leaves.
pub fn is_left_out() -> bool {
    let quick = std::env::var("BELAY_TESTS").is_ok_and(|tier| tier == "quick");
    if quick {
        eprintln!("left out: it needs the lab");
    }
    quick
}

/// The lab's Python, with MLflow and the `deltalake` library.
///
/// # Panics
/// Where nobody installed it.
pub fn python() -> PathBuf {
    installed(&installation().join("venv/bin/python"))
}

/// The folder of an MLflow server with models in it, to be copied.
///
/// # Panics
/// Where nobody made it.
pub fn seeded_mlflow() -> PathBuf {
    installed(&installation().join("mlflow"))
}

/// The lab's scripts, and what its workspace is made from.
pub fn sources() -> PathBuf {
    repository::root().join("tests/lab")
}

fn installation() -> PathBuf {
    repository::target("lab")
}

fn installed(path: &Path) -> PathBuf {
    assert!(path.exists(), "{} is not there: cargo xtask lab", path.display());
    path.to_path_buf()
}
