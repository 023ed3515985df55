//! From counts to points. Each function only grows with what it is given.

use crate::feature_set::Tier;
use crate::grouped::Grouped;
use crate::risk::Part;

use super::measure::{Measures, doublings};
use super::weights;

/// The parts of the risk, in the formula's order; some may be 0.
pub(super) fn parts(measures: &Measures<'_>) -> Vec<Part> {
    let writes = writes(&measures.writes);
    let set_aside =
        doublings(measures.rows) / weights::ROW_DOUBLINGS + doublings(measures.hours) / weights::HOUR_DOUBLINGS;
    let changes = doublings(measures.changes).div_ceil(weights::CHANGE_DOUBLINGS);
    // Who depends on the set matters as much as what is done to it: turning a flag off stays cheap for any number.
    let stake = writes + set_aside + changes;
    let consumers = measures.consumers.iter().map(|consumer| consumer.tier);
    let downstream = measures.downstream.iter().copied();
    let mut parts = vec![
        part("writes".to_owned(), writes),
        part(set_aside_cause(measures.rows), set_aside),
        part("changes since the point".to_owned(), changes),
        part(counted(measures.consumers.len(), "consumer", ""), dependents(stake, consumers)),
        part(counted(measures.downstream.len(), "resource", " downstream"), dependents(stake, downstream)),
        part(format!("{} tier", measures.tier), share(stake, weights::tier(measures.tier), weights::TIER_SHARE)),
        part("point's age".to_owned(), doublings(measures.point_hours)),
        part("point too old".to_owned(), if measures.point_is_old { weights::OLD_POINT } else { 0 }),
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
fn dependents(stake: u64, tiers: impl Iterator<Item = Tier>) -> u64 {
    let weight = tiers.map(weights::dependent).sum();
    share(stake, doublings(weight), weights::DEPENDENT_SHARE)
}

fn share(stake: u64, parts: u64, of: u64) -> u64 {
    (stake * parts).div_ceil(of)
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
