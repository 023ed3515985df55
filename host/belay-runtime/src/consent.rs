//! What people said of a run's mandate: written once, read and verified again each time that something rests on it. A
//! signature that counted yesterday is held against the keys in force today. Never says what follows.

use belay_domain::digest::Commitment;
use belay_domain::id::{Millis, RunId};
use belay_domain::mandate::Mandate;
use belay_domain::people::{Approval, Touched};
use belay_domain::plain;
use belay_engine::{Consent, Rejection};
use belay_identity::{Namespace, verify};
use belay_ledger::{Blob, Draft, Entry, Filter, Ledger};
use serde_json::json;

use crate::api::Error;
use crate::ledger;
use crate::record::Cause;
use crate::signing::Signed;
use crate::workspace::Staff;

/// Something that a person signed about a mandate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Word {
    /// The requester asks.
    Request,
    /// Somebody approves.
    Approval,
    /// Somebody breaks the glass with the requester.
    BreakGlass,
    /// Somebody says no.
    Rejection,
}

impl Word {
    const ALL: [Self; 4] = [Self::Request, Self::Approval, Self::BreakGlass, Self::Rejection];

    /// The kind of entry.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Request => "request.signed",
            Self::Approval => "approval",
            Self::BreakGlass => "break_glass",
            Self::Rejection => "rejection",
        }
    }

    /// What the signature is made for.
    pub(crate) const fn namespace(self) -> Namespace {
        match self {
            Self::Request => Namespace::Request,
            Self::Approval => Namespace::Mandate,
            Self::BreakGlass => Namespace::BreakGlass,
            Self::Rejection => Namespace::Rejection,
        }
    }
}

/// What somebody signs who says no.
pub(crate) fn rejection_text(mandate: &Mandate, reason: &str) -> Result<String, Error> {
    let digest = mandate.digest().map_err(|error| Error::failed(error.to_string()))?;
    let (run, reason) = (&mandate.run, plain::escaped(reason));
    Ok(format!("belay rejection v1\n\nRejects    {run}\nMandate    {digest}\nBecause    {reason}\n"))
}

/// The entry of a word: what was signed and the signature lie beside it.
pub(crate) fn draft(
    cause: &Cause,
    word: Word,
    mandate: &Mandate,
    signed: &Signed,
    more: serde_json::Value,
) -> Result<Draft, Error> {
    let seal = |name: &str, bytes: &str| Blob::seal(name, bytes.as_bytes()).map_err(|error| ledger::error(&error));
    let (text, signature) = (seal("signed text", &signed.text)?, seal("signature", &signed.signature)?);
    let mut body = json!({
        "mandate": mandate.digest().ok(), "person": signed.by.person, "key": signed.by.fingerprint,
        "text": text.commitment(), "signature": signature.commitment(),
    });
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    let mut cause = cause.clone();
    cause.run = Some(mandate.run.clone());
    cause.requester = std::sync::Arc::new(signed.requester());
    let mut draft = cause.draft(word.kind(), body)?;
    draft.blobs = vec![text, signature];
    Ok(draft)
}

/// What was said of a run after an entry.
pub(crate) fn entries(ledger: &Ledger, run: &RunId, after: Option<u64>) -> Result<Vec<Entry>, Error> {
    let kinds = Word::ALL.iter().map(|word| word.kind().to_owned()).collect();
    let filter = Filter { run: Some(run.clone()), kinds, after, ..Filter::default() };
    ledger.entries(&filter).map_err(|error| ledger::error(&error))
}

/// What counts now of all that was said of a mandate.
pub(crate) fn of(
    ledger: &Ledger,
    staff: Option<&Staff>,
    mandate: &Mandate,
    touched: Touched,
    at: Millis,
) -> Result<Consent, Error> {
    let mut consent = Consent { touched: Some(touched), ..Consent::default() };
    let Some(staff) = staff else { return Ok(consent) };
    consent.people = staff.people.clone();
    let text = mandate.text().map_err(|error| Error::failed(error.to_string()))?;
    let approves = if mandate.break_glass.is_some() { Word::BreakGlass } else { Word::Approval };
    for entry in entries(ledger, &mandate.run, None)? {
        let Some(word) = Word::ALL.into_iter().find(|word| word.kind() == entry.kind) else { continue };
        let reason = entry.body.value().get("reason").and_then(|reason| reason.as_str()).unwrap_or_default();
        let wanted = if word == Word::Rejection { rejection_text(mandate, reason)? } else { text.clone() };
        let Some(signature) = signature(ledger, &entry)? else { continue };
        // A signature that no longer counts is not an error: the run waits for another.
        let signer = verify(wanted.as_bytes(), word.namespace(), &signature, &staff.signers, &staff.revoked, at);
        let Ok(signer) = signer else { continue };
        match word {
            Word::Request => consent.request = Some(signer.person),
            Word::Rejection => {
                consent.rejection = Some(Rejection { by: signer.person, reason: reason.to_owned() });
            }
            Word::Approval | Word::BreakGlass if word == approves => {
                consent.approvals.push(Approval { person: signer.person, key: signer.fingerprint });
            }
            Word::Approval | Word::BreakGlass => {}
        }
    }
    Ok(consent)
}

/// The signature of a word; none where it was redacted, and then it can't count.
fn signature(ledger: &Ledger, entry: &Entry) -> Result<Option<String>, Error> {
    let commitment = entry.body.value().get("signature").cloned();
    let commitment = commitment.and_then(|value| serde_json::from_value::<Commitment>(value).ok());
    let Some(commitment) = commitment else { return Ok(None) };
    let blob = ledger.blob(entry, &commitment).map_err(|error| ledger::error(&error))?;
    Ok(blob.present().and_then(|blob| String::from_utf8(blob.bytes).ok()))
}
