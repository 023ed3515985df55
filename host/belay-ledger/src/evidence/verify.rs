//! Whether a file is what the log's key signed. Trusts nothing but the key; says what is wrong, where, and which entries
//! are proven all the same.

mod contents;
mod named;
mod seal;

use crate::note::Verifier;
use crate::tree::TreeHead;
use crate::verify::{Finding, Report};

use super::Evidence;

/// How much of what entries name is in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// There, and what was committed to.
    pub present: u64,
    /// Left out of the file.
    pub withheld: u64,
    /// Taken out of the ledger, with the authority of an entry in the file.
    pub redacted: u64,
}

/// What an examination found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Examined {
    /// The log's name, as its key says.
    pub origin: Option<String>,
    /// The head in the checkpoint, if its signature holds.
    pub head: Option<TreeHead>,
    /// How many entries the file says that it has.
    pub entries: u64,
    /// The entries that are proven to be in the log that the key signed.
    pub proven: Vec<u64>,
    /// The blobs that they name.
    pub blobs: Tally,
    /// The objects that they name.
    pub objects: Tally,
    /// All that is wrong, the first 1,000 of it.
    pub findings: Vec<Finding>,
    /// How many more findings there are.
    pub omitted: u64,
    /// What the whole log in the file says; absent where the file has none, and then nothing proves that no entry was
    /// left out.
    pub log: Option<Report>,
}

impl Examined {
    /// Whether nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty() && self.log.as_ref().is_none_or(Report::is_intact)
    }

    fn find(&mut self, path: impl Into<std::path::PathBuf>, problem: impl Into<String>) {
        let mut report =
            Report { findings: std::mem::take(&mut self.findings), omitted: self.omitted, ..Report::default() };
        report.find(crate::verify::Place::file(path), problem);
        (self.findings, self.omitted) = (report.findings, report.omitted);
    }
}

/// Examines a file: its form, the seal over all members, the checkpoint's signature, the proof of each entry, the blobs
/// and objects that they name, and the proofs that earlier trees are the beginning of this one; with a whole log in it, that
/// too. `key` is the key to believe; without it the one in the file is used, which shows damage, but not forgery.
pub fn verify(evidence: &Evidence, key: Option<&Verifier>) -> Examined {
    let mut examined = Examined::default();
    if let Some((at, problem)) = &evidence.archive.trouble {
        examined.find(format!("the file, byte {at}"), problem.clone());
    }
    let signed = seal::check(evidence, key, &mut examined);
    contents::check(evidence, signed.as_ref(), &mut examined);
    named::check(evidence, &mut examined);
    examined
}
