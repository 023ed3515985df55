//! The weights of the risk formula. `docs/risk.md` shows those that hold unless `[risk.weights]` says otherwise.
//!
//! Every weight may be changed, but what is worse never weighs less: then more of anything still never lowers a risk.

use serde::{Deserialize, Serialize};

use crate::connection::Criticality;
use crate::feature_set::Tier;
use crate::operation::Reversibility;

/// No weight is larger.
const MOST: u64 = 100;

/// What the formula multiplies with and divides by. Always sound.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Table", into = "Table")]
pub struct Weights(Table);

/// The weights as they are written down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Table {
    /// Points of a write.
    pub write: ByReversibility,
    /// Half points of a write for each doubling of what it touches.
    pub size: ByReversibility,
    /// Points of a write by how much rests on its system.
    pub criticality: ByCriticality,
    /// Points of a write that only the host guards, or nobody: a change in between may be overwritten.
    pub unguarded: u64,
    /// Doublings of rows set aside for one point.
    pub row_doublings: u64,
    /// Doublings of hours set aside for one point.
    pub hour_doublings: u64,
    /// Doublings of changes since the point for one point.
    pub change_doublings: u64,
    /// Changes that count where going back sets aside what can't be measured.
    pub unmeasured_changes: u64,
    /// How much one consumer, or one downstream resource, weighs.
    pub dependent: ByTier,
    /// What is at stake grows by this part for each doubling of the consumers' weight, and of the downstream resources'.
    pub dependent_share: u64,
    /// How many of [`Table::tier_share`] parts of what is at stake the feature set's tier adds.
    pub tier: ByTier,
    /// In how many parts what is at stake is divided for the tier.
    pub tier_share: u64,
    /// Points of a point that is older than the operator wants points to be.
    pub old_point: u64,
    /// Points for each doubling of the other runs in flight on the same feature set.
    pub run_on_set: u64,
    /// Points for each doubling of the other runs in flight in the same environment.
    pub run_elsewhere: u64,
    /// Points of what the runbook did before.
    pub record: ByRecord,
}

/// One weight for each reversibility.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ByReversibility {
    pub reversible: u64,
    pub recoverable: u64,
    pub irreversible: u64,
}

/// One weight for each criticality.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ByCriticality {
    pub low: u64,
    pub medium: u64,
    pub high: u64,
    pub critical: u64,
}

/// One weight for each tier.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ByTier {
    pub experimental: u64,
    pub standard: u64,
    pub important: u64,
    pub critical: u64,
}

/// One weight for each way in which a runbook can have done before; where it restored the set, nothing is added.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByRecord {
    /// It changed since it last restored the set.
    pub changed: u64,
    /// It never ran on the set.
    pub untried: u64,
    /// Its last run on the set did not restore it.
    pub went_badly: u64,
}

/// Weights by which more could lower a risk, or which mean nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidWeights {
    /// They must not fall.
    #[error("`{0}` falls: what is worse must not weigh less")]
    Falls(&'static str),
    /// It is divided by.
    #[error("`{0}` is 0, and is divided by")]
    Zero(&'static str),
    /// Risk ends at 100.
    #[error("`{name}` has {found}: a weight is at most {MOST}")]
    TooLarge {
        /// Which.
        name: &'static str,
        /// What it is.
        found: u64,
    },
}

impl Default for Table {
    fn default() -> Self {
        Self {
            write: ByReversibility { reversible: 3, recoverable: 8, irreversible: 18 },
            size: ByReversibility { reversible: 1, recoverable: 2, irreversible: 3 },
            criticality: ByCriticality { low: 0, medium: 1, high: 2, critical: 4 },
            unguarded: 2,
            row_doublings: 3,
            hour_doublings: 3,
            change_doublings: 2,
            unmeasured_changes: 1,
            dependent: ByTier { experimental: 1, standard: 2, important: 3, critical: 5 },
            dependent_share: 6,
            tier: ByTier { experimental: 0, standard: 1, important: 3, critical: 5 },
            tier_share: 12,
            old_point: 20,
            run_on_set: 4,
            run_elsewhere: 1,
            record: ByRecord { changed: 2, untried: 4, went_badly: 10 },
        }
    }
}

impl TryFrom<Table> for Weights {
    type Error = InvalidWeights;

    fn try_from(table: Table) -> Result<Self, InvalidWeights> {
        for (name, weights) in table.rising() {
            if !weights.is_sorted() {
                return Err(InvalidWeights::Falls(name));
            }
            if let Some(found) = weights.iter().copied().find(|weight| *weight > MOST) {
                return Err(InvalidWeights::TooLarge { name, found });
            }
        }
        match table.divisors().into_iter().find(|(_, divisor)| *divisor == 0) {
            Some((name, _)) => Err(InvalidWeights::Zero(name)),
            None => Ok(Self(table)),
        }
    }
}

impl From<Weights> for Table {
    fn from(weights: Weights) -> Self {
        weights.0
    }
}

impl Table {
    /// Each weight, or group of weights from the least bad to the worst.
    fn rising(&self) -> [(&'static str, Vec<u64>); 16] {
        let by_reversibility = |by: ByReversibility| vec![by.reversible, by.recoverable, by.irreversible];
        let by_tier = |by: ByTier| vec![by.experimental, by.standard, by.important, by.critical];
        let ByCriticality { low, medium, high, critical } = self.criticality;
        let ByRecord { changed, untried, went_badly } = self.record;
        [
            ("write", by_reversibility(self.write)),
            ("size", by_reversibility(self.size)),
            ("criticality", vec![low, medium, high, critical]),
            ("dependent", by_tier(self.dependent)),
            ("tier", by_tier(self.tier)),
            ("record", vec![changed, untried, went_badly]),
            ("unguarded", vec![self.unguarded]),
            ("row_doublings", vec![self.row_doublings]),
            ("hour_doublings", vec![self.hour_doublings]),
            ("change_doublings", vec![self.change_doublings]),
            ("unmeasured_changes", vec![self.unmeasured_changes]),
            ("dependent_share", vec![self.dependent_share]),
            ("tier_share", vec![self.tier_share]),
            ("old_point", vec![self.old_point]),
            ("run_on_set", vec![self.run_on_set]),
            ("run_elsewhere", vec![self.run_elsewhere]),
        ]
    }

    const fn divisors(&self) -> [(&'static str, u64); 5] {
        [
            ("row_doublings", self.row_doublings),
            ("hour_doublings", self.hour_doublings),
            ("change_doublings", self.change_doublings),
            ("dependent_share", self.dependent_share),
            ("tier_share", self.tier_share),
        ]
    }
}

impl std::ops::Deref for Weights {
    type Target = Table;

    fn deref(&self) -> &Table {
        &self.0
    }
}

impl ByReversibility {
    /// The weight of one.
    pub const fn of(&self, reversibility: Reversibility) -> u64 {
        match reversibility {
            Reversibility::Reversible => self.reversible,
            Reversibility::Recoverable => self.recoverable,
            Reversibility::Irreversible => self.irreversible,
        }
    }
}

impl ByCriticality {
    /// The weight of one.
    pub const fn of(&self, criticality: Criticality) -> u64 {
        match criticality {
            Criticality::Low => self.low,
            Criticality::Medium => self.medium,
            Criticality::High => self.high,
            Criticality::Critical => self.critical,
        }
    }
}

impl ByTier {
    /// The weight of one.
    pub const fn of(&self, tier: Tier) -> u64 {
        match tier {
            Tier::Experimental => self.experimental,
            Tier::Standard => self.standard,
            Tier::Important => self.important,
            Tier::Critical => self.critical,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Weights, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_stays_as_it_is() {
        assert_eq!(parse("{}").unwrap(), Weights::default());
        let heavier = parse(r#"{"write": {"reversible": 3, "recoverable": 8, "irreversible": 40}}"#).unwrap();
        assert_eq!(heavier.write.of(Reversibility::Irreversible), 40);
        assert_eq!(heavier.tier, Weights::default().tier);
    }

    #[test]
    fn weights_by_which_more_could_lower_a_risk_are_refused() {
        let falling = parse(r#"{"tier": {"experimental": 0, "standard": 9, "important": 3, "critical": 5}}"#);
        assert!(falling.unwrap_err().starts_with("`tier` falls"));
        assert!(parse(r#"{"tier_share": 0}"#).unwrap_err().starts_with("`tier_share` is 0"));
        assert!(parse(r#"{"old_point": 101}"#).unwrap_err().starts_with("`old_point` has 101"));
        assert!(parse(r#"{"old_poitn": 1}"#).unwrap_err().contains("unknown field `old_poitn`"));
    }
}
