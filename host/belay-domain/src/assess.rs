//! What a stage puts at risk, and why. Whole numbers only; more of anything never lowers it. Never decides whether the
//! risk may be taken.
//!
//! `docs/risk.md` has the formula in words, with an example to recompute.

mod around;
mod measure;
mod raise;
mod score;
#[cfg(test)]
mod tests;
pub mod weights;

use std::collections::{BTreeMap, BTreeSet};

use crate::connection::ConnectionRules;
use crate::examined::Examined;
use crate::feature_set::{FeatureSet, Tier};
use crate::id::{ConnectionName, Millis, ResourceName};
use crate::operation::RiskFactor;
use crate::plan::StagePlan;
use crate::risk::Assessment;

pub use around::{Around, Record};
pub use raise::raise_by_a_band;
use weights::Weights;

/// All that a stage's risk is made from.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// What the stage would do.
    pub plan: &'a StagePlan,
    /// What the plan checker found of it.
    pub examined: &'a Examined,
    /// The connections; a write through one that isn't here counts as through a critical one.
    pub connections: &'a BTreeMap<ConnectionName, ConnectionRules>,
    /// The feature set: its tier and its consumers.
    pub feature_set: &'a FeatureSet,
    /// The tier of each resource that is made from what the stage writes and that the run doesn't restore:
    /// [`left_downstream`].
    pub downstream: &'a [Tier],
    /// The moment of the plan.
    pub now: Millis,
    /// How old the point is, in milliseconds; absent: the run goes back to no point.
    pub point_age_ms: Option<u64>,
    /// The age in milliseconds from which on a point is old; absent: none is.
    pub max_point_age_ms: Option<u64>,
    /// Resources that are as the run left them that is undone: what it did to them is no change since.
    pub own: &'a BTreeSet<ResourceName>,
    /// What guardrails add. What reverters add is in the plan.
    pub factors: &'a [RiskFactor],
    /// What surrounds the run.
    pub around: Around,
    /// What the formula multiplies with.
    pub weights: &'a Weights,
}

/// The risk of a stage. A stage that writes nothing has none.
pub fn assess(situation: &Situation<'_>) -> Assessment {
    let mut parts =
        measure::Measures::of(situation).map_or_else(Vec::new, |measures| score::parts(&measures, situation.weights));
    parts.retain(|part| part.score > 0);
    // Stable: equal scores stay in the order in which the formula names them.
    parts.sort_by_key(|part| std::cmp::Reverse(part.score));
    let total = parts.iter().fold(0_u32, |sum, part| sum.saturating_add(part.score));
    Assessment { risk: total.min(100), parts }
}

/// The resources that are made from what a stage writes, directly or through others, and that the run doesn't restore.
pub fn left_downstream<'s>(
    set: &'s FeatureSet,
    plan: &StagePlan,
    restored: &BTreeSet<ResourceName>,
) -> BTreeSet<&'s ResourceName> {
    let written: BTreeSet<_> = plan.operations().map(|planned| &planned.target.resource).collect();
    let downstream = written.into_iter().flat_map(|resource| set.downstream_of(resource));
    downstream.filter(|resource| !restored.contains(resource)).collect()
}
