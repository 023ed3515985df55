//! Why there is no lab, or a part of it is missing.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::python;

/// Why an installation stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file of the lab's folder.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A command can't be run.
    #[error("`{program}` can't be run: {source}\nhelp: apt-get install {program}")]
    CannotRun {
        /// Which.
        program: String,
        /// What went wrong.
        source: io::Error,
    },
    /// A command did not do its part.
    #[error("{what} failed: `{command}` ended with {status}{said}; what was done so far is kept\nhelp: {help}")]
    Failed {
        /// What it was for.
        what: &'static str,
        /// The command.
        command: String,
        /// How it ended.
        status: String,
        /// What it said, if that was kept.
        said: String,
        /// What to do next.
        help: &'static str,
    },
    /// No Python, or one that is too old.
    #[error("the lab needs Python {}.{} or newer: {found}\nhelp: apt-get install python3", python::OLDEST.0, python::OLDEST.1)]
    Python {
        /// What is there.
        found: String,
    },
    /// No pip, and nowhere to get it from.
    #[error("Python has no pip, and apt-get could not fetch one\nhelp: apt-get install python3-pip")]
    NoPip,
    /// A package was unpacked, but what was wanted of it isn't there.
    #[error("{package} was unpacked into {} but has no `{program}`\nhelp: apt-get install {package}", folder.display())]
    NotInPackage {
        /// Which package.
        package: &'static str,
        /// Where it was unpacked.
        folder: PathBuf,
        /// What was looked for.
        program: &'static str,
    },
}

/// Runs a command that must succeed. What it says goes where it sends it.
pub(super) fn perform(what: &'static str, command: &mut Command) -> Result<(), Error> {
    let status = command.status().map_err(|source| cannot_run(command, source))?;
    if status.success() { Ok(()) } else { Err(failed(what, command, &status.to_string(), "")) }
}

/// Runs a command that must succeed, and gives back what it printed.
pub(super) fn answer(what: &'static str, command: &mut Command) -> Result<String, Error> {
    let output = command.output().map_err(|source| cannot_run(command, source))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed(what, command, &output.status.to_string(), said.trim()))
}

fn cannot_run(command: &Command, source: io::Error) -> Error {
    Error::CannotRun { program: command.get_program().to_string_lossy().into_owned(), source }
}

fn failed(what: &'static str, command: &Command, status: &str, said: &str) -> Error {
    let program = command.get_program().to_string_lossy().into_owned();
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    // apt-get finds no package on a machine that never fetched the lists of packages.
    let help = if program == "apt-get" { "apt-get update, then cargo xtask lab" } else { "cargo xtask lab" };
    Error::Failed {
        what,
        command: std::iter::once(program).chain(words).collect::<Vec<_>>().join(" "),
        status: status.to_owned(),
        said: if said.is_empty() { String::new() } else { format!(": {said}") },
        help,
    }
}

/// An error about a file.
pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let path = path.to_path_buf();
    move |source| Error::File { path, source }
}
