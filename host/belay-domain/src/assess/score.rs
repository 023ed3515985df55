//! From counts to points. Each function only grows with what it is given.

use crate::feature_set::Tier;
use crate::grouped::Grouped;
use crate::risk::Part;

use super::Record;
use super::measure::{Measures, doublings};
use super::weights::{ByRecord, Weights};

/// The parts of the risk, in the formula's order; some may be 0.
pub(super) fn parts(measures: &Measures<'_>, weights: &Weights) -> Vec<Part> {
    let writes = writes(&measures.writes);
    let set_aside =
        doublings(measures.rows) / weights.row_doublings + doublings(measures.hours) / weights.hour_doublings;
    let changes = doublings(measures.changes).div_ceil(weights.change_doublings);
    // Who depends on the set matters as much as what is done to it: turning a flag off stays cheap for any number.
    let stake = writes + set_aside + changes;
    let consumers = measures.consumers.iter().map(|consumer| consumer.tier);
    let downstream = measures.downstream.iter().copied();
    let mut parts = vec![
        part("writes".to_owned(), writes),
        part(set_aside_cause(measures.rows), set_aside),
        part("changes since the point".to_owned(), changes),
        part(counted(measures.consumers.len(), "consumer", ""), dependents(weights, stake, consumers)),
        part(counted(measures.downstream.len(), "resource", " downstream"), dependents(weights, stake, downstream)),
        part(format!("{} tier", measures.tier), share(stake, weights.tier.of(measures.tier), weights.tier_share)),
        part("point's age".to_owned(), doublings(measures.point_hours)),
        part("point too old".to_owned(), if measures.point_is_old { weights.old_point } else { 0 }),
        part(
            runs(measures.around.runs_on_set, "on this set"),
            weights.run_on_set * doublings(measures.around.runs_on_set),
        ),
        part(
            runs(measures.around.runs_elsewhere, "in flight"),
            weights.run_elsewhere * doublings(measures.around.runs_elsewhere),
        ),
        part(measures.around.record.cause().to_owned(), record(&weights.record, measures.around.record)),
    ];
    parts.extend(measures.factors.iter().map(|factor| Part { cause: factor.cause.clone(), score: factor.score }));
    parts
}

/// The riskiest write counts whole, the next a half, the third a third, and so on; the sum is rounded down.
fn writes(points: &[u64]) -> u64 {
    let hundredths = (1..).zip(points).map(|(place, points)| 100 * points / place);
    hundredths.sum::<u64>() / 100
}

/// What those who depend on the stage's resources add.
fn dependents(weights: &Weights, stake: u64, tiers: impl Iterator<Item = Tier>) -> u64 {
    let weight = tiers.map(|tier| weights.dependent.of(tier)).sum();
    share(stake, doublings(weight), weights.dependent_share)
}

fn share(stake: u64, parts: u64, of: u64) -> u64 {
    (stake * parts).div_ceil(of)
}

fn runs(count: u64, where_: &str) -> String {
    format!("{count} other run{} {where_}", if count == 1 { "" } else { "s" })
}

const fn record(weights: &ByRecord, record: Record) -> u64 {
    match record {
        Record::Proven => 0,
        Record::Changed => weights.changed,
        Record::Untried => weights.untried,
        Record::WentBadly => weights.went_badly,
    }
}

fn set_aside_cause(rows: u64) -> String {
    match rows {
        0 => "data set aside".to_owned(),
        1 => "1 row set aside".to_owned(),
        rows => format!("{} rows set aside", Grouped(rows)),
    }
}

fn counted(count: usize, what: &str, where_: &str) -> String {
    format!("{count} {what}{}{where_}", if count == 1 { "" } else { "s" })
}

fn part(cause: String, score: u64) -> Part {
    Part { cause, score: u32::try_from(score).unwrap_or(u32::MAX) }
}
