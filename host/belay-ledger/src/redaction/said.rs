//! The bodies of the entries that take blobs away. Whoever appends them may add members; these are what counts.

use std::collections::BTreeSet;

use belay_domain::digest::Commitment;
use belay_domain::id::RunId;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::kind;
use crate::vault::Scope;

/// A blob, as a redaction names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct NamedBlob {
    /// What names it in its entry.
    pub commitment: Commitment,
    /// Its name: `call`, `read 0 body`.
    pub name: String,
}

/// The body of a `redaction.asked`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// The entry whose blobs are to go.
    pub entry: u64,
    /// Which of them.
    pub blobs: Vec<NamedBlob>,
    /// On what authority, in somebody's words: a law's article, a court's order, a ticket.
    pub authority: String,
    /// Who asks.
    pub person: String,
}

/// The body of a `redaction`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Redacted {
    /// The entry that asked for it.
    pub asked: u64,
    /// As in [`Asked`].
    pub entry: u64,
    /// As in [`Asked`].
    pub blobs: Vec<NamedBlob>,
    /// As in [`Asked`].
    pub authority: String,
    /// Who asked.
    pub asked_by: String,
    /// Who approved; somebody else.
    pub person: String,
}

/// The body of a `retention.applied`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Retained {
    /// The runs whose blobs are gone.
    pub runs: BTreeSet<RunId>,
    /// The months, in UTC, whose blobs are gone as far as they belong to no run: `2026-01`.
    pub months: BTreeSet<String>,
    /// Kinds of entries whose blobs stay.
    pub kept: BTreeSet<String>,
}

impl Asked {
    /// Reads it; the error says what is wrong.
    pub fn of(entry: &Entry) -> Result<Self, String> {
        read(entry, kind::REDACTION_ASKED)
    }
}

impl Redacted {
    /// Reads it; the error says what is wrong.
    pub fn of(entry: &Entry) -> Result<Self, String> {
        read(entry, kind::REDACTION)
    }

    /// Whether it names this blob of this entry.
    pub fn takes(&self, seq: u64, commitment: &Commitment) -> bool {
        self.entry == seq && self.blobs.iter().any(|blob| blob.commitment == *commitment)
    }

    /// Says why it is no answer to what was asked: it does something else, or the same person did both.
    pub fn answers(&self, asked: &Asked) -> Result<(), String> {
        if (self.entry, &self.blobs, &self.authority) != (asked.entry, &asked.blobs, &asked.authority) {
            return Err(format!("it does something else than entry {} asked for", self.asked));
        }
        if self.asked_by != asked.person {
            return Err(format!("{} asked for it, not {}", asked.person, self.asked_by));
        }
        if self.person == asked.person {
            return Err(format!("{} approved what they had asked for", self.person));
        }
        Ok(())
    }
}

impl Retained {
    /// Reads it; the error says what is wrong.
    pub fn of(entry: &Entry) -> Result<Self, String> {
        read(entry, kind::RETENTION)
    }

    /// Whether the blobs of an entry before it are gone.
    pub fn takes(&self, entry: &Entry) -> bool {
        let named = match Scope::of_entry(entry) {
            Scope::Run(run) => self.runs.contains(&run),
            Scope::Month(month) => self.months.contains(&month),
        };
        named && !self.kept.contains(&entry.kind)
    }
}

fn read<T: serde::de::DeserializeOwned>(entry: &Entry, kind: &str) -> Result<T, String> {
    if entry.kind != kind {
        return Err(format!("entry {} is no `{kind}`", entry.seq));
    }
    entry.body.to().map_err(|error| format!("the body of entry {}: {error}", entry.seq))
}
