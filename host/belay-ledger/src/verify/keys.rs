//! Which key signed, and whether the log's own entries lead to it from the key that is believed. Believes no change that
//! is not signed as it must be.

use super::files::LogFiles;
use super::report::{Place, Report};
use crate::checkpoint;
use crate::keys::KeyChain;
use crate::note::{InvalidNote, Verifier};
use crate::publish::{CHECKPOINT, VERIFIER};
use crate::tree::TreeHead;

/// A checkpoint whose signature holds, and the keys that there are to judge it by.
pub(super) struct Signed {
    pub(super) head: TreeHead,
    note: String,
    /// The key that is believed.
    believed: Verifier,
    /// The key that opened it: the one beside the log where the believed one did not sign.
    signer: Verifier,
}

/// Opens the published checkpoint with the key that is believed, or with the one beside the log, which [`check`] then
/// requires to follow from it.
pub(super) fn open(files: &LogFiles<'_>, key: Option<&Verifier>, report: &mut Report) -> Option<Signed> {
    let beside = files.verifier();
    if let Err(problem) = &beside {
        report.find(Place::file(files.shown(VERIFIER)), problem);
    }
    let beside = beside.ok();
    let believed = key.cloned().or_else(|| beside.clone())?;
    let mut opened = files.checkpoint().and_then(|note| match checkpoint::open(&note, &believed) {
        Ok(head) => Ok(Signed { head, note, believed: believed.clone(), signer: believed.clone() }),
        Err(InvalidNote::Unsigned(by)) => {
            let later = beside.filter(|beside| *beside != believed && beside.name() == believed.name());
            let later = later.and_then(|signer| Some((checkpoint::open(&note, &signer).ok()?, signer)));
            let (head, signer) = later.ok_or_else(|| InvalidNote::Unsigned(by).to_string())?;
            Ok(Signed { head, note, believed: believed.clone(), signer })
        }
        Err(error) => Err(error.to_string()),
    });
    if let Err(problem) = &mut opened {
        report.find(Place::file(files.shown(CHECKPOINT)), std::mem::take(problem));
    }
    opened.ok()
}

/// Follows the chain of keys that the entries tell. `database` is the key that a state folder's database names.
pub(super) fn check(signed: Option<&Signed>, database: Option<&str>, files: &LogFiles<'_>, report: &mut Report) {
    let Some(signed) = signed else { return };
    let mut published = None;
    let mut chain: Option<KeyChain> = None;
    for (entry, change) in std::mem::take(&mut report.key_changes) {
        let first = || change.before.parse().map(KeyChain::of).map_err(|error: InvalidNote| error.to_string());
        let followed = chain
            .take()
            .map_or_else(first, Ok)
            .and_then(|mut known| known.follow(entry, &change).map_err(|error| error.to_string()).map(|()| known));
        match followed {
            Ok(known) => {
                if entry < signed.head.size {
                    published = Some(known.clone());
                }
                chain = Some(known);
            }
            // What follows a change that is none is judged by nothing.
            Err(problem) => return report.find(Place::Entry(entry), problem),
        }
        report.key_changes.push((entry, change));
    }
    let only = || KeyChain::of(signed.signer.clone());
    let whole = chain.clone().unwrap_or_else(only);
    if database.is_some_and(|named| named != whole.present().to_string()) {
        report.find(Place::Database, format!("it belongs to another key than {}", whole.present()));
    }
    // A change that is not published yet has a signature of the key before it.
    let signs = published.unwrap_or_else(|| {
        chain.and_then(|chain| chain.all().next().map(|first| KeyChain::of(first.key.clone()))).unwrap_or_else(only)
    });
    if checkpoint::open(&signed.note, signs.present()).is_err() {
        let problem = format!("it is not signed by {}, the key that the entries lead to", signs.present());
        report.find(Place::file(files.shown(CHECKPOINT)), problem);
    }
    // One that cannot be read has been named.
    if let Some(stranger) = files.verifier().ok().filter(|beside| whole.find(beside).is_none()) {
        report.find(
            Place::file(files.shown(VERIFIER)),
            format!("no entry leads to {stranger}: it is not a key of this log"),
        );
    }
    believe(signed, &whole, files, report);
}

/// Whether the key that is believed is one of the log's, and how far it still counts.
fn believe(signed: &Signed, chain: &KeyChain, files: &LogFiles<'_>, report: &mut Report) {
    if chain.find(&signed.believed).is_none() {
        let problem =
            format!("signed by {}; no entry leads there from the key to believe, {}", signed.signer, signed.believed);
        report.find(Place::file(files.shown(CHECKPOINT)), problem);
        report.limit_proven(0);
        return;
    }
    if let Some(cut) = chain.cut_from(&signed.believed) {
        let since = cut.since;
        let problem = format!(
            "compromised: a key between the one to believe, {}, and the present one. From there the first {since} entries \
             are proven; get the present verifier on another way",
            signed.believed
        );
        report.find(Place::Entry(cut.entry), problem);
        report.limit_proven(since);
    }
}
