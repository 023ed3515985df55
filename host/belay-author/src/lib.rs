//! Builds a plugin from a Cargo project: core module, then component. Never loads or runs what it built, and installs
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
mod program;
mod project;
mod toolchain;

use std::path::Path;

pub use compile::compile;
pub use component::componentize;
pub use error::Error;
pub use project::Plugin;
pub use toolchain::Toolchain;

/// Builds one plugin: its core module as [`compile`] does, and the component of it as [`componentize`] does.
pub fn build(toolchain: &Toolchain, plugin: &Plugin, target_dir: &Path) -> Result<Vec<u8>, Error> {
    componentize(plugin, &compile(toolchain, plugin, target_dir)?)
}
