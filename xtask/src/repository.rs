//! Where things lie in the repository.

use std::path::{Path, PathBuf};

/// The repository's folder.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// A folder below `target`, wherever cargo's own target folder is: tests and documents name these.
pub(crate) fn target(name: &str) -> PathBuf {
    root().join("target").join(name)
}
