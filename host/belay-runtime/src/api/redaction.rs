//! Taking blobs away: who asked, who approved, what is on hold, what the workspace's rule lets go.

use belay_domain::digest::Commitment;
use belay_domain::id::{Millis, RunId};
pub use belay_ledger::OnHold;
use serde::{Deserialize, Serialize};

/// Asks for blobs of an entry to be taken away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RedactRequest {
    /// The entry that names them.
    pub entry: u64,
    /// Which, by name; none given is all that are there.
    pub blobs: Vec<String>,
    /// On what authority: a law's article, a court's order, a ticket.
    pub authority: String,
    /// Why, for the record.
    pub reason: String,
}

/// A blob that is to go, or went.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RedactedBlob {
    /// What names it.
    pub commitment: Commitment,
    /// Its name within its entry.
    pub name: String,
}

/// A redaction that was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Redaction {
    /// The entry that asked.
    pub asked: u64,
    /// When.
    pub at: Millis,
    /// The entry whose blobs are to go.
    pub entry: u64,
    /// The run of that entry.
    pub run: Option<RunId>,
    /// Which blobs.
    pub blobs: Vec<RedactedBlob>,
    /// On what authority.
    pub authority: String,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub asked_by: String,
    /// Who approved it and by which entry; absent while it waits.
    pub approved: Option<ApprovedRedaction>,
    /// The hold that keeps it from being approved.
    pub held_by: Option<u64>,
    /// Evidence files that were made since the entry was written: each may hold what went, and belay can't reach it.
    pub exports: Vec<u64>,
}

/// Who approved a redaction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApprovedRedaction {
    /// The entry that took the blobs away.
    pub entry: u64,
    /// Who.
    pub by: String,
    /// When.
    pub at: Millis,
}

/// A hold: what it covers can't be taken away.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hold {
    /// The entry that set it; its number names the hold.
    pub entry: u64,
    /// When.
    pub at: Millis,
    /// What it covers.
    pub covers: OnHold,
    /// Who set it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A change of the holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HoldChange {
    /// A new one.
    Set(OnHold),
    /// The one that this entry set goes.
    Lift(u64),
}

/// What the workspace's rule lets go, or what has gone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Retention {
    /// What is older than so many days.
    pub days: u32,
    /// Older than this moment.
    pub before: Millis,
    /// Runs and months whose blobs go.
    pub going: Vec<RetainedScope>,
    /// Runs and months that are old enough, but on hold.
    pub held: Vec<RetainedScope>,
    /// The entries that record it; none while it is only shown.
    pub entries: Vec<u64>,
}

/// The blobs of a run, or of a month as far as they belong to no run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RetainedScope {
    /// `r-77`, or `2026-01`.
    pub name: String,
    /// How many blobs.
    pub blobs: u64,
    /// The hold that keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<u64>,
}
