//! What the formula counts, taken from a situation. Never weighs consumers or tiers.

use crate::connection::Criticality;
use crate::feature_set::{Consumer, Tier};
use crate::operation::{Change, Loss, Reversibility, RiskFactor};
use crate::plan::{PlannedOperation, Target, Work};
use crate::state::Desired;

use super::{Around, Record, Situation};

const HOUR_MS: u64 = 3_600_000;

/// What the formula counts.
#[derive(Clone, Debug)]
pub(super) struct Measures<'a> {
    /// Points of each write, the riskiest first. Never empty.
    pub(super) writes: Vec<u64>,
    /// Rows set aside, where they can be told.
    pub(super) rows: u64,
    /// Hours from the earliest change that is set aside.
    pub(super) hours: u64,
    /// Changes since the point; what can't be measured counts too.
    pub(super) changes: u64,
    /// Who uses the feature set.
    pub(super) consumers: &'a [Consumer],
    /// What is made from what is written and stays as it is.
    pub(super) downstream: &'a [Tier],
    /// How much rests on the feature set.
    pub(super) tier: Tier,
    /// The point's age in whole hours, where the stage goes back to what a point pinned.
    pub(super) point_hours: u64,
    /// The point is older than the operator wants points to be.
    pub(super) point_is_old: bool,
    /// What surrounds the run; of its runbook only where the stage goes back to what was pinned.
    pub(super) around: Around,
    /// What plugins added.
    pub(super) factors: Vec<&'a RiskFactor>,
}

impl<'a> Measures<'a> {
    /// None where nothing is written.
    pub(super) fn of(situation: &Situation<'a>) -> Option<Self> {
        let mut writes: Vec<u64> = situation.plan.operations().map(|planned| points(situation, &planned)).collect();
        if writes.is_empty() {
            return None;
        }
        writes.sort_unstable_by(|a, b| b.cmp(a));
        let set_aside = SetAside::of(situation);
        let point_age = situation.point_age_ms.filter(|_| set_aside.goes_back).unwrap_or(0);
        let record = if set_aside.goes_back { situation.around.record } else { Record::Proven };
        let declared = changes(situation).flat_map(|(_, change)| &change.factors);
        Some(Self {
            writes,
            rows: set_aside.rows,
            hours: set_aside.hours,
            changes: set_aside.changes,
            consumers: situation.feature_set.consumers(),
            downstream: situation.downstream,
            tier: situation.feature_set.tier(),
            point_hours: point_age / HOUR_MS,
            point_is_old: situation.max_point_age_ms.is_some_and(|most| point_age > most),
            around: Around { record, ..situation.around },
            factors: declared.chain(situation.factors).collect(),
        })
    }
}

/// How many times one can halve a count until nothing is left: 0, 1, 2, 2, 3, 3, 3, 3, 4 for 0 to 8.
pub(super) const fn doublings(count: u64) -> u64 {
    (u64::BITS - count.leading_zeros()) as u64
}

/// A write that was not examined counts as the worst.
fn points(situation: &Situation<'_>, planned: &PlannedOperation<'_>) -> u64 {
    let place = (planned.step, planned.index);
    let examined = situation.examined.operations.iter().find(|found| (found.step, found.index) == place);
    let (reversibility, touches, unguarded) = examined
        .map_or((Reversibility::Irreversible, planned.operation.touches, true), |found| {
            (found.reversibility, found.touches, found.unguarded_by_system)
        });
    let connection = situation.connections.get(planned.operation.write.connection());
    let criticality = connection.map_or(Criticality::Critical, |rules| rules.criticality);
    let weights = situation.weights;
    weights.write.of(reversibility)
        + weights.size.of(reversibility) * doublings(touches) / 2
        + weights.criticality.of(criticality)
        + if unguarded { weights.unguarded } else { 0 }
}

/// The changes that write something, with what their step is about.
fn changes<'a>(situation: &Situation<'a>) -> impl Iterator<Item = (&'a Target, &'a Change)> + use<'a> {
    situation.plan.steps.iter().filter_map(|step| match &step.work {
        Work::Change { change, .. } if !change.operations.is_empty() => {
            step.subject.target().map(|target| (target, change))
        }
        Work::Change { .. } | Work::Blind { .. } | Work::Person => None,
    })
}

/// What the stage sets aside.
#[derive(Default)]
struct SetAside {
    goes_back: bool,
    rows: u64,
    hours: u64,
    changes: u64,
}

impl SetAside {
    fn of(situation: &Situation<'_>) -> Self {
        let mut sum = Self::default();
        for (target, change) in changes(situation) {
            let pinned = matches!(target.desired, Desired::Pinned(_));
            let own = situation.own.contains(&target.resource);
            sum.goes_back |= pinned;
            match change.loss {
                Some(loss) => sum.add(if own { Loss { changes: 0, ..loss } } else { loss }, situation),
                None if pinned && !own => {
                    sum.changes = sum.changes.saturating_add(situation.weights.unmeasured_changes)
                }
                None => {}
            }
        }
        sum
    }

    fn add(&mut self, loss: Loss, situation: &Situation<'_>) {
        let rows = loss.rows.unwrap_or(0);
        if rows > 0 || loss.changes > 0 {
            self.hours = self.hours.max(situation.now.since(loss.since) / HOUR_MS);
        }
        self.rows = self.rows.saturating_add(rows);
        self.changes = self.changes.saturating_add(loss.changes);
    }
}
