//! Builds the repository's plugins.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use belay_author::{Error, Plugin, Toolchain, build};

use crate::repository;

/// Builds every plugin of the workspace into `target/plugins` and lists them with their sizes.
pub(crate) fn run() -> ExitCode {
    match build_all(&repository::target("plugins")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}\nhelp: {}", error.help());
            ExitCode::FAILURE
        }
    }
}

/// Builds every plugin of the workspace into `folder`. Fast when nothing changed.
pub(crate) fn build_all(folder: &Path) -> Result<(), Error> {
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { path, source }
    };
    let toolchain = Toolchain::find(&repository::target("guest-toolchain"), &|line| eprintln!("{line}"))?;
    fs::create_dir_all(folder).map_err(file(folder))?;
    for plugin in Plugin::in_workspace(repository::root())? {
        let component = build(&toolchain, &plugin, &repository::target("guests"))?;
        let path = folder.join(plugin.file_name());
        replace(&path, &component).map_err(file(&path))?;
        println!("{:>9}  {}", component.len(), path.display());
    }
    Ok(())
}

/// Leaves a file alone that holds these bytes, and never shows half of them: another process may be loading it.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    fs::write(&fresh, bytes)?;
    fs::rename(&fresh, path)
}
