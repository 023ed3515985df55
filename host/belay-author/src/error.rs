//! Why a plugin could not be built, and what to do next.

use std::io;
use std::path::{Path, PathBuf};

use crate::language::Language;
use crate::scaffold::InvalidName;

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
    /// A new plugin can't have this name.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A new plugin's folder is there already, and holds something.
    #[error("{} is not empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// There is no template for such a plugin.
    #[error(
        "there is no template for a {world} in {language}; guardrails have one in each language, the others in Rust"
    )]
    NoTemplate {
        /// The world.
        world: &'static str,
        /// The language.
        language: Language,
    },
    /// The kit that this belay brings is broken.
    #[error("the kit for new plugins: {reason}")]
    Kit {
        /// Why.
        reason: String,
    },
    /// A plugin's folder lacks the contract.
    #[error("{} is not there; `belay plugin new` puts it into a plugin's folder", path.display())]
    NoContract {
        /// Where it should be.
        path: PathBuf,
    },
    /// A language's own tools are missing.
    #[error("`{program}` did not start ({source}); building this plugin needs {what}")]
    NeedsProgram {
        /// The program.
        program: &'static str,
        /// What brings it.
        what: &'static str,
        /// Why it did not start.
        source: io::Error,
    },
    /// The folder has no plugin in it.
    #[error("{}: no plugin here; a plugin's Cargo.toml has `[package.metadata.belay]` with a `world`", path.display())]
    NoPlugin {
        /// The folder.
        path: PathBuf,
    },
    /// What a manifest says about the plugin makes no sense.
    #[error("{}: {reason}", manifest.display())]
    Metadata {
        /// The manifest.
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
    /// What the plugin prepares when it is built failed, or left what no module can hold.
    #[error("{plugin} could not prepare itself: {reason}")]
    Prepare {
        /// The plugin.
        plugin: String,
        /// Why.
        reason: String,
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
            Self::Name(_) => "belay plugin new guardrail NAME, with another name",
            Self::NotEmpty { .. } => "name a folder that is not there yet: belay plugin new … --folder FOLDER",
            Self::NoTemplate { .. } => "belay plugin new … --language rust",
            Self::Kit { .. } => "this is a fault of belay's: build it anew",
            Self::NoContract { .. } => "belay plugin new guardrail NAME makes a folder that has it",
            Self::NeedsProgram { .. } => "install the program, or put it on PATH",
            Self::NoPlugin { .. } => "belay plugin new guardrail NAME makes one",
            Self::Metadata { .. } => "correct the file",
            Self::Compile { .. } => "correct the plugin's code",
            Self::Prepare { .. } => {
                "correct what the plugin's `prepare` does: it may compute, and neither read nor log; cargo test shows why it panics"
            }
            Self::Component { .. } => "export the plugin with belay_sdk::guardrail!, reverter! or probe!",
            Self::Imports { .. } => "cargo tree --target wasm32-unknown-unknown shows who brings them in",
        }
    }

    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
