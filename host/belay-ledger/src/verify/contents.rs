//! The database: its rows beside what they repeat, and the blobs and objects that entries name.

use std::collections::BTreeSet;
use std::path::Path;

use belay_domain::digest::Digest;

use super::ahead::ReadRow;
use super::blobs::BlobCheck;
use super::report::{Place, Report};
use crate::store::{BlobFolder, Database, Reader};
use crate::tree::Frontier;
use crate::vault::KeyFile;

/// A state folder's database, while it is verified.
pub(super) struct Contents {
    pub(super) database: Database,
    pub(super) reader: Reader,
    blobs: BlobFolder,
    check: BlobCheck,
    frontier: Frontier,
    objects: BTreeSet<Digest>,
}

impl Contents {
    pub(super) fn open(state: &Path, keys: Option<KeyFile>) -> Result<Self, String> {
        let database = Database::of(state);
        let reader = Reader::open(&database).map_err(|error| error.to_string())?;
        let blobs = BlobFolder::of(state);
        let check = BlobCheck::new(&reader, blobs.clone(), keys)?;
        Ok(Self { database, reader, blobs, check, frontier: Frontier::default(), objects: BTreeSet::new() })
    }

    /// How many entries there should be by the highest sequence number, and whether rows are missing or superfluous.
    pub(super) fn size(&self, report: &mut Report) -> u64 {
        let counted = self.reader.size().and_then(|size| Ok((size, self.reader.count()?)));
        match counted {
            Ok((size, count)) => {
                if size != count {
                    report.find(
                        Place::Database,
                        format!("{count} entries, but the last is number {}", size.wrapping_sub(1)),
                    );
                }
                // A made-up number must not make this run for ever; what is missing is named up to here.
                size.min(count.saturating_add(MAX_MISSING))
            }
            Err(error) => {
                report.find(Place::Database, error.to_string());
                0
            }
        }
    }

    /// Checks what a row repeats of its entry, the hashes that follow from it, and what it names.
    pub(super) fn check(&mut self, row: &ReadRow, report: &mut Report) {
        let mut completed = Vec::new();
        // Behind a missing row no hash can follow, and the row has been named.
        if row.seq == self.frontier.size() {
            self.frontier.push_hash(row.leaf, |subtree| completed.push(subtree));
        }
        for subtree in completed {
            let stored = self.reader.hashes(subtree.level, subtree.index, subtree.index + 1);
            if stored.as_deref() != Ok(&[subtree.hash]) {
                let problem =
                    format!("the hash {} of level {} does not follow from the entries", subtree.index, subtree.level);
                report.find(Place::Database, problem);
            }
        }
        if !row.columns_fit {
            report.find(Place::Rows(row.seq..row.seq.saturating_add(1)), "its columns are not what the entry says");
        }
        let Ok(entry) = &row.entry else { return };
        entry.blobs.iter().enumerate().for_each(|blob| self.check.check(&self.reader, entry, blob, report));
        entry.objects.iter().for_each(|object| self.check_object(object, entry.seq, report));
    }

    fn check_object(&mut self, digest: &Digest, seq: u64, report: &mut Report) {
        if !self.objects.insert(*digest) {
            return;
        }
        let problem = match self.reader.object(digest) {
            Err(error) => Some(error.to_string()),
            Ok(None) => Some(format!("missing; entry {seq} names it")),
            Ok(Some(inline)) => match inline.map_or_else(|| self.blobs.read_object(digest), |bytes| Ok(Some(bytes))) {
                Err(error) => Some(error.to_string()),
                Ok(None) => Some(format!("its file is missing; entry {seq} names it")),
                Ok(Some(bytes)) if Digest::of(&bytes) == *digest => None,
                Ok(Some(_)) => Some(format!("its bytes do not fit; entry {seq} names it")),
            },
        };
        if let Some(problem) = problem {
            report.find(Place::Object(*digest), problem);
        }
    }
}

/// Rows that are missing are looked for so far beyond the number of those that are there.
const MAX_MISSING: u64 = 65_536;
