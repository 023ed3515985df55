//! What people signed, as entries record it: the text, the signature, and the people in force then. Finds it; whether a
//! signature counts is for whoever verifies.

use std::collections::{BTreeMap, BTreeSet};

use belay_domain::digest::{Commitment, Digest};
use belay_domain::json::Json;
use belay_domain::people::PersonName;
use belay_identity::{Namespace, verify, verify_time};
use belay_ledger::{Entry, Filter, Ledger, kind};
use serde_json::Value;

use super::Records;
use crate::api::Error;
use crate::ledger;
use crate::standing::ACCEPTED;
use crate::workspace::Staff;

/// Something that somebody signed.
pub(crate) struct Word {
    pub(crate) person: PersonName,
    pub(crate) namespace: Namespace,
    pub(crate) text: Vec<u8>,
    pub(crate) signature: String,
    /// The mandate that it is about, where it is about one.
    pub(crate) mandate: Option<Digest>,
    /// Governances that may have been in force, the likeliest first.
    pub(crate) governances: Vec<Digest>,
}

/// Where the people in force stand: which governance was accepted by which entry, the oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules(Vec<(u64, Digest)>);

impl Rules {
    /// As the ledger knows them.
    pub(crate) fn of(store: &Ledger) -> Result<Self, Error> {
        let filter = Filter { kinds: vec![ACCEPTED.to_owned()], ..Filter::default() };
        let entries = store.entries(&filter).map_err(|error| ledger::error(&error))?;
        Ok(entries.iter().collect())
    }

    fn before(&self, seq: u64) -> Option<Digest> {
        self.0.iter().rev().find(|(accepted, _)| *accepted < seq).map(|(_, digest)| *digest)
    }
}

impl<'e> FromIterator<&'e Entry> for Rules {
    fn from_iter<I: IntoIterator<Item = &'e Entry>>(entries: I) -> Self {
        let accepted = entries.into_iter().filter(|entry| entry.kind == ACCEPTED);
        Self(accepted.filter_map(|entry| Some((entry.seq, digest(entry.body.value(), "governance")?))).collect())
    }
}

/// What is signed in an entry: `None` where nothing is, an error where it can't be had.
pub(crate) fn word(records: &dyn Records, rules: &Rules, entry: &Entry) -> Option<Result<Word, String>> {
    let body = entry.body.value();
    let namespace = match entry.kind.as_str() {
        "request.signed" => Namespace::Request,
        "approval" => Namespace::Mandate,
        "break_glass" => Namespace::BreakGlass,
        "rejection" => Namespace::Rejection,
        "review.closed" => Namespace::Review,
        "governance.proposed" => Namespace::Proposal,
        "governance.signed" => Namespace::Governance,
        kind::REDACTION_ASKED => Namespace::RedactionRequest,
        kind::REDACTION => Namespace::Redaction,
        kind::HOLD_SET | kind::HOLD_LIFTED => Namespace::Hold,
        kind::RETENTION => Namespace::Retention,
        _ => return None,
    };
    let found = match namespace {
        Namespace::Proposal | Namespace::Governance => of_governance(records, body, namespace),
        Namespace::RedactionRequest | Namespace::Redaction | Namespace::Hold | Namespace::Retention => {
            of_taking(records, body, namespace)
        }
        Namespace::Mandate | Namespace::Request | Namespace::BreakGlass | Namespace::Rejection | Namespace::Review => {
            of_mandate(records, entry, namespace)
        }
    };
    Some(found.map(|mut word| {
        word.governances.extend(rules.before(entry.seq));
        word
    }))
}

/// Text and signature lie in blobs.
fn of_mandate(records: &dyn Records, entry: &Entry, namespace: Namespace) -> Result<Word, String> {
    let body = entry.body.value();
    let blob = |name: &str| {
        let commitment = Commitment::from_digest(digest(body, name)?);
        records.blob(entry, &commitment)
    };
    let gone = "what was signed is not there: it was redacted, or left out";
    let text = blob("text").ok_or(gone)?;
    let signature = blob("signature").and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(gone)?;
    let mandate = digest(body, "mandate");
    let governance = mandate.and_then(|mandate| records.object(&mandate)).and_then(|bytes| governance_of(&bytes));
    let governances = governance.into_iter().collect();
    Ok(Word { person: person(body, "person")?, namespace, text, signature, mandate, governances })
}

/// The text is an object, the signature stands in the entry. They are judged by the people before the change; the first
/// ones by those that it puts in force.
fn of_governance(records: &dyn Records, body: &Value, namespace: Namespace) -> Result<Word, String> {
    let gone = "the proposal is not there";
    let text = digest(body, "text").and_then(|digest| records.object(&digest)).ok_or(gone)?;
    let signature = body.get("signature").and_then(Value::as_str).ok_or("it has no signature")?.to_owned();
    let (person_is, proposal) = if namespace == Namespace::Proposal {
        ("author", body.clone())
    } else {
        let seq = body.get("proposal").and_then(Value::as_u64).ok_or(gone)?;
        ("person", records.entry(seq).ok_or(gone)?.body.value().clone())
    };
    let before = proposal.get("in_force").and_then(|in_force| digest(in_force, "digest"));
    let governances = before.or_else(|| digest(&proposal, "governance")).into_iter().collect();
    Ok(Word { person: person(body, person_is)?, namespace, text, signature, mandate: None, governances })
}

/// Text and signature are objects, and so are the rules in force: authority outlasts what it takes away.
fn of_taking(records: &dyn Records, body: &Value, namespace: Namespace) -> Result<Word, String> {
    let gone = "what was signed is not there";
    let object = |name: &str| digest(body, name).and_then(|digest| records.object(&digest));
    let text = object("text").ok_or(gone)?;
    let signature = object("signature").and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(gone)?;
    let governances = digest(body, "governance").into_iter().collect();
    Ok(Word { person: person(body, "person")?, namespace, text, signature, mandate: None, governances })
}

fn governance_of(mandate: &[u8]) -> Option<Digest> {
    digest(Json::parse_bytes(mandate).ok()?.value(), "governance")
}

pub(super) fn digest(body: &Value, name: &str) -> Option<Digest> {
    body.get(name)?.as_str()?.parse().ok()
}

fn person(body: &Value, name: &str) -> Result<PersonName, String> {
    let text = body.get(name).and_then(Value::as_str).ok_or("it names nobody")?;
    text.parse().map_err(|_| "it names nobody that could be".to_owned())
}

/// The people of a governance; `None` where it names none, or is not there.
pub(crate) fn staff(records: &dyn Records, governance: &Digest) -> Option<Staff> {
    let document = Json::parse_bytes(&records.object(governance)?).ok()?;
    Json::new(document.value().get("staff")?.clone()).ok()?.to().ok()
}

/// Why nobody can rest anything on a word.
pub(crate) enum Unheld {
    /// The people in force then are not there, so nobody can tell.
    Untold,
    /// It does not hold, and why.
    Wrong(String),
}

/// The governance by whose people a word counts.
pub(crate) fn judged(records: &dyn Records, word: &Word, entry: &Entry) -> Result<Digest, Unheld> {
    let mut why = Unheld::Untold;
    for governance in &word.governances {
        let Some(staff) = staff(records, governance) else { continue };
        match verify(&word.text, word.namespace, &word.signature, &staff.signers, &staff.revoked, entry.at) {
            Ok(signer) if signer.person == word.person => return Ok(*governance),
            Ok(signer) => {
                why = Unheld::Wrong(format!("{} signed it, and the entry says {}", signer.person, word.person));
            }
            Err(error) => why = Unheld::Wrong(error.to_string()),
        }
    }
    Err(why)
}

/// The members that let ssh-keygen check what people signed: texts, signatures, the lists of who could sign, and one line
/// for each signature.
pub(super) fn members(store: &Ledger, rules: &Rules, entries: &[Entry]) -> Result<Vec<(String, String)>, Error> {
    let mut members = BTreeMap::new();
    let mut list = String::new();
    let mut governances = BTreeSet::new();
    for entry in entries {
        let Some(Ok(word)) = word(store, rules, entry) else { continue };
        let Ok(text) = String::from_utf8(word.text.clone()) else { continue };
        // One that does not count is not left out: the list of the likeliest people shows that it does not.
        let likeliest = word.governances.first().copied();
        let Some(governance) = judged(store, &word, entry).ok().or(likeliest) else { continue };
        let (seq, person, purpose, at) = (entry.seq, &word.person, word.namespace, verify_time(entry.at));
        list.push_str(&format!("{seq} {person} {purpose} {at} {governance}\n"));
        members.insert(format!("signatures/{seq}.txt"), text);
        members.insert(format!("signatures/{seq}.sig"), format!("{}\n", word.signature.trim()));
        governances.insert(governance);
    }
    for governance in &governances {
        let Some(staff) = staff(store, governance) else { continue };
        let signers = staff.signers.to_openssh().map_err(Error::failed)?;
        members.insert(format!("signers/{governance}"), signers);
        let revoked: String = staff.revoked.fingerprints().map(|name| format!("{name}\n")).collect();
        if !revoked.is_empty() {
            members.insert(format!("signers/{governance}.revoked"), revoked);
        }
    }
    if !list.is_empty() {
        members.insert("signatures/list".to_owned(), list);
    }
    Ok(members.into_iter().collect())
}
