//! Makes a new plugin's folder, and builds a plugin: of a Cargo project by way of a core module, of Python and
//! JavaScript by their own tools. Never runs more of what it built than a plugin asks to have prepared, and installs
//! nothing: what it fetches lies in a folder of the caller's.
//!
//! ```no_run
//! # fn main() -> Result<(), belay_author::Error> {
//! use std::path::Path;
//! use belay_author::{Plugin, Toolchain, build};
//!
//! let toolchain = Toolchain::find(Path::new("target/guest-toolchain"), &|line| eprintln!("{line}"))?;
//! for plugin in Plugin::in_workspace(Path::new("."))? {
//!     let component = build(&toolchain, &plugin, Path::new("target/guests"))?;
//!     println!("{}: {} bytes", plugin.file_name(), component.len());
//! }
//! # Ok(())
//! # }
//! ```

mod compile;
mod component;
mod debian;
mod error;
mod folder;
mod language;
mod prepare;
mod program;
mod project;
mod scaffold;
mod scripted;
mod toolchain;

use std::path::Path;

pub use compile::compile;
pub use component::componentize;
pub use error::Error;
pub use language::{Language, NoSuchLanguage};
pub use prepare::prepare;
pub use project::Plugin;
pub use scaffold::{InvalidName, Kind, scaffold};
pub use scripted::Scripted;
pub use toolchain::Toolchain;

/// Builds one plugin: its core module as [`compile`] does, with what it prepares as [`prepare`] does, and the component of
/// it as [`componentize`] does.
pub fn build(toolchain: &Toolchain, plugin: &Plugin, target_dir: &Path) -> Result<Vec<u8>, Error> {
    componentize(plugin, &prepare(plugin, compile(toolchain, plugin, target_dir)?)?)
}

/// A component and what it was made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Built {
    /// The component.
    pub component: Vec<u8>,
    /// The name of its file: `few_consumers.wasm`.
    pub file_name: String,
    /// As in `belay.toml`.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// The world that it is written for.
    pub world: String,
    /// What it is written in. All but Rust bring an interpreter with them, which needs more room.
    pub language: Language,
}

/// Builds the plugin whose folder this is, in whatever language. What that takes lies in `cache` and, for Rust, in the
/// folder's own `target`; `say` is told of what takes long.
pub fn build_folder(folder: &Path, cache: &Path, say: &dyn Fn(&str)) -> Result<Built, Error> {
    if folder.join("Cargo.toml").is_file() {
        let plugin = Plugin::at(folder)?;
        let toolchain = Toolchain::find(&cache.join("guest-toolchain"), say)?;
        let component = build(&toolchain, &plugin, &plugin.workspace.join("target/guests"))?;
        let file_name = plugin.file_name();
        let Plugin { name, version, world, .. } = plugin;
        return Ok(Built { component, file_name, name, version, world, language: Language::Rust });
    }
    let plugin = Scripted::at(folder)?.ok_or_else(|| Error::NoPlugin { path: folder.to_owned() })?;
    let (component, file_name) = (plugin.build(cache, say)?, plugin.file_name());
    let Scripted { language, name, version, world, .. } = plugin;
    Ok(Built { component, file_name, name, version, world, language })
}
