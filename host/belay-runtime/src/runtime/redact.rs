//! Redaction: one asks, another approves, and what was named is destroyed. The entry comes first.

use belay_domain::id::RunId;
use belay_domain::json::Json;
use belay_identity::{Namespace, verify};
use belay_ledger::redaction::{Asked, NamedBlob, Redacted};
use belay_ledger::{Batch, Condition, Entry, Filter, FoundBlob, kind, tree};
use serde_json::json;

use super::Runtime;
use crate::api::{ApprovedRedaction, Error, RedactRequest, RedactedBlob, Redaction, Requester, SignWith};
use crate::clock;
use crate::ledger;
use crate::record::Cause;
use crate::signing::{self, Signed};
use crate::standing;
use crate::taking;

const NOTHING: &str = "nothing was recorded or taken away";

impl Runtime {
    /// What is signed to ask for a redaction.
    pub fn redaction_text(&self, request: &RedactRequest) -> Result<String, Error> {
        let (entry, blobs) = self.to_redact(request)?;
        let asked = asked(request, blobs, String::new());
        Ok(taking::asking_text(&asked, &self.leaf(entry.seq)?, &request.reason))
    }

    /// Records that an admin or auditor asks for blobs to be taken away. Takes nothing away.
    pub async fn ask_redaction(&self, request: RedactRequest, how: SignWith) -> Result<Redaction, Error> {
        let staff = signing::staff(&self.host)?;
        let (entry, blobs) = self.to_redact(&request)?;
        let text = self.redaction_text(&request)?;
        let signed = self.sign(text, Namespace::RedactionRequest, how, None)?;
        taking::must_be_admin_or_auditor(&staff, &signed.by.person, "ask for a redaction")?;
        let asked = asked(&request, blobs, signed.by.person.to_string());
        let cause = about(&entry, &signed.requester(), &request.reason);
        let draft = taking::draft(&cause, kind::REDACTION_ASKED, &signed, &self.rules()?, json!(asked))?;
        let appended = self.commit(draft.into()).await?;
        self.redaction(appended)
    }

    /// What is signed to approve a redaction that was asked for by this entry.
    pub fn redaction_approval_text(&self, seq: u64) -> Result<String, Error> {
        let (entry, asked) = self.asked(seq)?;
        let reason = entry.reason.unwrap_or_default();
        Ok(taking::approving_text(seq, &asked, &self.leaf(asked.entry)?, &reason))
    }

    /// Takes away what was asked for: an admin, who is not the one who asked, signs. Once this returns, the bytes and the
    /// key that encrypted them are destroyed.
    pub async fn approve_redaction(&self, seq: u64, how: SignWith) -> Result<Redaction, Error> {
        let staff = signing::staff(&self.host)?;
        let (entry, asked) = self.asked(seq)?;
        if let Some(done) = self.redaction(seq)?.approved {
            let what = format!("{} approved it already, by entry {}", done.by, done.entry);
            return Err(Error::usage(what).changed(NOTHING).next(format!("belay audit show {}", done.entry)));
        }
        self.still_asked(&entry, &asked)?;
        let target = self.sealed_entry(asked.entry)?;
        let signed = self.sign(self.redaction_approval_text(seq)?, Namespace::Redaction, how, None)?;
        taking::must_be_another_admin(&staff, &signed.by.person, &asked.person)?;
        let batch = self.approval_of(seq, &asked, &target, &signed, entry.reason.as_deref().unwrap_or_default())?;
        self.commit(batch).await?;
        self.destroy()?;
        self.redaction(seq)
    }

    fn approval_of(
        &self,
        seq: u64,
        asked: &Asked,
        target: &Entry,
        signed: &Signed,
        reason: &str,
    ) -> Result<Batch, Error> {
        let place = |blob: &NamedBlob| target.blobs.iter().position(|named| *named == blob.commitment);
        let blobs: Option<Vec<usize>> = asked.blobs.iter().map(place).collect();
        let blobs = blobs.ok_or_else(|| {
            Error::failed(format!("entry {} does not name what entry {seq} asked for", target.seq))
                .changed(NOTHING)
                .next("belay audit verify")
        })?;
        let body = json!(Redacted {
            asked: seq,
            entry: asked.entry,
            blobs: asked.blobs.clone(),
            authority: asked.authority.clone(),
            asked_by: asked.person.clone(),
            person: signed.by.person.to_string(),
        });
        let cause = about(target, &signed.requester(), reason);
        let draft = taking::draft(&cause, kind::REDACTION, signed, &self.rules()?, body)?;
        // Two who approve at once must not both take it away.
        let last = self.of_kind(kind::REDACTION)?.last().map(|entry| entry.seq);
        let newest = Condition::Newest { kind: kind::REDACTION.to_owned(), expect: last };
        Ok(Batch { drafts: vec![draft], conditions: vec![newest, Condition::Redact { seq: target.seq, blobs }] })
    }

    /// Every redaction that was asked for, the newest first.
    pub fn redactions(&self) -> Result<Vec<Redaction>, Error> {
        let asked = self.of_kind(kind::REDACTION_ASKED)?;
        asked.iter().rev().map(|entry| self.redaction(entry.seq)).collect()
    }

    /// One redaction, by the entry that asked for it.
    pub fn redaction(&self, seq: u64) -> Result<Redaction, Error> {
        let (entry, asked) = self.asked(seq)?;
        let done = self.of_kind(kind::REDACTION)?;
        let done = done.iter().find(|done| {
            Redacted::of(done).is_ok_and(|redacted| redacted.asked == seq && redacted.answers(&asked).is_ok())
        });
        let exports =
            Filter { kinds: vec!["evidence.exported".to_owned()], after: Some(asked.entry), ..Filter::default() };
        let exports = self.host.ledger.entries(&exports).map_err(|error| ledger::error(&error))?;
        let held_by = self.host.ledger.held_by(asked.entry).map_err(|error| ledger::error(&error))?;
        Ok(Redaction {
            asked: seq,
            at: entry.at,
            entry: asked.entry,
            run: entry.run.clone(),
            blobs: asked.blobs.into_iter().map(shown).collect(),
            authority: asked.authority,
            reason: entry.reason.clone().unwrap_or_default(),
            asked_by: asked.person,
            approved: done.map(|done| ApprovedRedaction { entry: done.seq, by: done.actor.name.clone(), at: done.at }),
            held_by: held_by.filter(|_| done.is_none()),
            exports: exports.iter().map(|entry| entry.seq).collect(),
        })
    }

    /// The entry, and the blobs of it that are meant and can be taken away.
    fn to_redact(&self, request: &RedactRequest) -> Result<(Entry, Vec<NamedBlob>), Error> {
        let entry = self.sealed_entry(request.entry)?;
        let mut there = Vec::new();
        for commitment in &entry.blobs {
            let found = self.host.ledger.blob(&entry, commitment).map_err(|error| ledger::error(&error))?;
            if let FoundBlob::Present(blob) = found {
                there.push(NamedBlob { commitment: *commitment, name: blob.name });
            }
        }
        let names = |blobs: &[NamedBlob]| blobs.iter().map(|blob| blob.name.clone()).collect::<Vec<_>>().join(", ");
        if let Some(unknown) = request.blobs.iter().find(|name| there.iter().all(|blob| blob.name != **name)) {
            return Err(Error::usage(format!("entry {} has no blob `{unknown}`", entry.seq))
                .changed(NOTHING)
                .next(format!("it has: {}", if there.is_empty() { "none".to_owned() } else { names(&there) })));
        }
        there.retain(|blob| request.blobs.is_empty() || request.blobs.contains(&blob.name));
        if there.is_empty() {
            let what = format!("entry {} has no blob that could be taken away", entry.seq);
            return Err(Error::usage(what).changed(NOTHING).next(format!("belay audit show {}", entry.seq)));
        }
        Ok((entry, there))
    }

    /// An entry whose run, if it has one, is sealed, and that is not on hold. A run under way is told from its blobs.
    fn sealed_entry(&self, seq: u64) -> Result<Entry, Error> {
        let entry = self.host.ledger.entry(seq).map_err(|error| ledger::error(&error))?;
        let entry = entry
            .ok_or_else(|| Error::usage(format!("there is no entry {seq}")).changed(NOTHING).next("belay audit log"))?;
        if let Some(run) = &entry.run
            && !self.is_sealed(run)?
        {
            let what = format!("{run} is not sealed yet: it is told from what its entries name");
            return Err(Error::refused(what).changed(NOTHING).next(format!("belay status {run}")));
        }
        match self.host.ledger.held_by(seq).map_err(|error| ledger::error(&error))? {
            Some(hold) => Err(Error::refused(format!("entry {seq} is on hold, by entry {hold}"))
                .changed(NOTHING)
                .next("belay audit hold list")),
            None => Ok(entry),
        }
    }

    fn is_sealed(&self, run: &RunId) -> Result<bool, Error> {
        let of = |kind: &str| {
            let filter =
                Filter { run: Some(run.clone()), kinds: vec![kind.to_owned()], limit: Some(1), ..Filter::default() };
            self.host.ledger.entries(&filter).map(|found| !found.is_empty()).map_err(|error| ledger::error(&error))
        };
        Ok(!of("run.opened")? || of("run.sealed")?)
    }

    fn asked(&self, seq: u64) -> Result<(Entry, Asked), Error> {
        let entry = self.host.ledger.entry(seq).map_err(|error| ledger::error(&error))?;
        let asked = entry.and_then(|entry| Asked::of(&entry).ok().map(|asked| (entry, asked)));
        asked.ok_or_else(|| {
            let what = format!("entry {seq} asks for no redaction");
            Error::usage(what).changed(NOTHING).next("belay audit redact list")
        })
    }

    /// Whether the asker's own signature still counts: a request by a key that was revoked since is nobody's.
    fn still_asked(&self, entry: &Entry, asked: &Asked) -> Result<(), Error> {
        let staff = signing::staff(&self.host)?;
        let reason = entry.reason.clone().unwrap_or_default();
        let text = taking::asking_text(asked, &self.leaf(asked.entry)?, &reason);
        let mut signature = String::new();
        for digest in &entry.objects {
            let bytes = self.host.ledger.object(digest).map_err(|error| ledger::error(&error))?;
            let object = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
            if entry.body.value().get("signature").is_some_and(|named| *named == digest.to_string()) {
                signature = object;
            }
        }
        let namespace = Namespace::RedactionRequest;
        match verify(text.as_bytes(), namespace, &signature, &staff.signers, &staff.revoked, clock::now()) {
            Ok(signer) if signer.person.as_str() == asked.person => Ok(()),
            other => {
                let why = other.map_or_else(|why| why.to_string(), |signer| format!("{} signed it", signer.person));
                let what = format!("the request by {} doesn't count: {why}", asked.person);
                Err(Error::refused(what).changed(NOTHING).next("have it asked for again: belay audit redact ask …"))
            }
        }
    }

    fn leaf(&self, seq: u64) -> Result<belay_domain::digest::Digest, Error> {
        let bytes = self.host.ledger.entry_bytes(seq).map_err(|error| ledger::error(&error))?;
        let bytes = bytes.ok_or_else(|| Error::usage(format!("there is no entry {seq}")).next("belay audit log"))?;
        Ok(tree::leaf(&bytes))
    }

    pub(super) fn of_kind(&self, kind: &str) -> Result<Vec<Entry>, Error> {
        let filter = Filter { kinds: vec![kind.to_owned()], ..Filter::default() };
        self.host.ledger.entries(&filter).map_err(|error| ledger::error(&error))
    }

    /// Appends, and gives the first entry's number.
    pub(super) async fn commit(&self, batch: Batch) -> Result<u64, Error> {
        let appended = ledger::append(&self.host.ledger, batch).await.map_err(|error| ledger::error(&error))?;
        Ok(appended.seqs.start)
    }

    /// The rules by which people sign: those accepted, or those of the files before the first acceptance.
    pub(super) fn rules(&self) -> Result<Json, Error> {
        match standing::accepted(&self.host)? {
            Some(accepted) => Ok(accepted.document),
            None => standing::of_files(&self.host),
        }
    }

    /// Destroys what entries took away.
    pub(super) fn destroy(&self) -> Result<(), Error> {
        self.host.ledger.finish_redactions().map(|_| ()).map_err(|error| {
            Error::failed(format!("what was taken away is not destroyed yet: {error}"))
                .changed("the entry is durable, and nobody is given the bytes any more")
                .next("any belay command tries again; belay audit verify says what is still there")
        })
    }
}

fn asked(request: &RedactRequest, blobs: Vec<NamedBlob>, person: String) -> Asked {
    Asked { entry: request.entry, blobs, authority: request.authority.clone(), person }
}

fn shown(blob: NamedBlob) -> RedactedBlob {
    RedactedBlob { commitment: blob.commitment, name: blob.name }
}

/// Somebody's doing about an entry: it stands where the entry stands.
fn about(entry: &Entry, by: &Requester, reason: &str) -> Cause {
    let mut cause = Cause::of(by);
    cause.environment.clone_from(&entry.environment);
    cause.run.clone_from(&entry.run);
    cause.incident.clone_from(&entry.incident);
    cause.reason = Some(reason.to_owned());
    cause
}
