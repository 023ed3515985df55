//! Proposing a change: its author signs it, and so can't accept it.

use belay_domain::governance::{self, Proposal};
use belay_domain::people::{PersonName, Role};
use belay_identity::{Namespace, verify};
use belay_ledger::{Batch, Condition, Object};

use super::{PROPOSED, change, held, names};
use crate::api::{Error, ProposedChange, Requester};
use crate::clock;
use crate::ledger;
use crate::record::Cause;
use crate::runtime::Runtime;
use crate::standing::{self, ACCEPTED};
use crate::workspace::Staff;

impl Runtime {
    /// What somebody would sign to propose the files as the governance.
    ///
    /// # Errors
    /// Refused where nothing differs, or where that person may not propose.
    pub fn proposal(&self, author: &PersonName) -> Result<Proposal, Error> {
        let staff = self.staff_or_refuse()?;
        may_propose(&staff, author)?;
        let files = standing::of_files(&self.host)?;
        let accepted = standing::accepted(&self.host)?;
        let before = accepted.as_ref().map_or_else(super::empty, |accepted| Ok(accepted.document.clone()))?;
        let changes = governance::changes(&before, &files);
        if changes.is_empty() {
            return Err(Error::usage("there is nothing to propose: the files are the governance in force")
                .next("belay governance show"));
        }
        Ok(Proposal {
            origin: self.host.workspace.origin.clone(),
            in_force: accepted.map(|accepted| accepted.in_force),
            proposed: files.digest(),
            author: author.clone(),
            accept: staff.accept,
            changes,
        })
    }

    /// Records a proposal that its author signed.
    pub async fn propose(
        &self,
        author: &PersonName,
        signature: &str,
        reason: Option<String>,
    ) -> Result<ProposedChange, Error> {
        let proposal = self.proposal(author)?;
        let staff = self.staff_or_refuse()?;
        let text = proposal.to_string();
        let signer =
            verify(text.as_bytes(), Namespace::Proposal, signature, &staff.signers, &staff.revoked, clock::now());
        let signer = signer.map_err(|why| {
            Error::refused(format!("the signature doesn't count: {why}"))
                .changed("nothing was proposed")
                .next(format!("belay governance propose --as {author} --show prints what is to be signed"))
        })?;
        if signer.person != *author {
            return Err(Error::refused(format!("{} signed what {author} would propose", signer.person))
                .changed("nothing was proposed")
                .next(format!("belay governance propose --as {} …", signer.person)));
        }
        let files = standing::of_files(&self.host)?;
        let document = Object::new(files.canonical());
        let signed = Object::new(text);
        let body = serde_json::json!({
            "governance": document.digest(), "in_force": proposal.in_force, "author": author, "accept": proposal.accept,
            "text": signed.digest(), "key": signer.fingerprint, "signature": signature.trim(),
        });
        let by = Requester { name: author.to_string(), authenticated_by: format!("SSH key {}", signer.fingerprint) };
        let mut cause = Cause::of(&by);
        cause.reason = reason;
        let mut draft = cause.draft(PROPOSED, body)?;
        draft.objects.extend([document, signed]);
        let expect = proposal.in_force.map(|in_force| in_force.entry);
        let conditions = vec![Condition::Newest { kind: ACCEPTED.to_owned(), expect }];
        let appended = ledger::append(&self.host.ledger, Batch { drafts: vec![draft], conditions }).await;
        appended.map_err(|error| {
            if let belay_ledger::Error::Moved { .. } = error {
                return Error::refused("another change was accepted meanwhile")
                    .changed("nothing was proposed")
                    .next("belay governance diff");
            }
            ledger::error(&error)
        })?;
        let need = held(&proposal, &[], &staff)?.needs.into_iter().next();
        Ok(change(&proposal, &files, need))
    }
}

/// Authors of any team may, and admins.
fn may_propose(staff: &Staff, author: &PersonName) -> Result<(), Error> {
    let proposing = |role: Role| matches!(role, Role::Author | Role::Admin);
    let everybody = staff.people.everybody();
    if everybody.iter().any(|(person, role, _)| *person == author && proposing(*role)) {
        return Ok(());
    }
    let mut who: Vec<_> =
        everybody.into_iter().filter(|(_, role, _)| proposing(*role)).map(|(who, ..)| who.clone()).collect();
    who.sort();
    who.dedup();
    Err(Error::refused(format!("{author} may not propose a change: they are neither an author nor an admin"))
        .changed("nothing was proposed")
        .next(format!("may propose: {}", names(who))))
}
