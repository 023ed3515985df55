//! Where things lie in the repository. Builds nothing.

use std::path::{Path, PathBuf};

/// The repository's folder.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// A folder below `target`, wherever cargo's own target folder is.
pub fn target(name: &str) -> PathBuf {
    root().join("target").join(name)
}

/// The release build of the command line.
///
/// # Panics
/// Where nobody built it.
pub fn belay() -> PathBuf {
    built(target("release").join("belay"))
}

/// A component of the repository's plugins, such as `flagd_flag`.
///
/// # Panics
/// Where nobody built it.
pub fn component(name: &str) -> PathBuf {
    built(target("plugins").join(format!("{name}.wasm")))
}

/// A component that does harm, such as `hostile_guardrail`.
///
/// # Panics
/// Where nobody built it.
pub fn hostile(name: &str) -> PathBuf {
    built(target("hostile").join(format!("{name}.wasm")))
}

fn built(file: PathBuf) -> PathBuf {
    assert!(file.is_file(), "{} is not there: run cargo xtask test, which builds it first", file.display());
    file
}
