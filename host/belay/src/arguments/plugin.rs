//! `belay plugin`.

use std::path::PathBuf;

use belay_domain::id::PluginName;
use clap::Subcommand;

/// The commands for those who make and add plugins.
#[derive(Subcommand, Debug)]
pub(crate) enum PluginCommand {
    /// List the workspace's plugins and whether their files are as pinned
    List,
    /// Build a component from a plugin's crate
    Build {
        /// The crate's folder
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// The component to write; without it, NAME.wasm in the current folder
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Pin a component's digest in belay.lock
    Add {
        /// The component
        file: PathBuf,
        /// What the workspace calls it; without it, as it calls itself
        #[arg(long)]
        name: Option<PluginName>,
    },
    /// Show a component's world, imports, schema, digest and size
    Inspect {
        /// The component
        file: PathBuf,
    },
}
