//! `belay.lock`: the digest that each plugin's component must have.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use belay_domain::digest::Digest;
use belay_domain::id::PluginName;
use serde::{Deserialize, Serialize};

use super::source::{Problem, Source};

const FILE: &str = "belay.lock";
const HEADING: &str = "# Written by `belay plugin add`. The digests that the plugins' components must have.\n\n";

/// The digests that the plugins' components must have.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// By the plugin's name in `belay.toml`.
    #[serde(default)]
    pub plugin: BTreeMap<PluginName, PinnedPlugin>,
}

/// What a plugin was when it was pinned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedPlugin {
    /// The component's SHA-256.
    pub digest: Digest,
    /// The world that it exports.
    pub world: String,
    /// What it said of itself.
    pub version: String,
}

impl Lock {
    /// Reads the file; without one nothing is pinned.
    pub fn load(root: &Path) -> Result<Self, Problem> {
        if !root.join(FILE).exists() {
            return Ok(Self::default());
        }
        Source::read(root, FILE)?.parse()
    }

    /// Writes the file anew: staged, synced and renamed, so that a crash leaves the old one or the new one.
    pub fn save(&self, root: &Path) -> std::io::Result<()> {
        let text = toml::to_string_pretty(self).map_err(std::io::Error::other)?;
        let staged = root.join(format!(".{FILE}.{}", std::process::id()));
        let mut file = fs::File::create(&staged)?;
        file.write_all(HEADING.as_bytes())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&staged, root.join(FILE))
    }
}
