//! What people signed, verified again against those who were in force when they signed. Says whose signature does not hold;
//! never what that means for the run.

use std::collections::{BTreeMap, BTreeSet};

use belay_domain::digest::Digest;
use belay_domain::id::RunId;
use belay_domain::json::Json;
use belay_domain::mandate::Mandate;
use belay_identity::Namespace;
use belay_ledger::{Entry, kind};
use serde_json::Value;

use crate::api::VerifyAnswer;
use crate::evidence::{Records, Rules, Unheld, Word, judged, staff, word};
use crate::taking;

/// The kinds of entries that are looked at.
pub(super) const KINDS: [&str; 14] = [
    "request.signed",
    "approval",
    "break_glass",
    "rejection",
    "review.closed",
    "governance.proposed",
    "governance.signed",
    "governance.accepted",
    "stage.planned",
    kind::REDACTION_ASKED,
    kind::REDACTION,
    kind::HOLD_SET,
    kind::HOLD_LIFTED,
    kind::RETENTION,
];

/// Verifies every signature among these entries, and that whoever a plan counts as an approver has signed before it.
pub(super) fn check(records: &dyn Records, entries: &[Entry], answer: &mut VerifyAnswer) {
    let rules: Rules = entries.iter().collect();
    let mut approved: BTreeMap<&RunId, BTreeSet<String>> = BTreeMap::new();
    let mut untold = 0;
    for entry in entries {
        if entry.kind == "stage.planned" {
            uncounted(entry, &approved).into_iter().for_each(|problem| answer.object_to(entry.seq, &problem));
            continue;
        }
        let Some(found) = word(records, &rules, entry) else { continue };
        // Nobody can verify what is not there; that somebody signed is then the operator's word.
        let held = found.map_err(|_| Unheld::Untold).and_then(|found| holds(records, &found, entry));
        match held {
            Ok(()) => answer.signatures += 1,
            Err(Unheld::Untold) => untold += 1,
            Err(Unheld::Wrong(problem)) => {
                answer.object_to(entry.seq, &problem);
                continue;
            }
        }
        let person = entry.body.value().get("person").and_then(Value::as_str);
        let approves = ["approval", "break_glass"].contains(&entry.kind.as_str());
        if let (Some(run), Some(person), true) = (&entry.run, person, approves) {
            approved.entry(run).or_default().insert(person.to_owned());
        }
    }
    if untold > 0 {
        answer.notes.push(format!(
            "{untold} signatures were not checked: what was signed, or who could sign then, is not there"
        ));
    }
}

fn holds(records: &dyn Records, word: &Word, entry: &Entry) -> Result<(), Unheld> {
    let governance = judged(records, word, entry).map_err(|why| match why {
        Unheld::Untold => Unheld::Untold,
        Unheld::Wrong(why) => Unheld::Wrong(format!("the signature of {} does not hold: {why}", word.person)),
    })?;
    says_what_the_entry_says(records, word, entry, &governance).map_err(Unheld::Wrong)
}

fn says_what_the_entry_says(
    records: &dyn Records,
    word: &Word,
    entry: &Entry,
    governance: &Digest,
) -> Result<(), String> {
    if entry.actor.name != word.person.as_str() {
        return Err(format!("{} signed it, and the entry's actor is {}", word.person, entry.actor.name));
    }
    if let Some(staff) = staff(records, governance) {
        taking::held_the_role(&staff, &word.person, word.namespace)?;
    }
    let of_mandate = matches!(word.namespace, Namespace::Request | Namespace::Mandate | Namespace::BreakGlass);
    let Some(digest) = word.mandate.filter(|_| of_mandate) else { return Ok(()) };
    // Without the mandate, its digest in the text binds the two all the same.
    match records.object(&digest) {
        None if contains(&word.text, &digest) => Ok(()),
        None => Err(format!("{} signed a text that does not name the mandate {digest}", word.person)),
        Some(bytes) => same_text(word, &bytes),
    }
}

/// The text that people read says what the mandate says: it is made from it anew.
fn same_text(word: &Word, mandate: &[u8]) -> Result<(), String> {
    let mandate: Result<Mandate, _> = Json::parse_bytes(mandate).and_then(|json| json.to());
    let text =
        mandate.and_then(|mandate| mandate.text()).map_err(|error| format!("the mandate can't be read: {error}"))?;
    if text.as_bytes() == word.text {
        Ok(())
    } else {
        Err(format!("what {} signed is not the text of the mandate", word.person))
    }
}

fn contains(text: &[u8], digest: &Digest) -> bool {
    let digest = digest.to_string();
    text.windows(digest.len()).any(|window| window == digest.as_bytes())
}

/// The approvers whom a plan counts, and who have not signed before it.
fn uncounted(planned: &Entry, approved: &BTreeMap<&RunId, BTreeSet<String>>) -> Vec<String> {
    let counted = planned.body.value().pointer("/finding/approvals").and_then(Value::as_array);
    let signed = planned.run.as_ref().and_then(|run| approved.get(run));
    let people = counted.into_iter().flatten().filter_map(Value::as_str);
    let missing = people.filter(|person| !signed.is_some_and(|signed| signed.contains(*person)));
    missing.map(|person| format!("it counts an approval of {person}, and none that holds stands before it")).collect()
}
