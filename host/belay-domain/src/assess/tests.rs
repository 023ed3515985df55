//! What the formula says of real situations, and that it only grows.

mod growth;
mod situations;

use super::*;
use crate::plan_check;
use crate::sample;

/// A situation that owns what it is made from.
#[derive(Clone, Debug)]
struct Case {
    plan: StagePlan,
    examined: Examined,
    connections: BTreeMap<ConnectionName, ConnectionRules>,
    feature_set: FeatureSet,
    downstream: Vec<Tier>,
    now: Millis,
    point_age_ms: Option<u64>,
    max_point_age_ms: Option<u64>,
    factors: Vec<RiskFactor>,
    around: Around,
    weights: Weights,
}

impl Case {
    /// As in the sample story: a critical set with two ordinary consumers, and a point that is two days old.
    fn of(plan: StagePlan) -> Self {
        let connections = sample::connections();
        Self {
            examined: plan_check::examine(&plan, &connections).unwrap(),
            plan,
            connections,
            feature_set: sample::ranker(),
            downstream: Vec::new(),
            now: sample::NOW,
            point_age_ms: Some(2 * sample::DAY_MS),
            max_point_age_ms: Some(30 * sample::DAY_MS),
            factors: Vec::new(),
            around: Around::default(),
            weights: Weights::default(),
        }
    }

    fn assess(&self) -> Assessment {
        assess(&Situation {
            plan: &self.plan,
            examined: &self.examined,
            connections: &self.connections,
            feature_set: &self.feature_set,
            downstream: &self.downstream,
            now: self.now,
            point_age_ms: self.point_age_ms,
            max_point_age_ms: self.max_point_age_ms,
            own: &BTreeSet::new(),
            factors: &self.factors,
            around: self.around,
            weights: &self.weights,
        })
    }
}
