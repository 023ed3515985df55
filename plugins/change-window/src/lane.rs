//! What a freeze does to a kind of run.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::tier::Tier;

/// What a freeze does to a kind of run.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lane {
    /// It may be made.
    Allow,
    /// It waits until the freeze is over.
    #[default]
    Deny,
}

/// Exceptions by tier.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lanes {
    #[serde(default)]
    experimental: TierLanes,
    #[serde(default)]
    standard: TierLanes,
    #[serde(default)]
    important: TierLanes,
    #[serde(default)]
    critical: TierLanes,
}

/// The lanes of one tier; what is left out is as for the others.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TierLanes {
    rollbacks: Option<Lane>,
    undos: Option<Lane>,
}

/// Why a run is made.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Purpose {
    Rollback,
    Undo,
}

impl Lanes {
    /// The exception for a tier, if there is one.
    pub(crate) fn of(&self, tier: Tier, purpose: Purpose) -> Option<Lane> {
        let lanes = match tier {
            Tier::Experimental => self.experimental,
            Tier::Standard => self.standard,
            Tier::Important => self.important,
            Tier::Critical => self.critical,
        };
        match purpose {
            Purpose::Rollback => lanes.rollbacks,
            Purpose::Undo => lanes.undos,
        }
    }
}

impl Purpose {
    /// For people.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Rollback => "rollback",
            Self::Undo => "undo",
        }
    }
}
