//! Plugins as their Cargo projects describe them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::{Error, program};

/// A small stack lies within the memory that the host keeps resident between calls.
const STACK: u32 = 65_536;

/// A package that is a plugin: its `Cargo.toml` has `[package.metadata.belay]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plugin {
    /// As in `belay.toml`: lower case, digits and hyphens.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One line.
    pub description: Option<String>,
    /// An SPDX expression.
    pub license: Option<String>,
    /// The world that it implements: `reverter`, `guardrail`, `probe`.
    pub world: String,
    /// Its stack, in bytes; 65,536 unless `[package.metadata.belay]` says otherwise.
    pub stack: u32,
    /// Its `Cargo.toml`.
    pub manifest: PathBuf,
    /// The folder of the workspace that it is in.
    pub workspace: PathBuf,
    /// The name of its library: `flagd_flag`.
    pub library: String,
}

impl Plugin {
    /// All plugins of the workspace that `folder` is in, in the order of names. Other packages are left out.
    pub fn in_workspace(folder: &Path) -> Result<Vec<Self>, Error> {
        let mut cargo = cargo();
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(folder);
        let said = program::output(&mut cargo)?;
        let metadata: Metadata = serde_json::from_str(&said)
            .map_err(|error| Error::Failed { command: program::line(&cargo), said: error.to_string() })?;
        let found = metadata.packages.into_iter().map(|package| package.plugin(&metadata.workspace_root));
        let mut plugins: Vec<Self> = found.filter_map(Result::transpose).collect::<Result<_, Error>>()?;
        plugins.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(plugins)
    }

    /// The plugin whose `Cargo.toml` lies in `folder`.
    pub fn at(folder: &Path) -> Result<Self, Error> {
        let folder = folder.canonicalize().map_err(Error::file(folder))?;
        let here = |plugin: &Self| plugin.manifest.parent() == Some(&folder);
        Self::in_workspace(&folder)?.into_iter().find(here).ok_or(Error::NoPlugin { path: folder })
    }

    /// The component's file name: `flagd_flag.wasm`.
    pub fn file_name(&self) -> String {
        format!("{}.wasm", self.library)
    }
}

/// The cargo that runs this program, or the one on PATH.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// What `cargo metadata` says, format version 1.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    description: Option<String>,
    license: Option<String>,
    manifest_path: PathBuf,
    metadata: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Belay {
    world: String,
    stack: Option<u32>,
}

impl Package {
    fn plugin(self, workspace: &Path) -> Result<Option<Plugin>, Error> {
        let Some(belay) = self.metadata.as_ref().and_then(|metadata| metadata.get("belay")) else { return Ok(None) };
        let Belay { world, stack } = Belay::deserialize(belay)
            .map_err(|error| Error::Metadata { manifest: self.manifest_path.clone(), reason: error.to_string() })?;
        Ok(Some(Plugin {
            library: self.name.replace('-', "_"),
            name: self.name,
            version: self.version,
            description: self.description,
            license: self.license,
            world,
            stack: stack.unwrap_or(STACK),
            manifest: self.manifest_path,
            workspace: workspace.to_owned(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn project(metadata: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/lib.rs"), "").unwrap();
        let manifest = format!(
            "[package]\nname = \"few-consumers\"\nversion = \"0.2.0\"\nedition = \"2024\"\n\n{metadata}\n[workspace]\n"
        );
        fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        folder
    }

    #[test]
    fn a_plugin_says_its_world_and_may_say_its_stack() {
        let folder = project("[package.metadata.belay]\nworld = \"guardrail\"\nstack = 131072\n");
        let plugin = Plugin::at(folder.path()).unwrap();
        assert_eq!((plugin.world.as_str(), plugin.stack), ("guardrail", 131_072));
        assert_eq!(plugin.file_name(), "few_consumers.wasm");

        let folder = project("[package.metadata.belay]\nworld = \"probe\"\n");
        assert_eq!(Plugin::at(folder.path()).unwrap().stack, 65_536);
    }

    #[test]
    fn what_is_no_plugin_is_named() {
        let error = Plugin::at(project("").path()).unwrap_err();
        assert!(matches!(error, Error::NoPlugin { .. }), "{error}");
        let folder = project("[package.metadata.belay]\nworld = \"probe\"\nstak = 1\n");
        let error = Plugin::at(folder.path()).unwrap_err().to_string();
        assert!(error.contains("Cargo.toml") && error.contains("stak"), "{error}");
    }
}
