//! Each entry against its proof, earlier trees against this one, and the whole log where it is there.

use super::Examined;
use super::seal::Signed;
use crate::entry::Entry;
use crate::evidence::{Evidence, InclusionProof, MANIFEST, entry_path, proof_path};
use crate::tree::{leaf, verify_inclusion};
use crate::verify::verify_log_within;

pub(super) fn check(evidence: &Evidence, signed: Option<&Signed>, examined: &mut Examined) {
    if let Err(problem) = &evidence.manifest {
        examined.find(MANIFEST, problem.clone());
    }
    examined.entries = evidence.entries().len() as u64;
    if evidence.entries().windows(2).any(|pair| pair.first() >= pair.last()) {
        examined.find(MANIFEST, "its entries are not in order");
    }
    let Some(signed) = signed else { return };
    for seq in evidence.entries() {
        match entry(evidence, *seq, signed) {
            Ok(()) => examined.proven.push(*seq),
            Err((path, problem)) => examined.find(path, problem),
        }
    }
    earlier_trees(evidence, signed, examined);
    if evidence.manifest().is_some_and(|manifest| manifest.with_log) {
        let report = verify_log_within(&evidence.archive, signed.head);
        examined.log = Some(report);
    }
}

fn entry(evidence: &Evidence, seq: u64, signed: &Signed) -> Result<(), (String, String)> {
    let at = |path: String| move |problem: String| (path, problem);
    let bytes = evidence.entry_bytes(seq).map_err(at(entry_path(seq)))?;
    let proof = evidence.text(&proof_path(seq)).map_err(at(proof_path(seq)))?;
    let proof: InclusionProof = proof.parse().map_err(|error| (proof_path(seq), format!("{error}")))?;
    if proof.index != seq || proof.checkpoint != signed.note {
        return Err((proof_path(seq), "it proves another entry, or leads to another checkpoint".to_owned()));
    }
    let proven = verify_inclusion(&leaf(&bytes), seq, &signed.head, &proof.hashes);
    proven.map_err(|_| {
        (entry_path(seq), format!("it is not what was signed as entry {seq}, or its proof is another's"))
    })?;
    let entry = Entry::parse(&bytes).map_err(|error| (entry_path(seq), error.to_string()))?;
    if entry.seq == seq { Ok(()) } else { Err((entry_path(seq), format!("it says that it is entry {}", entry.seq))) }
}

fn earlier_trees(evidence: &Evidence, signed: &Signed, examined: &mut Examined) {
    let paths: Vec<String> =
        evidence.paths().filter(|path| path.starts_with("consistency/")).map(str::to_owned).collect();
    for path in paths {
        let text = evidence.text(&path).map(|text| text.parse::<crate::evidence::ConsistencyProof>());
        match text {
            Err(problem) => examined.find(path, problem),
            Ok(Err(error)) => examined.find(path, error.to_string()),
            Ok(Ok(proof)) if proof.new != signed.head => examined.find(path, "it leads to another tree"),
            Ok(Ok(proof)) => {
                if proof.check().is_err() {
                    examined.find(path, "the earlier tree is not the beginning of the one that was signed");
                }
            }
        }
    }
}
