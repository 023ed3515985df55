//! Accepting a change: admins of the governance in force sign it, and the last one who is needed puts it in force.

use belay_domain::people::{Approval, Held};
use belay_identity::{Namespace, Signer, verify};
use belay_ledger::{Batch, Condition, Draft, Filter, Object};

use super::{Found, SIGNED, change, held, names};
use crate::api::{AcceptAnswer, Error, Requester};
use crate::clock;
use crate::ledger;
use crate::record::Cause;
use crate::runtime::Runtime;
use crate::standing::{self, ACCEPTED, Accepted};
use crate::workspace::Staff;

/// How often somebody else may sign in between before this gives up.
const TRIES: u32 = 5;

impl Runtime {
    /// Takes an admin's signature on the proposed change whose text has this short digest. With the last one that is
    /// needed, the change is in force.
    ///
    /// # Errors
    /// Refused where the change is not the one that was shown any more, or the signature doesn't count.
    pub async fn accept_governance(&self, shown: &str, signature: &str) -> Result<AcceptAnswer, Error> {
        for _ in 0..TRIES {
            match self.try_accept(shown, signature).await? {
                Some(answer) => return Ok(answer),
                // Somebody else signed or accepted at this moment: what is there now is looked at anew.
                None => continue,
            }
        }
        Err(Error::failed("others keep signing at the same time").changed("nothing was accepted").next("try again"))
    }

    async fn try_accept(&self, shown: &str, signature: &str) -> Result<Option<AcceptAnswer>, Error> {
        let staff = self.staff_or_refuse()?;
        let accepted = standing::accepted(&self.host)?;
        let last_signed = self.last_signed()?;
        let found = self.current(accepted.as_ref(), shown)?;
        let signer = signed_by_admin(&found, &staff, signature)?;
        let mut approvals = self.approvals(&found.proposal, &staff)?;
        if approvals.iter().any(|approval| approval.person == signer.person) {
            return Err(Error::usage(format!("{} has accepted this change already", signer.person))
                .changed("nothing was changed")
                .next("belay governance show says who is missing"));
        }
        approvals.push(Approval { person: signer.person.clone(), key: signer.fingerprint.clone() });
        let held = held(&found.proposal, &approvals, &staff)?;
        let drafts = drafts(&found, &signer, signature, &approvals, &held)?;
        let conditions = vec![
            Condition::Newest { kind: ACCEPTED.to_owned(), expect: accepted.map(|accepted| accepted.in_force.entry) },
            Condition::Newest { kind: SIGNED.to_owned(), expect: last_signed },
        ];
        match ledger::append(&self.host.ledger, Batch { drafts, conditions }).await {
            Ok(_) => {}
            Err(belay_ledger::Error::Moved { .. }) => return Ok(None),
            Err(error) => return Err(ledger::error(&error)),
        }
        let in_force = held.is_met();
        let change = change(&found.proposal, &found.document, held.needs.into_iter().next());
        Ok(Some(AcceptAnswer { by: signer.person, in_force, change }))
    }

    /// The proposal that is to be accepted, if it is the one that was shown and the files still say it.
    fn current(&self, accepted: Option<&Accepted>, shown: &str) -> Result<Found, Error> {
        let nothing = "nothing was accepted";
        let found = self.found(accepted)?.ok_or_else(|| {
            Error::refused("no change of what is in force is proposed; what was proposed before has gone by")
                .changed(nothing)
                .next("belay governance diff, then belay governance propose")
        })?;
        let short = super::short(&found.proposal);
        if short != shown.to_ascii_lowercase() {
            return Err(Error::refused(format!("the change that is proposed now is {short}, not {shown}"))
                .changed(nothing)
                .next("belay governance accept --show prints it"));
        }
        if standing::of_files(&self.host)?.digest() != found.proposal.proposed {
            return Err(Error::refused(format!("the files changed since {} proposed this", found.proposal.author))
                .changed(nothing)
                .next("belay governance diff, then belay governance propose"));
        }
        self.still_proposed(&found)?;
        Ok(found)
    }

    /// Whether the author's own signature still counts: a proposal by a key that was revoked is nobody's.
    fn still_proposed(&self, found: &Found) -> Result<(), Error> {
        let staff = self.staff_or_refuse()?;
        let signature = found.entry.body.value().get("signature").and_then(|text| text.as_str()).unwrap_or_default();
        let text = found.proposal.to_string();
        let author =
            verify(text.as_bytes(), Namespace::Proposal, signature, &staff.signers, &staff.revoked, clock::now());
        match author {
            Ok(author) if author.person == found.proposal.author => Ok(()),
            other => {
                let why = other.map_or_else(|why| why.to_string(), |signer| format!("{} signed it", signer.person));
                Err(Error::refused(format!("the proposal by {} doesn't count: {why}", found.proposal.author))
                    .changed("nothing was accepted")
                    .next("belay governance propose"))
            }
        }
    }

    fn last_signed(&self) -> Result<Option<u64>, Error> {
        let filter = Filter { kinds: vec![SIGNED.to_owned()], newest_first: true, limit: Some(1), ..Filter::default() };
        let entries = self.host.ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
        Ok(entries.first().map(|entry| entry.seq))
    }
}

/// The admin who signed, who is not the author.
fn signed_by_admin(found: &Found, staff: &Staff, signature: &str) -> Result<Signer, Error> {
    let text = found.proposal.to_string();
    let refused = |what: String| Error::refused(what).changed("nothing was accepted");
    let signer =
        verify(text.as_bytes(), Namespace::Governance, signature, &staff.signers, &staff.revoked, clock::now())
            .map_err(|why| {
                refused(format!("the signature doesn't count: {why}"))
                    .next("belay governance accept --show prints what is to be signed")
            })?;
    let others: Vec<_> = staff.people.admins.iter().filter(|admin| **admin != found.proposal.author).cloned().collect();
    if signer.person == found.proposal.author {
        return Err(refused(format!("{} proposed this change, and so can't accept it", signer.person))
            .next(format!("may accept: {}", names(others))));
    }
    if !staff.people.admins.contains(&signer.person) {
        return Err(refused(format!("{} is no admin by the governance in force", signer.person))
            .next(format!("may accept: {}", names(others))));
    }
    Ok(signer)
}

/// The signature; and, where it is the last that was needed, that the change is in force, in the same commit.
fn drafts(
    found: &Found,
    signer: &Signer,
    signature: &str,
    approvals: &[Approval],
    held: &Held,
) -> Result<Vec<Draft>, Error> {
    let by = Requester { name: signer.person.to_string(), authenticated_by: format!("SSH key {}", signer.fingerprint) };
    let cause = Cause::of(&by);
    let text = found.proposal.digest();
    let body = serde_json::json!({
        "text": text, "proposal": found.entry.seq, "person": signer.person, "key": signer.fingerprint,
        "signature": signature.trim(),
    });
    let mut drafts = vec![cause.draft(SIGNED, body)?];
    if held.is_met() {
        let given = held.given();
        let signatures: Vec<_> = approvals.iter().filter(|approval| given.contains(&approval.person)).collect();
        let document = Object::new(found.document.canonical());
        let body = serde_json::json!({
            "governance": document.digest(), "before": found.proposal.in_force, "text": text,
            "proposal": found.entry.seq, "author": found.proposal.author, "signatures": signatures,
        });
        let mut accepted = cause.draft(ACCEPTED, body)?;
        accepted.objects.push(document);
        drafts.push(accepted);
    }
    Ok(drafts)
}
