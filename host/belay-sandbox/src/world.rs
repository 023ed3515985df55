//! The worlds that this host knows, and their functions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The version of the contract that this host speaks: `belay:plugin@0.1.0`.
pub const WIT_VERSION: &str = "0.1.0";

/// A kind of plugin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum World {
    /// A kind of resource.
    Reverter,
    /// A policy.
    Guardrail,
    /// A signal for checks.
    Probe,
}

impl World {
    /// Every world.
    pub const ALL: [Self; 3] = [Self::Reverter, Self::Guardrail, Self::Probe];

    /// Its name in the WIT.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reverter => "reverter",
            Self::Guardrail => "guardrail",
            Self::Probe => "probe",
        }
    }

    /// The interface that a plugin of this world exports, without package and version.
    pub const fn export(self) -> &'static str {
        match self {
            Self::Reverter => "reverting",
            Self::Guardrail => "judging",
            Self::Probe => "probing",
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A function that a plugin exports.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// What a plugin is.
    Describe,
    /// A resource's state now.
    Observe,
    /// The state that a reference stands for.
    Locate,
    /// States that a resource once had.
    History,
    /// The writes to desired states.
    Plan,
    /// A verdict on facts.
    Judge,
    /// Measurements now.
    Measure,
}

impl Function {
    /// Its name in the WIT.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::Observe => "observe",
            Self::Locate => "locate",
            Self::History => "history",
            Self::Plan => "plan",
            Self::Judge => "judge",
            Self::Measure => "measure",
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Text that names no world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of plugin: reverter, guardrail or probe")]
pub struct NoSuchWorld(String);

impl FromStr for World {
    type Err = NoSuchWorld;

    fn from_str(text: &str) -> Result<Self, NoSuchWorld> {
        Self::ALL
            .into_iter()
            .find(|world| world.name() == text)
            .ok_or_else(|| NoSuchWorld(text.chars().take(100).collect()))
    }
}
