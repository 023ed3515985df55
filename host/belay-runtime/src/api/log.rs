//! The log and its entries, for reading.

use belay_domain::digest::Digest;
use belay_domain::id::{Millis, RunId};
use serde::{Deserialize, Serialize};

/// One entry of the ledger, for reading.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogLine {
    /// Its sequence number, from 0.
    pub seq: u64,
    /// When.
    pub at: Millis,
    /// Of which run.
    pub run: Option<RunId>,
    /// What kind.
    pub kind: String,
    /// Who.
    pub actor: String,
    /// For people: what it says.
    pub summary: String,
    /// The entry's canonical JSON.
    pub entry: String,
}

/// That the search index was made again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reindexed {
    /// How many entries it took up.
    pub entries: u64,
}

/// A heartbeat that was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Its entry.
    pub entry: u64,
    /// When.
    pub at: Millis,
    /// How long before it nothing had been recorded, in milliseconds.
    pub quiet_ms: u64,
    /// The log with it: so many entries,
    pub size: u64,
    /// and this root.
    pub root: Digest,
}

/// One entry, whole, with its proof.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EntryAnswer {
    /// The entry.
    pub line: LogLine,
    /// Its leaf hash.
    pub leaf: Digest,
    /// The hashes from the leaf to the root.
    pub proof: Vec<Digest>,
    /// The signed checkpoint that the proof leads to.
    pub checkpoint: String,
    /// The blobs and objects that it names: name and length, and the text where it is text.
    pub attachments: Vec<Attachment>,
}

impl EntryAnswer {
    /// The proof as C2SP's tlog-proof v1 writes it.
    pub fn proof_text(&self) -> String {
        let (hashes, checkpoint) = (self.proof.clone(), self.checkpoint.clone());
        belay_ledger::evidence::InclusionProof { index: self.line.seq, hashes, checkpoint }.to_string()
    }
}

/// Bytes beside the log that an entry names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attachment {
    /// The commitment or digest that names them.
    pub digest: Digest,
    /// What they are.
    pub name: String,
    /// How many; absent where they were redacted, or are missing.
    pub size: Option<u64>,
    /// The entry that took them away, with authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redacted_by: Option<u64>,
    /// As text, where they are UTF-8 and short.
    pub text: Option<String>,
}
