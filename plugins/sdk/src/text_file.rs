//! Files of the workspace, as the host puts them into a configuration.

use schemars::JsonSchema;
use serde::Deserialize;

/// A file of the workspace, whole. `files = { policies = "policies/*.rego" }` in `belay.toml` gives a list of them; so
/// does a list of names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextFile {
    /// Its name in the workspace, for people: `policies/freeze.rego`.
    pub file: String,
    /// What it says.
    pub text: String,
}
