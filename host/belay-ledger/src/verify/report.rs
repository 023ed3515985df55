//! What verification found, and what can still be relied on.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use belay_domain::digest::{Commitment, Digest};

use super::blobs::Blobs;
use super::clock::ClockStep;
use crate::keys::{KeyChain, KeyChange};
use crate::note::Verifier;
use crate::silence::Silence;
use crate::tree::TreeHead;

/// Findings beyond so many are counted, not listed.
const MAX_FINDINGS: usize = 1_000;

/// The result of a verification.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// How many entries were read.
    pub entries: u64,
    /// The head in the published checkpoint, if its signature holds.
    pub checkpoint: Option<TreeHead>,
    /// The first so many entries are proven to be what the checkpoint's key signed.
    pub proven: u64,
    /// Intents without an outcome. Not an error: a run may be under way, or waits to be resumed.
    pub open_intents: Vec<u64>,
    /// What became of the blobs that entries name; all zero for a published log alone, which holds none.
    pub blobs: Blobs,
    /// The changes of the log's key, by entry.
    pub key_changes: Vec<(u64, KeyChange)>,
    /// Where the host's clock stepped back, the first 100 times. Not an error: the sequence orders.
    pub clock_steps: Vec<ClockStep>,
    /// The times without an entry, of all that were read. It says something of an intact log only: in another one an entry may
    /// be missing.
    pub silence: Silence,
    /// All that is wrong, the first 1,000 of it.
    pub findings: Vec<Finding>,
    /// How many more findings there are.
    pub omitted: u64,
}

impl Report {
    /// The keys that the log has had, as its entries tell; `only`, where they tell of no change or of one that is none.
    pub fn keys(&self, only: &Verifier) -> KeyChain {
        let changes = self.key_changes.iter().map(|(seq, change)| (*seq, change));
        KeyChain::following(changes, only).unwrap_or_else(|_| KeyChain::of(only.clone()))
    }

    /// Whether nothing is wrong.
    pub const fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }

    /// Less is proven than the tree alone would say.
    pub(super) fn limit_proven(&mut self, most: u64) {
        self.proven = self.proven.min(most);
    }

    /// Takes over what was found elsewhere.
    pub(super) fn extend(&mut self, other: Self) {
        other.findings.into_iter().for_each(|finding| self.find(finding.place, finding.problem));
        self.omitted += other.omitted;
    }

    pub(crate) fn find(&mut self, place: Place, problem: impl Into<String>) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { place, problem: problem.into() });
        } else {
            self.omitted += 1;
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// What, for people.
    pub problem: String,
}

/// Where something is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// The database as a whole.
    Database,
    /// These entries' rows in the database.
    Rows(Range<u64>),
    /// What this entry says, wherever it is stored.
    Entry(u64),
    /// A file under the verified folder, and the bytes in it where they are known.
    File {
        /// Relative to the folder.
        path: PathBuf,
        /// From 0.
        bytes: Option<Range<usize>>,
    },
    /// A blob that an entry names.
    Blob(Commitment),
    /// An object that an entry names.
    Object(Digest),
}

impl Place {
    pub(crate) fn file(path: impl Into<PathBuf>) -> Self {
        Self::File { path: path.into(), bytes: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("the database"),
            Self::Rows(rows) if rows.end - rows.start == 1 => write!(f, "entry {} in the database", rows.start),
            Self::Rows(rows) => write!(f, "entries {} to {} in the database", rows.start, rows.end.saturating_sub(1)),
            Self::Entry(seq) => write!(f, "entry {seq}"),
            Self::File { path, bytes: None } => write!(f, "{}", path.display()),
            Self::File { path, bytes: Some(bytes) } => {
                write!(f, "{} bytes {} to {}", path.display(), bytes.start, bytes.end)
            }
            Self::Blob(commitment) => write!(f, "the blob {commitment}"),
            Self::Object(digest) => write!(f, "the object {digest}"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}
