//! The text that people sign for a change of the governance. Fixed and line by line, so that it can be made again and
//! compared; in ASCII, so that it reads the same everywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Change;
use crate::digest::Digest;
use crate::people::PersonName;

/// The governance that was accepted last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InForce {
    /// Its digest.
    pub digest: Digest,
    /// The ledger's entry that accepted it. It is part of what is signed, so that no signature can be used for the same
    /// change another time.
    pub entry: u64,
}

/// A change that somebody proposes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proposal {
    /// The log's name: of which workspace this is.
    pub origin: String,
    /// What is in force; none before the first acceptance.
    pub in_force: Option<InForce>,
    /// What is proposed.
    pub proposed: Digest,
    /// Who proposes it, and so can't accept it.
    pub author: PersonName,
    /// How many admins must accept it.
    pub accept: u32,
    /// What differs.
    pub changes: Vec<Change>,
}

impl Proposal {
    /// The digest of the text: what signatures are of.
    pub fn digest(&self) -> Digest {
        Digest::of(self.to_string().as_bytes())
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "belay governance 1")?;
        writeln!(f, "log          {}", self.origin.escape_default())?;
        match &self.in_force {
            Some(InForce { digest, entry }) => writeln!(f, "in force     sha256 {digest}, accepted in entry {entry}")?,
            None => writeln!(f, "in force     nothing was accepted yet")?,
        }
        writeln!(f, "proposed     sha256 {}", self.proposed)?;
        writeln!(f, "proposed by  {}", self.author)?;
        let admins = if self.accept == 1 { "1 admin".to_owned() } else { format!("{} admins", self.accept) };
        writeln!(f, "accepted by  {admins}, {} not among them", self.author)?;
        writeln!(f)?;
        self.changes.iter().try_for_each(|change| writeln!(f, "{change}"))
    }
}
