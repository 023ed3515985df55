//! The facts' pins, as far as they matter here.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A state that the run goes back to.
#[derive(Deserialize)]
pub(crate) struct Pin {
    pub(crate) resource: String,
    pub(crate) version: String,
    /// The SHA-256 of its content.
    pub(crate) content: String,
    /// The plain members of its content.
    #[serde(default)]
    pub(crate) members: BTreeMap<String, String>,
    /// The datasets that it was made from; absent where nothing was recorded.
    pub(crate) inputs: Option<Vec<Input>>,
    /// What its maker wrote down; absent where nothing was recorded.
    pub(crate) tags: Option<BTreeMap<String, String>>,
}

/// A dataset, as the maker recorded it.
#[derive(Deserialize)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) digest: String,
}

impl Pin {
    /// For people: `model v8`.
    pub(crate) fn named(&self) -> String {
        format!("{} {}", self.resource, self.version)
    }

    /// What others can record of it.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        match name {
            "version" => Some(&self.version),
            "content" => Some(&self.content),
            member => self.members.get(member).map(String::as_str),
        }
    }
}
