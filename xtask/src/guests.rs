//! Builds the repository's plugins.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use belay_author::{Error, Plugin, Toolchain, build};

use crate::repository;

/// Builds every plugin of the workspace, the tests' own too, and lists them with their sizes.
pub(crate) fn run() -> ExitCode {
    match build_all().and_then(|()| build_hostile()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}\nhelp: {}", error.help());
            ExitCode::FAILURE
        }
    }
}

/// Builds every plugin that belay ships into `target/plugins`. Fast when nothing changed.
pub(crate) fn build_all() -> Result<(), Error> {
    build_those(&repository::target("plugins"), |plugin| !is_hostile(plugin))
}

/// Builds the plugins that do harm, for tests, into `target/hostile`.
pub(crate) fn build_hostile() -> Result<(), Error> {
    build_those(&repository::target("hostile"), is_hostile)
}

fn is_hostile(plugin: &Plugin) -> bool {
    plugin.manifest.starts_with(repository::root().join("tests"))
}

fn build_those(folder: &Path, wanted: impl Fn(&Plugin) -> bool) -> Result<(), Error> {
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { path, source }
    };
    let toolchain = Toolchain::find(&repository::target("guest-toolchain"), &|line| eprintln!("{line}"))?;
    fs::create_dir_all(folder).map_err(file(folder))?;
    for plugin in Plugin::in_workspace(repository::root())?.into_iter().filter(wanted) {
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
