//! The key, the checkpoint that it signed, and its signature over the digests of all members.

use std::collections::BTreeMap;

use belay_domain::digest::Digest;

use super::Examined;
use crate::checkpoint;
use crate::evidence::{CHECKPOINT, Evidence, MANIFEST, PUBLIC_KEY, SEAL, SUMS, VERIFIER, entry_path, seal_text};
use crate::note::Verifier;
use crate::tree::TreeHead;

/// The longest list of digests that is read, in bytes.
const MAX_SUMS: u64 = 1 << 30;

/// A checkpoint that the key signed.
pub(super) struct Signed {
    pub(super) head: TreeHead,
    pub(super) note: String,
}

/// Checks what the key signed; gives the checkpoint if its signature holds.
pub(super) fn check(evidence: &Evidence, key: Option<&Verifier>, examined: &mut Examined) -> Option<Signed> {
    let found = evidence.text(VERIFIER).and_then(|text| {
        text.strip_suffix('\n').unwrap_or(&text).parse::<Verifier>().map_err(|error| error.to_string())
    });
    let mut believed = None;
    match (&found, key) {
        (Err(problem), _) => examined.find(VERIFIER, problem.clone()),
        (Ok(found), Some(key)) if found != key && leads(evidence, key, found, examined) => {
            pem(evidence, found, examined);
            believed = Some(found.clone());
        }
        (Ok(found), Some(key)) if found != key => {
            let same_name = if found.name() == key.name() { ", which has the same name" } else { "" };
            examined.find(VERIFIER, format!("it is {found}, not the key to believe{same_name}: {key}"));
        }
        (Ok(found), _) => pem(evidence, found, examined),
    }
    let key = believed.or_else(|| key.cloned()).or(found.ok())?;
    examined.origin = Some(key.name().to_owned());
    seal(evidence, &key, examined);
    let note = evidence.text(CHECKPOINT).map_err(|problem| examined.find(CHECKPOINT, problem)).ok()?;
    let head = checkpoint::open(&note, &key).map_err(|error| examined.find(CHECKPOINT, error.to_string())).ok()?;
    examined.head = Some(head);
    if let Some(manifest) = evidence.manifest()
        && (manifest.origin != key.name() || manifest.size != head.size || manifest.root != head.root)
    {
        examined.find(MANIFEST, "it names another log or tree than the checkpoint");
    }
    Some(Signed { head, note })
}

/// Whether the changes of keys in the file lead from the key to believe to the one that signed it. If one on the way was
/// compromised, that is found: a thief could have made the rest.
fn leads(evidence: &Evidence, key: &Verifier, found: &Verifier, examined: &mut Examined) -> bool {
    let chain = evidence.keys(found);
    if chain.find(key).is_none() || chain.present() != found {
        return false;
    }
    if let Some(cut) = chain.cut_from(key) {
        let problem = format!(
            "a key between the one to believe, {key}, and the present one was compromised: get that on another way"
        );
        examined.find(entry_path(cut.entry), problem);
    }
    true
}

fn pem(evidence: &Evidence, key: &Verifier, examined: &mut Examined) {
    if evidence.text(PUBLIC_KEY).as_ref() != Ok(&crate::evidence::pem(key.public_key())) {
        examined.find(PUBLIC_KEY, format!("it is not the key of {VERIFIER}"));
    }
}

/// Every member is what the list says, the list names every member, and the key signed the list.
fn seal(evidence: &Evidence, key: &Verifier, examined: &mut Examined) {
    let archive = &evidence.archive;
    let sums = match archive.text(SUMS, MAX_SUMS) {
        Ok(sums) => sums,
        Err(problem) => return examined.find(SUMS, problem),
    };
    let text = seal_text(&Digest::of(sums.as_bytes()));
    match archive.text(SEAL, 64 * 1024).map(|note| key.open(&note).map(|signed| signed == text)) {
        Err(problem) => examined.find(SEAL, problem),
        Ok(Err(error)) => examined.find(SEAL, error.to_string()),
        Ok(Ok(false)) => examined.find(SUMS, "it is not the list that was signed"),
        Ok(Ok(true)) => {}
    }
    let Some(listed) = parse(&sums) else { return examined.find(SUMS, "it is no list of digests") };
    for (path, digest) in &listed {
        match archive.hash(path, &[]) {
            Err(problem) => examined.find(*path, problem),
            Ok(found) if found != *digest => examined.find(*path, "it is not what was sealed"),
            Ok(_) => {}
        }
    }
    let unlisted = archive.paths().filter(|path| !listed.contains_key(path) && ![SUMS, SEAL].contains(path));
    unlisted.for_each(|path| examined.find(path, "it was added later: the list of members does not have it"));
}

/// The lines of `sha256sum`: a digest, two spaces, a path; in order and each once.
fn parse(sums: &str) -> Option<BTreeMap<&str, Digest>> {
    let mut listed = BTreeMap::new();
    for line in sums.split_terminator('\n') {
        let (digest, path) = line.split_once("  ")?;
        if listed.last_key_value().is_some_and(|(last, _)| *last >= path) {
            return None;
        }
        listed.insert(path, digest.parse().ok()?);
    }
    Some(listed)
}
