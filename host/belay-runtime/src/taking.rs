//! What people sign who take blobs away, set holds and lift them; and who may. Reads nothing, records nothing.

use belay_domain::digest::Digest;
use belay_domain::json::Json;
use belay_domain::people::PersonName;
use belay_domain::plain;
use belay_identity::Namespace;
use belay_ledger::redaction::{Asked, NamedBlob};
use belay_ledger::{Object, OnHold};
use serde_json::{Value, json};

use crate::api::{Error, HoldChange};
use crate::record::Cause;
use crate::signing::Signed;
use crate::workspace::Staff;

/// Kinds of entries that keep their blobs when a run's others go by the workspace's rule: what people signed is the
/// authority for what was done.
pub(crate) const KEPT: [&str; 5] = ["request.signed", "approval", "rejection", "break_glass", "review.closed"];

/// What is signed to ask for a redaction.
pub(crate) fn asking_text(asked: &Asked, leaf: &Digest, reason: &str) -> String {
    format!("belay redaction request v1\n\n{}", facts(asked, leaf, reason))
}

/// What is signed to approve one; `seq` is the entry that asked.
pub(crate) fn approving_text(seq: u64, asked: &Asked, leaf: &Digest, reason: &str) -> String {
    let by = plain::escaped(&asked.person);
    format!("belay redaction v1\n\nApproves   entry {seq}\nAsked by   {by}\n{}", facts(asked, leaf, reason))
}

fn facts(asked: &Asked, leaf: &Digest, reason: &str) -> String {
    let blob = |blob: &NamedBlob| format!("Blob       {} {}\n", blob.commitment, plain::escaped(&blob.name));
    let blobs: String = asked.blobs.iter().map(blob).collect();
    let (authority, reason) = (plain::escaped(&asked.authority), plain::escaped(reason));
    format!("Entry      {}\nLeaf       {leaf}\n{blobs}Authority  {authority}\nBecause    {reason}\n", asked.entry)
}

/// What is signed to set a hold, or to lift one.
pub(crate) fn hold_text(change: &HoldChange, reason: &str) -> String {
    let what = match change {
        HoldChange::Set(OnHold::Run(run)) => format!("Holds      the run {run}"),
        HoldChange::Set(OnHold::Incident(incident)) => format!("Holds      the incident {incident}"),
        HoldChange::Set(OnHold::Everything) => "Holds      everything".to_owned(),
        HoldChange::Lift(hold) => format!("Lifts      the hold of entry {hold}"),
    };
    format!("belay hold v1\n\n{what}\nBecause    {}\n", plain::escaped(reason))
}

/// What is signed to let go what is older than the workspace's rule.
pub(crate) fn retention_text(days: u32, before: &str, names: &[String]) -> String {
    let gone: String = names.iter().map(|name| format!("Blobs of   {name}\n")).collect();
    format!("belay retention v1\n\nOlder than {days} days\nBefore     {before}\n{gone}")
}

/// The draft of what somebody signed: text and signature are objects, since authority outlasts what it takes away.
/// So are the rules by which the signer could sign.
pub(crate) fn draft(
    cause: &Cause,
    kind: &str,
    signed: &Signed,
    governance: &Json,
    mut body: Value,
) -> Result<belay_ledger::Draft, Error> {
    let rules = Object::new(governance.canonical());
    let (text, signature) = (Object::new(signed.text.as_bytes()), Object::new(signed.signature.as_bytes()));
    if let Some(body) = body.as_object_mut() {
        body.insert("person".to_owned(), json!(signed.by.person));
        body.insert("key".to_owned(), json!(signed.by.fingerprint));
        body.insert("governance".to_owned(), json!(rules.digest()));
        body.insert("text".to_owned(), json!(text.digest()));
        body.insert("signature".to_owned(), json!(signature.digest()));
    }
    let mut draft = cause.draft(kind, body)?;
    draft.objects.extend([rules, text, signature]);
    Ok(draft)
}

/// Refuses whoever is neither an admin nor an auditor.
pub(crate) fn must_be_admin_or_auditor(staff: &Staff, person: &PersonName, what: &str) -> Result<(), Error> {
    let who: Vec<_> = staff.people.admins.union(&staff.people.auditors).collect();
    if who.contains(&person) { Ok(()) } else { Err(may_not(person, what, &who)) }
}

/// Refuses whoever is no admin, or asked for it.
pub(crate) fn must_be_another_admin(staff: &Staff, person: &PersonName, asker: &str) -> Result<(), Error> {
    let who: Vec<_> = staff.people.admins.iter().filter(|admin| admin.as_str() != asker).collect();
    if who.contains(&person) { Ok(()) } else { Err(may_not(person, "approve this redaction", &who)) }
}

/// Refuses whoever set a hold themselves, and whoever is neither an admin nor an auditor.
pub(crate) fn must_be_another(staff: &Staff, person: &PersonName, setter: &str) -> Result<(), Error> {
    let who: Vec<_> = staff.people.admins.union(&staff.people.auditors).collect();
    let who: Vec<_> = who.into_iter().filter(|person| person.as_str() != setter).collect();
    if who.contains(&person) { Ok(()) } else { Err(may_not(person, "lift this hold", &who)) }
}

/// Whether a signature is about blobs that go or stay.
pub(crate) const fn is_about_blobs(namespace: Namespace) -> bool {
    match namespace {
        Namespace::RedactionRequest | Namespace::Redaction | Namespace::Hold | Namespace::Retention => true,
        Namespace::Mandate
        | Namespace::Request
        | Namespace::Governance
        | Namespace::Proposal
        | Namespace::BreakGlass
        | Namespace::Rejection
        | Namespace::Review => false,
    }
}

/// Says why somebody could not sign this by the rules in force then; only of what is about blobs.
pub(crate) fn held_the_role(staff: &Staff, person: &PersonName, namespace: Namespace) -> Result<(), String> {
    if !is_about_blobs(namespace) {
        return Ok(());
    }
    let people = &staff.people;
    let is_admin = people.admins.contains(person);
    if is_admin || (namespace != Namespace::Redaction && people.auditors.contains(person)) {
        return Ok(());
    }
    let needed = if namespace == Namespace::Redaction { "an admin" } else { "an admin or auditor" };
    Err(format!("{person} signed it, and was not {needed}"))
}

fn may_not(person: &PersonName, what: &str, who: &[&PersonName]) -> Error {
    let who: Vec<_> = who.iter().map(|person| person.as_str()).collect();
    let who = if who.is_empty() { "nobody, by [people] in belay.toml".to_owned() } else { who.join(" or ") };
    Error::refused(format!("{person} may not {what}"))
        .changed("nothing was recorded or taken away")
        .next(format!("ask one who may: {who}"))
}
