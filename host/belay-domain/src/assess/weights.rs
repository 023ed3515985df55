//! The weights of the risk formula, all in one place. `docs/risk.md` shows them as tables.

use crate::connection::Criticality;
use crate::feature_set::Tier;
use crate::operation::Reversibility;

/// Points of a write that only the host guards, or nobody: a change in between may be overwritten.
pub const UNGUARDED: u64 = 2;
/// Doublings of rows set aside for one point.
pub const ROW_DOUBLINGS: u64 = 3;
/// Doublings of hours set aside for one point.
pub const HOUR_DOUBLINGS: u64 = 3;
/// Doublings of changes since the point for one point.
pub const CHANGE_DOUBLINGS: u64 = 2;
/// Changes that count where going back sets aside what can't be measured.
pub const UNMEASURED_CHANGES: u64 = 1;
/// What is at stake grows by this part for each doubling of the consumers' weight, and of the downstream resources'.
pub const DEPENDENT_SHARE: u64 = 6;
/// What is at stake grows by so many of these parts for the tier: [`tier`].
pub const TIER_SHARE: u64 = 12;
/// Points of a point that is older than the operator wants points to be.
pub const OLD_POINT: u64 = 20;

/// Points of a write by how it can be taken back.
pub const fn base(reversibility: Reversibility) -> u64 {
    match reversibility {
        Reversibility::Reversible => 3,
        Reversibility::Recoverable => 8,
        Reversibility::Irreversible => 18,
    }
}

/// Half points of a write for each doubling of what it touches.
pub const fn size(reversibility: Reversibility) -> u64 {
    match reversibility {
        Reversibility::Reversible => 1,
        Reversibility::Recoverable => 2,
        Reversibility::Irreversible => 3,
    }
}

/// Points of a write by how much rests on its system.
pub const fn criticality(criticality: Criticality) -> u64 {
    match criticality {
        Criticality::Low => 0,
        Criticality::Medium => 1,
        Criticality::High => 2,
        Criticality::Critical => 4,
    }
}

/// Twelfths of what is at stake that the feature set's tier adds.
pub const fn tier(tier: Tier) -> u64 {
    match tier {
        Tier::Experimental => 0,
        Tier::Standard => 1,
        Tier::Important => 3,
        Tier::Critical => 5,
    }
}

/// How much one consumer, or one downstream resource, weighs.
pub const fn dependent(tier: Tier) -> u64 {
    match tier {
        Tier::Experimental => 1,
        Tier::Standard => 2,
        Tier::Important => 3,
        Tier::Critical => 5,
    }
}
