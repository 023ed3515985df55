//! Why a plugin could not be built, and what to do next.

use std::io;
use std::path::{Path, PathBuf};

/// Why a plugin could not be built. Nothing was installed or changed outside the folders that the caller named.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No way to a standard library for guests led anywhere.
    #[error("no standard library for wasm32-unknown-unknown; tried: {}", tried.join("; "))]
    NoTarget {
        /// Each way, and why it ended.
        tried: Vec<String>,
    },
    /// A program that is needed did not start.
    #[error("`{program}` did not start: {source}")]
    NotStarted {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A program said no.
    #[error("`{command}` failed: {said}")]
    Failed {
        /// What was run.
        command: String,
        /// The end of what it said.
        said: String,
    },
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder has no plugin in it.
    #[error("{}: no plugin here; a plugin's Cargo.toml has `[package.metadata.belay]` with a `world`", path.display())]
    NoPlugin {
        /// The folder.
        path: PathBuf,
    },
    /// `[package.metadata.belay]` makes no sense.
    #[error("{}: [package.metadata.belay]: {reason}", manifest.display())]
    Metadata {
        /// The Cargo.toml.
        manifest: PathBuf,
        /// Why.
        reason: String,
    },
    /// The plugin's own code does not compile.
    #[error("{plugin} does not compile\n{said}")]
    Compile {
        /// The plugin.
        plugin: String,
        /// What the compiler said.
        said: String,
    },
    /// The module is not what its world asks for.
    #[error("{plugin} makes no component: {reason}")]
    Component {
        /// The plugin.
        plugin: String,
        /// Why.
        reason: String,
    },
    /// The component wants more than a plugin may have.
    #[error("{plugin} imports {}; a plugin may import belay:plugin/… and nothing else", imports.join(", "))]
    Imports {
        /// The plugin.
        plugin: String,
        /// What it must not import.
        imports: Vec<String>,
    },
}

impl Error {
    /// One command to run next, or one thing to do.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::NoTarget { .. } => "rustup target add wasm32-unknown-unknown",
            Self::NotStarted { .. } => "install the program, or put it on PATH",
            Self::Failed { .. } => "run the command by hand to see all that it says",
            Self::File { .. } => "check the folder's permissions and the space left on its disk",
            Self::NoPlugin { .. } => "name the folder of a plugin",
            Self::Metadata { .. } => "correct the Cargo.toml",
            Self::Compile { .. } => "cargo check",
            Self::Component { .. } => "export the plugin with belay_sdk::guardrail!, reverter! or probe!",
            Self::Imports { .. } => "cargo tree --target wasm32-unknown-unknown shows who brings them in",
        }
    }

    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
