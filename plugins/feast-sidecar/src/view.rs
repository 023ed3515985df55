//! A feature view as the sidecar describes it.

use std::collections::BTreeMap;

use belay_sdk::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Sidecar;

/// A feature view now, the versions that Feast keeps of it, and the services that use it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct View {
    /// The version that is served under the view's plain name.
    pub version: u32,
    /// `latest`, or the version that the view is pinned to.
    pub follows: String,
    /// What the definition's digest is, in lower-case hex.
    pub definition: String,
    /// How each feature service that uses the view does so.
    pub services: BTreeMap<String, Projections>,
    /// What can be pinned, the oldest first.
    pub versions: Vec<Version>,
    /// On-demand feature views that read it.
    pub derived: Vec<String>,
    /// Moves when the view or a service that uses it does.
    pub etag: String,
}

/// A version that Feast keeps.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Version {
    /// From 0.
    pub version: u32,
    /// When it was made, in milliseconds since 1970 UTC.
    pub at: u64,
    /// Its definition's digest.
    pub definition: String,
    /// Its features, by name.
    pub features: Vec<Column>,
}

/// How a feature service uses a view: once, or under several aliases.
pub type Projections = Vec<Projection>;

/// Some features of a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Projection {
    /// The view's name in this service, where it has another.
    pub alias: Option<String>,
    /// Join keys under other names.
    pub join_keys: BTreeMap<String, String>,
    /// The version whose values it serves. Without one it serves those of the first, whatever the view is at.
    pub version: Option<u32>,
    /// Which features, by name.
    pub features: Vec<Column>,
}

/// A feature with its type, as Feast writes it in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The rest.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl View {
    /// The view as it is now. One that Feast doesn't know is [`Fault::Missing`].
    pub fn now(sidecar: &Sidecar) -> Result<Self, Fault> {
        sidecar.get()
    }

    /// A version that Feast keeps; [`Fault::Missing`] where it keeps none of this number.
    pub fn kept(&self, number: u32, name: &str) -> Result<&Version, Fault> {
        let found = self.versions.iter().find(|version| version.version == number);
        found.ok_or_else(|| Fault::Missing(format!("Feast has no version v{number} of `{name}`")))
    }
}

/// What people call a version, as Feast does.
pub fn label(number: u32) -> String {
    format!("v{number}")
}

/// Reads `8` or `v8`.
pub fn parse_label(label: &str) -> Result<u32, Fault> {
    let digits = label.strip_prefix('v').unwrap_or(label);
    let number = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    number.ok_or_else(|| Fault::Invalid(format!("`{label}` is not a version of a feature view, as in `8` or `v8`")))
}
