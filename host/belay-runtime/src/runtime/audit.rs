//! Reading the ledger: lines, whole entries with their proof, verification.

use belay_domain::digest::Digest;
use belay_domain::json::Json;
use belay_ledger::{Entry, FoundBlob};

use super::Runtime;
use crate::api::{
    Attachment, EntryAnswer, Error, LogLine, LogRequest, Reindexed, ReplayAnswer, ReplayRequest, ReportAnswer,
    ReportRequest,
};
use crate::ledger;
use crate::log_line;

/// The longest attachment that is shown as text, in bytes.
const MAX_SHOWN: usize = 16 * 1024;

impl Runtime {
    /// Entries as lines, the oldest first; of many, the newest.
    pub fn log(&self, request: &LogRequest) -> Result<Vec<LogLine>, Error> {
        crate::audit::search(&self.host.ledger, request)?.iter().map(line).collect()
    }

    /// How many entries there are: whoever follows the log reads it when there are more.
    pub fn log_size(&self) -> Result<u64, Error> {
        self.host.ledger.size().map_err(|error| ledger::error(&error))
    }

    /// The auditor's population: every run and every exception of a time.
    pub fn report(&self, request: ReportRequest) -> Result<ReportAnswer, Error> {
        crate::audit::report(&self.host.ledger, request)
    }

    /// Makes the search index again, from the log.
    pub fn reindex(&self) -> Result<Reindexed, Error> {
        crate::audit::reindex(&self.host.ledger)
    }

    /// One entry, whole, with its proof.
    pub fn entry(&self, seq: u64) -> Result<EntryAnswer, Error> {
        let store = &self.host.ledger;
        let read = |error: belay_ledger::Error| ledger::error(&error);
        let Some(bytes) = store.entry_bytes(seq).map_err(read)? else {
            let size = store.size().map_err(read)?;
            let message = format!("there is no entry {seq}; the log has {size}, from 0");
            return Err(Error::usage(message).next("belay audit log"));
        };
        let entry = Entry::parse(&bytes)
            .map_err(|error| Error::failed(format!("entry {seq} can't be read: {error}")).next("belay audit verify"))?;
        let checkpoint = store.checkpoint_now().map_err(read)?;
        let proof = store.inclusion_proof(seq, checkpoint.head.size).map_err(read)?;
        Ok(EntryAnswer {
            line: line(&entry)?,
            leaf: belay_ledger::tree::leaf(&bytes),
            proof: proof.unwrap_or_default(),
            checkpoint: checkpoint.note,
            attachments: self.attachments(&entry)?,
        })
    }

    /// Makes recorded calls again, on all cores, and holds what comes of it against the record. Blocks.
    pub fn replay(&self, request: &ReplayRequest) -> Result<ReplayAnswer, Error> {
        crate::replay::replay(&self.host, request)
    }

    fn attachments(&self, entry: &Entry) -> Result<Vec<Attachment>, Error> {
        let read = |error: belay_ledger::Error| ledger::error(&error);
        let mut found = Vec::new();
        for commitment in &entry.blobs {
            let blob = self.host.ledger.blob(entry, commitment).map_err(read)?;
            found.push(of_blob(*commitment.digest(), blob));
        }
        for digest in &entry.objects {
            let bytes = self.host.ledger.object(digest).map_err(read)?;
            found.push(match bytes {
                Some(bytes) => attachment(*digest, "object".to_owned(), &bytes),
                None => absent(*digest, "missing".to_owned(), None),
            });
        }
        Ok(found)
    }
}

fn line(entry: &Entry) -> Result<LogLine, Error> {
    let text = Json::from(entry).map_err(|error| Error::failed(error.to_string()))?;
    Ok(LogLine {
        seq: entry.seq,
        at: entry.at,
        run: entry.run.clone(),
        kind: entry.kind.clone(),
        actor: entry.actor.name.clone(),
        summary: log_line::summary(entry),
        entry: text.canonical(),
    })
}

fn of_blob(digest: Digest, blob: FoundBlob) -> Attachment {
    match blob {
        FoundBlob::Present(blob) => attachment(digest, blob.name, &blob.bytes),
        FoundBlob::Redacted { by } => absent(digest, "redacted".to_owned(), Some(by)),
        FoundBlob::Missing { problem } => absent(digest, format!("missing: {problem}"), None),
    }
}

fn attachment(digest: Digest, name: String, bytes: &[u8]) -> Attachment {
    let text = (bytes.len() <= MAX_SHOWN).then(|| String::from_utf8(bytes.to_owned()).ok()).flatten();
    Attachment { digest, name, size: Some(bytes.len() as u64), redacted_by: None, text }
}

const fn absent(digest: Digest, name: String, redacted_by: Option<u64>) -> Attachment {
    Attachment { digest, name, size: None, redacted_by, text: None }
}
