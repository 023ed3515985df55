//! Intents and what became of them, as receipts tell it. Never guesses.

use belay_domain::digest::Digest;
use belay_domain::id::Millis;
use belay_domain::operation::Outcome;
use serde::{Deserialize, Serialize};

use crate::answer::Decision;
use crate::event::ActId;

/// One intent and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActRecord {
    /// Its number in the run.
    pub act: ActId,
    /// The operation's place in its step, from 0.
    pub index: u32,
    /// The part of the step's ramp that it is of, from 0; absent where the step has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    /// The operation, for people.
    pub summary: String,
    /// The operation.
    pub operation: Digest,
    /// The plan that permitted it.
    pub plan: Digest,
    /// Which try, from 1.
    pub attempt: u32,
    /// When it was intended.
    pub intended_at: Millis,
    /// The ledger's sequence number of the intent; absent until the outcome is recorded.
    pub intent: Option<u64>,
    /// What became of it; absent until it is recorded.
    pub outcome: Option<Outcome>,
    /// How an unknown outcome was settled; absent where it was not, or had not to be.
    pub settled: Option<Settlement>,
}

/// How an unknown outcome was settled.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Settlement {
    /// It had been applied.
    FoundApplied {
        /// What shows it.
        evidence: String,
    },
    /// It had not been applied.
    FoundNotApplied {
        /// What shows it.
        evidence: String,
    },
    /// Nobody can tell; what was there afterwards was planned from or written over.
    Superseded {
        /// Why that was harmless.
        reason: String,
    },
    /// A person decided.
    Decided {
        /// What.
        decision: Decision,
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
}

/// What is known of an act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Knowledge {
    Applied,
    NotApplied,
    Unknown,
}

impl ActRecord {
    pub(crate) const fn knowledge(&self) -> Knowledge {
        match (&self.outcome, &self.settled) {
            (Some(Outcome::Applied { .. }), _)
            | (_, Some(Settlement::FoundApplied { .. } | Settlement::Decided { decision: Decision::Applied, .. })) => {
                Knowledge::Applied
            }
            (Some(Outcome::NotApplied { .. }), _)
            | (
                _,
                Some(Settlement::FoundNotApplied { .. } | Settlement::Decided { decision: Decision::NotApplied, .. }),
            ) => Knowledge::NotApplied,
            (Some(Outcome::Unknown { .. }) | None, _) => Knowledge::Unknown,
        }
    }
}
