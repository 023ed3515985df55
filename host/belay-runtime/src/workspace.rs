//! A workspace: configuration in git, read from TOML and turned into values that can't be wrong in themselves. Holds no
//! state and reads no secret.

mod alternates;
mod attached;
mod catalog;
mod config;
mod connections;
mod document;
mod limits;
mod lock;
mod people;
mod recipe;
mod retention;
mod scopes;
mod source;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use belay_connect::ConnectionSpec;
use belay_domain::assess::weights::Weights;
use belay_domain::connection::ConnectionRules;
use belay_domain::feature_set::FeatureSet;
use belay_domain::id::{ConnectionName, EnvironmentName, FeatureSetName, PluginName, ResourceName, RunbookName};
use belay_domain::json::Json;
use belay_domain::limits::{Limits, Place};
use belay_domain::runbook::Runbook;
use belay_sandbox::Size;
use serde::Serialize;

pub(crate) use lock::{Lock, PinnedPlugin};
pub use people::Staff;
pub use retention::{Days, NotDays};
pub(crate) use source::Problems;

/// The file that makes a folder a workspace.
pub(crate) const FILE: &str = "belay.toml";

/// A workspace as its files say.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The folder.
    pub root: PathBuf,
    /// Its name.
    pub name: String,
    /// The log's name.
    pub origin: String,
    /// Where its state lies on belay's host.
    pub state: PathBuf,
    /// Where the log's signing key lies, outside workspace and state.
    pub key: PathBuf,
    /// Where rollbacks happen.
    pub environments: BTreeMap<EnvironmentName, Environment>,
    /// The plugins' files.
    pub plugins: BTreeMap<PluginName, PathBuf>,
    /// Those that have more room than others: `limits = "large"`.
    pub large: BTreeSet<PluginName>,
    /// The digests that they must have.
    pub lock: Lock,
    /// Policies that judge every stage.
    pub guardrails: Vec<Guardrail>,
    /// The catalog.
    pub feature_sets: BTreeMap<FeatureSetName, FeatureSet>,
    /// The recipes.
    pub runbooks: BTreeMap<RunbookName, Runbook>,
    /// Where each recipe has its step about a resource.
    pub steps: BTreeMap<RunbookName, BTreeMap<ResourceName, Place>>,
    /// Who may do what; none: the operating system's user asks, and nobody can approve.
    pub staff: Option<Staff>,
    /// How long blobs are kept; none: for ever.
    pub retention: Option<Days>,
}

/// Where rollbacks happen.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its connections.
    pub connections: BTreeMap<ConnectionName, ConnectionSpec>,
    /// Where each leads, as the files say it, without secrets.
    pub places: BTreeMap<ConnectionName, BTreeMap<String, Json>>,
    /// What may happen there at which risk.
    pub risk: RiskPolicy,
}

/// What may happen at which risk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RiskPolicy {
    /// Approvals by risk, and what else is limited.
    #[serde(flatten)]
    pub limits: Limits,
    /// How many times the touches of its first plan a mandate allows.
    pub headroom: u32,
    /// What the risk's formula multiplies with: the same in every environment.
    pub weights: Weights,
}

/// A policy that judges every stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Guardrail {
    /// The plugin.
    pub plugin: PluginName,
    /// Whether its verdict binds.
    pub enforced: bool,
    /// Its configuration, files included.
    pub config: Json,
}

impl Workspace {
    /// Reads a workspace. Every problem of its files is reported, not only the first.
    pub fn load(root: &Path) -> Result<Self, Problems> {
        config::load(root)
    }

    /// The people as the files tell of them now.
    pub(crate) fn staff_now(&self) -> Result<Option<Staff>, Problems> {
        config::staff(self)
    }

    /// The nearest folder upwards that is a workspace.
    pub fn find(from: &Path) -> Option<PathBuf> {
        from.ancestors().find(|folder| folder.join(FILE).is_file()).map(Path::to_path_buf)
    }

    /// How much room a plugin has.
    pub(crate) fn size_of(&self, plugin: &PluginName) -> Size {
        if self.large.contains(plugin) { Size::Large } else { Size::Standard }
    }
}

impl Environment {
    /// The connections as the rules see them.
    pub fn rules(&self) -> BTreeMap<ConnectionName, ConnectionRules> {
        self.connections.iter().map(|(name, spec)| (name.clone(), spec.rules.clone())).collect()
    }
}
