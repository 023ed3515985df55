//! The blobs that entries name: there, taken away with authority, or missing without. Reads them where the keys are at
//! hand; a copy of the state folder alone shows only that their ciphertext is there.

use belay_domain::digest::Commitment;

use super::report::{Place, Report};
use crate::entry::Entry;
use crate::kind;
use crate::redaction::Redactions;
use crate::store::{BlobFolder, BlobRow, Filter, Reader};
use crate::vault::KeyFile;
use crate::writer::Vault;

/// How many blobs are what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Blobs {
    /// There, and they fit their commitments.
    pub present: u64,
    /// Taken away, and an entry says by whom and on what authority.
    pub redacted: u64,
    /// Gone or damaged, and no entry says that they may be: each is a finding.
    pub missing: u64,
    /// Their ciphertext is there; without the file of keys nobody can tell whether it fits.
    pub unread: u64,
}

/// What checks blobs.
pub(super) struct BlobCheck {
    folder: BlobFolder,
    /// `None` without the file of keys.
    vault: Option<Vault>,
    redactions: Redactions,
}

/// What was found where a blob should be.
enum Found {
    Fits,
    Unread,
    Wrong(String),
}

impl BlobCheck {
    /// Reads all redactions first: they come after what they take away.
    pub(super) fn new(reader: &Reader, folder: BlobFolder, keys: Option<KeyFile>) -> Result<Self, String> {
        let kinds = [kind::REDACTION_ASKED, kind::REDACTION, kind::RETENTION].map(str::to_owned).to_vec();
        let entries = reader.entries(&Filter { kinds, ..Filter::default() }).map_err(|error| error.to_string())?;
        let mut redactions = Redactions::default();
        for entry in entries.iter().filter_map(|bytes| Entry::parse(bytes).ok()) {
            // One that takes nothing away is named when the chain of entries is read.
            let _ = redactions.read(&entry);
        }
        let vault = keys.map(|keys| Vault { blobs: folder.clone(), keys });
        Ok(Self { folder, vault, redactions })
    }

    /// Checks the `n`th blob of an entry.
    pub(super) fn check(
        &self,
        reader: &Reader,
        entry: &Entry,
        (n, commitment): (usize, &Commitment),
        report: &mut Report,
    ) {
        let found = self.find(reader, entry.seq, (n, commitment)).unwrap_or_else(Found::Wrong);
        match (self.redactions.of(entry, commitment), found) {
            (None, Found::Fits) => report.blobs.present += 1,
            (None, Found::Unread) => report.blobs.unread += 1,
            (None, Found::Wrong(problem)) => {
                report.blobs.missing += 1;
                let problem = format!("{problem}, and no entry took it away; entry {} names it", entry.seq);
                report.find(Place::Blob(*commitment), problem);
            }
            (Some(by), Found::Fits) => {
                report.blobs.present += 1;
                let problem = format!("entry {by} took it away, and it is still there; entry {} names it", entry.seq);
                report.find(Place::Blob(*commitment), problem);
            }
            (Some(_), Found::Unread | Found::Wrong(_)) => report.blobs.redacted += 1,
        }
    }

    fn find(&self, reader: &Reader, seq: u64, (n, commitment): (usize, &Commitment)) -> Result<Found, String> {
        let row = reader.blob(seq, n).map_err(|error| error.to_string())?;
        let Some(row) = row else { return Ok(Found::Wrong("missing".to_owned())) };
        match &self.vault {
            Some(vault) => {
                let opened = vault.open(commitment, &row).map_err(|error| error.to_string())?;
                Ok(opened.map_or_else(Found::Wrong, |_| Found::Fits))
            }
            None => self.is_there(commitment, &row),
        }
    }

    fn is_there(&self, commitment: &Commitment, row: &BlobRow) -> Result<Found, String> {
        if row.bytes.is_some() {
            return Ok(Found::Unread);
        }
        let file = self.folder.read_blob(commitment, row.key).map_err(|error| error.to_string())?;
        Ok(file.map_or_else(|| Found::Wrong("its file is missing".to_owned()), |_| Found::Unread))
    }
}
