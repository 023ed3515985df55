//! Answers about the governance.

use belay_domain::digest::Digest;
use belay_domain::governance::{Change, Proposal};
use belay_domain::id::Millis;
use belay_domain::people::{Need, PersonName};
use serde::{Deserialize, Serialize};

/// How the files stand to the governance in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GovernanceAnswer {
    /// What was accepted last; none before the first acceptance, where the files themselves are in force.
    pub accepted: Option<AcceptedGovernance>,
    /// The digest of what the files say.
    pub files: Digest,
    /// How the files differ from what was accepted, or all that they say where nothing was.
    pub changes: Vec<Change>,
    /// Whether runs are refused until these changes are accepted or taken back.
    pub refused: bool,
    /// How many admins must accept a change, its author not among them; none where no people are configured.
    pub accept: Option<u32>,
    /// Who they are, by the governance in force.
    pub admins: Vec<PersonName>,
    /// The change that waits to be accepted.
    pub proposed: Option<ProposedChange>,
}

/// A governance that was accepted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AcceptedGovernance {
    /// Its digest.
    pub digest: Digest,
    /// The entry that accepted it.
    pub entry: u64,
    /// When.
    pub at: Millis,
    /// Who proposed it.
    pub author: String,
    /// Who accepted it.
    pub by: Vec<String>,
}

/// A change that waits to be accepted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProposedChange {
    /// What is signed, as a value.
    pub proposal: Proposal,
    /// What is signed, as text.
    pub text: String,
    /// The first eight hex digits of the text's digest: what `belay governance accept` asks for.
    pub short: String,
    /// Whether the files still say what was proposed.
    pub is_of_files: bool,
    /// Who has accepted it, who is missing, and who could.
    pub need: Need,
}

/// What became of a signature on a proposed change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AcceptAnswer {
    /// Who signed.
    pub by: PersonName,
    /// Whether the change is in force now.
    pub in_force: bool,
    /// The change.
    pub change: ProposedChange,
}
