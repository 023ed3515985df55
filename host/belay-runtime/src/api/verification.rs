//! Whether a log can be relied on.

use belay_domain::digest::Digest;
use belay_ledger::silence::Silence;
use serde::{Deserialize, Serialize};

/// What a log is verified against, besides itself.
#[derive(Clone, Debug, Default)]
pub struct VerifyRequest {
    /// The text of a checkpoint that whoever asks has kept.
    pub since: Option<String>,
    /// The key to believe, as the line in `ledger.vkey`; without it the one that lies beside the log, which shows damage, but
    /// not forgery.
    pub key: Option<String>,
}

/// A verified log, or what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VerifyAnswer {
    /// Whether everything fits.
    pub sound: bool,
    /// Entries examined.
    pub entries: u64,
    /// The root in the checkpoint, where its signature holds; otherwise the empty tree's.
    pub root: Digest,
    /// How many entries the checkpoint stands for.
    pub size: u64,
    /// The log's name, as its checkpoint says.
    pub origin: String,
    /// What does not fit: where and what.
    pub problems: Vec<String>,
    /// Intents without an outcome: a run under way, or one to resume.
    pub open_intents: Vec<u64>,
    /// Of a log, the first so many entries are proven to be what the checkpoint's key signed; of evidence, so many of the
    /// entries in it.
    pub trustworthy: u64,
    /// Whether it is an evidence file rather than a log.
    pub evidence: bool,
    /// The size of the checkpoint that was kept, where the log still begins as it did then.
    pub since: Option<u64>,
    /// How many signatures of people hold.
    pub signatures: u64,
    /// How many mandates name the log as it was, and it still begins so.
    pub witnesses: u64,
    /// Times without an entry, of a whole log that is sound.
    pub silence: Option<Silence>,
    /// What is no damage but should be known: what could not be checked, clocks that stepped back.
    pub notes: Vec<String>,
}

impl VerifyAnswer {
    pub(crate) fn object(&mut self, place: &str, problem: &str) {
        self.sound = false;
        self.problems.push(format!("{place}: {problem}"));
    }

    pub(crate) fn object_to(&mut self, entry: u64, problem: &str) {
        self.object(&format!("entry {entry}"), problem);
    }
}
