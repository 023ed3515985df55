//! Mandates as witnesses: each names the log as it was, and whoever signed one signed that. So whoever rewrites the log,
//! even with its key, has to do without their signatures.

use std::collections::BTreeMap;

use belay_domain::digest::Digest;
use belay_ledger::Entry;

use crate::api::VerifyAnswer;
use crate::evidence::{Records, mandate};

/// The kinds of entries that are looked at.
pub(super) const KINDS: [&str; 1] = ["mandate"];

/// Holds the log against what each mandate among these entries says of it.
pub(super) fn check(
    records: &dyn Records,
    entries: &[Entry],
    origin: &str,
    root: impl Fn(u64) -> Result<Digest, String>,
    answer: &mut VerifyAnswer,
) {
    let mut known = BTreeMap::new();
    let mut untold = 0;
    for entry in entries.iter().filter(|entry| KINDS.contains(&entry.kind.as_str())) {
        let Some(mandate) = mandate(records, entry) else {
            untold += 1;
            continue;
        };
        let head = &mandate.ledger;
        if head.origin != origin {
            answer.object_to(entry.seq, &format!("its mandate was made over another log, {}", head.origin));
            continue;
        }
        if head.size > entry.seq {
            let size = head.size;
            answer.object_to(
                entry.seq,
                &format!("its mandate was made when the log had {size} entries: it is older now"),
            );
            continue;
        }
        match known.entry(head.size).or_insert_with(|| root(head.size)) {
            Ok(found) if *found == head.root => answer.witnesses += 1,
            Ok(found) => {
                let problem = format!(
                    "a fork: when its mandate was made, the first {} entries hashed to {}, and now to {found}",
                    head.size, head.root
                );
                answer.object_to(entry.seq, &problem);
            }
            Err(_) => untold += 1,
        }
    }
    if untold > 0 {
        answer
            .notes
            .push(format!("{untold} mandates were not held against the log: they, or their proofs, are not there"));
    }
}
