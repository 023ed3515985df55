//! Names and numbers that must not be mixed up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Text that can't be this kind of name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}: {rule}")]
pub struct InvalidName {
    text: String,
    what: &'static str,
    rule: &'static str,
}

const RULE: &str = "1 to 100 letters, digits, `-`, `_` or `.`, the first a letter or digit";

fn fits(text: &str) -> bool {
    text.len() <= 100
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                text.to_owned().try_into()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                if fits(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidName { text: text.chars().take(100).collect(), what: $what, rule: RULE })
                }
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    )*};
}

names! {
    /// A system that the operator named in `belay.toml`.
    ConnectionName = "a connection's name";
    /// `staging`, `prod`.
    EnvironmentName = "an environment's name";
    /// A plugin's name in `belay.toml`.
    PluginName = "a plugin's name";
    /// A catalog entry.
    FeatureSetName = "a feature set's name";
    /// A resource's name within its feature set; steps use it.
    ResourceName = "a resource's name";
    /// A recipe.
    RunbookName = "a runbook's name";
    /// A stage within its runbook.
    StageName = "a stage's name";
    /// Who owns feature sets: what a feature set's `owner` names.
    TeamName = "a team's name";
    /// `INC-4211`.
    IncidentId = "an incident's id";
    /// `r-77`: one run in this workspace.
    RunId = "a run's id";
    /// `rp-0412`: one rollback point in this workspace; its digest says what it holds.
    PointId = "a rollback point's id";
}

/// Where a resource lives: `connection/id`, as in `registry/ranker@champion`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ResourceAddress {
    /// The system.
    pub connection: ConnectionName,
    /// What the plugin needs to find the resource there.
    pub id: String,
}

impl TryFrom<String> for ResourceAddress {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl FromStr for ResourceAddress {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        match text.split_once('/') {
            Some((connection, id)) if !id.is_empty() && id.len() <= 1_000 && !id.contains(char::is_control) => {
                Ok(Self { connection: connection.parse()?, id: id.to_owned() })
            }
            _ => Err(InvalidName {
                text: text.chars().take(100).collect(),
                what: "a resource's address",
                rule: "a connection's name, `/`, and the resource's id there",
            }),
        }
    }
}

impl From<ResourceAddress> for String {
    fn from(address: ResourceAddress) -> Self {
        address.to_string()
    }
}

impl fmt::Display for ResourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.connection, self.id))
    }
}

/// A step within its run: its stage's and its own place, from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct StepId {
    /// The stage's place in the run.
    pub stage: u32,
    /// The step's place in the stage.
    pub step: u32,
}

/// Raised by each takeover; only the owner with the highest may act.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The first owner's.
    pub const FIRST: Self = Self(1);

    /// The next owner's.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A moment: milliseconds since 1970 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// A later moment.
    pub const fn plus(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// How long after an earlier moment, in milliseconds; 0 where the clock stepped back.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
