//! The blobs and objects that entries name: there and as named, or accounted for.

use belay_domain::digest::{Commitment, Digest};

use super::Examined;
use crate::entry::Entry;
use crate::evidence::read::salt;
use crate::evidence::{
    BLOBS, BlobLine, BlobState, Evidence, MANIFEST, ObjectState, blob_path, entry_path, object_path,
};
use crate::redaction::Redactions;

pub(super) fn check(evidence: &Evidence, examined: &mut Examined) {
    if let Err(problem) = &evidence.blobs {
        examined.find(BLOBS, problem.clone());
    }
    let mut redactions = Redactions::default();
    // Only what is proven to be in the log takes anything away, however late it stands there.
    let proven: Vec<u64> = examined.proven.clone();
    for entry in proven.iter().filter_map(|seq| evidence.entry(*seq)) {
        if let Err(problem) = redactions.read(&entry) {
            examined.find(entry_path(entry.seq), problem);
        }
    }
    let mut objects = std::collections::BTreeSet::new();
    for seq in evidence.entries() {
        let Some(entry) = evidence.entry(*seq) else { continue };
        entry.blobs.iter().for_each(|commitment| blob(evidence, &entry, commitment, &redactions, examined));
        objects.extend(entry.objects);
    }
    objects.iter().for_each(|digest| object(evidence, digest, examined));
}

fn blob(evidence: &Evidence, entry: &Entry, commitment: &Commitment, redactions: &Redactions, examined: &mut Examined) {
    let path = blob_path(commitment);
    let named = format!("; entry {} names it", entry.seq);
    let Some(line) = evidence.line(entry.seq, commitment) else {
        return examined.find(path, format!("{BLOBS} does not say what became of it{named}"));
    };
    match line.state {
        BlobState::Present if is_right(evidence, line) => examined.blobs.present += 1,
        BlobState::Present => examined.find(path, format!("missing, or not what was committed to{named}")),
        BlobState::Withheld => examined.blobs.withheld += 1,
        BlobState::Redacted if redactions.of(entry, commitment).is_some() => examined.blobs.redacted += 1,
        BlobState::Redacted => {
            examined.find(path, format!("missing without authority: no entry here redacted it{named}"));
        }
        BlobState::Missing => examined.find(path, format!("missing without authority: no redaction took it{named}")),
    }
}

/// Hashes the blob piece by piece, as [`Commitment::to`] does whole.
fn is_right(evidence: &Evidence, line: &BlobLine) -> bool {
    let (Some(name), Some(salt)) = (&line.name, line.salt.as_deref().and_then(salt)) else { return false };
    let first = [salt.0.as_slice(), &(name.len() as u64).to_be_bytes(), name.as_bytes()].concat();
    evidence.archive.hash(&blob_path(&line.commitment), &first).as_ref() == Ok(line.commitment.digest())
}

fn object(evidence: &Evidence, digest: &Digest, examined: &mut Examined) {
    let path = object_path(digest);
    match evidence.manifest().and_then(|manifest| manifest.objects.get(digest)) {
        Some(ObjectState::Present) => match evidence.archive.hash(&path, &[]) {
            Ok(found) if found == *digest => examined.objects.present += 1,
            Ok(_) => examined.find(path, "its bytes are not what its name says"),
            Err(problem) => examined.find(path, problem),
        },
        Some(ObjectState::Withheld) => examined.objects.withheld += 1,
        Some(ObjectState::Missing) => examined.find(path, "missing: the ledger had lost it"),
        None => examined.find(MANIFEST, format!("it does not say what became of the object {digest}")),
    }
}
