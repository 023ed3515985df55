//! Real systems for tests, and what makes them fail: an MLflow server, Delta tables, a proxy that loses answers. Never
//! installs anything: `cargo xtask lab install` does.

pub mod alertmanager;
pub mod authority;
pub mod desk;
pub mod exporter;
pub mod feast;
pub mod feature_shop;
pub mod gate;
pub mod guarded;
pub mod http1;
pub mod iceberg;
pub mod kinto;
pub mod mlflow;
pub mod part;
pub mod port;
pub mod postgres;
pub mod prefect;
pub mod prometheus;
pub mod proxy;
pub mod redis;
pub mod registry;
pub mod s3;
pub mod service;
pub mod shelf;
pub mod shop;
pub mod table;
pub mod tier;
pub mod tls_front;
pub mod unleash;

use std::path::PathBuf;

pub use part::{Part, program, programs};
pub use tier::Tier;

use crate::repository;

/// Whether a test of what Python alone does leaves: see [`tier::is_left_out`].
pub fn is_left_out() -> bool {
    tier::is_left_out(Tier::Fast, &[Part::Python])
}

/// The lab's Python, with MLflow, Feast, `deltalake`, `pyiceberg` and moto.
///
/// # Panics
/// Where nobody installed it.
pub fn python() -> PathBuf {
    Part::Python.file("bin/python")
}

/// The folder of an MLflow server with models in it, to be copied.
///
/// # Panics
/// Where nobody made it.
pub fn seeded_mlflow() -> PathBuf {
    Part::Models.file("")
}

/// The lab's scripts, and what its workspace is made from.
pub fn sources() -> PathBuf {
    repository::root().join("tests/lab")
}

/// Where servers keep what they need while they run.
///
/// # Panics
/// Where it can't be made.
pub fn running(name: &str) -> PathBuf {
    let folder = repository::target("lab").join("running");
    std::fs::create_dir_all(&folder).unwrap();
    tempfile::Builder::new().prefix(&format!("{name}-")).tempdir_in(folder).unwrap().keep()
}
