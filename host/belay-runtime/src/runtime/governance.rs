//! Changes of the governance: shown, proposed by one, accepted by others.

mod accept;
mod propose;

use belay_domain::governance::{self, Proposal};
use belay_domain::json::Json;
use belay_domain::people::{Approval, Asked, Held, PersonName, Touched, hold};
use belay_domain::verdict::Quorum;
use belay_identity::{Namespace, verify};
use belay_ledger::{Entry, Filter};
use serde_json::Value;

use super::Runtime;
use crate::api::{AcceptedGovernance, Error, GovernanceAnswer, ProposedChange};
use crate::clock;
use crate::ledger;
use crate::resolve;
use crate::standing::{self, Accepted};
use crate::workspace::Staff;

const PROPOSED: &str = "governance.proposed";
const SIGNED: &str = "governance.signed";

/// A proposal as the ledger has it.
struct Found {
    proposal: Proposal,
    document: Json,
    entry: Entry,
}

impl Runtime {
    /// How the files stand to the governance in force, and what waits to be accepted.
    pub fn governance(&self) -> Result<GovernanceAnswer, Error> {
        let files = standing::of_files(&self.host)?;
        let accepted = standing::accepted(&self.host)?;
        let staff = standing::staff(&self.host)?;
        let before = accepted.as_ref().map_or_else(empty, |accepted| Ok(accepted.document.clone()))?;
        let proposed = self.found(accepted.as_ref())?;
        let proposed = proposed.map(|found| self.proposed(&found, staff.as_ref(), &files)).transpose()?;
        Ok(GovernanceAnswer {
            files: files.digest(),
            changes: governance::changes(&before, &files),
            refused: standing::in_force(&self.host).is_err(),
            accept: staff.as_ref().map(|staff| staff.accept),
            admins: staff.map(|staff| staff.people.admins.into_iter().collect()).unwrap_or_default(),
            accepted: accepted.map(|accepted| told(&accepted)),
            proposed,
        })
    }

    /// The people in force: those of the accepted governance, or of the files before the first acceptance.
    pub fn staff(&self) -> Result<Option<Staff>, Error> {
        standing::staff(&self.host)
    }

    /// Whom the requester's account stands for.
    pub fn requester_person(&self) -> Option<PersonName> {
        let staff = self.host.workspace.staff.as_ref()?;
        standing::person(staff, &self.host.requester)
    }

    fn staff_or_refuse(&self) -> Result<Staff, Error> {
        standing::staff(&self.host)?.ok_or_else(|| {
            Error::usage("no people are configured: belay.toml has no [people], so nobody could sign")
                .next("docs/governance.md says how people and their keys are listed")
        })
    }

    /// The newest proposal to change what is in force; those for what was in force before have gone by.
    fn found(&self, accepted: Option<&Accepted>) -> Result<Option<Found>, Error> {
        let filter =
            Filter { kinds: vec![PROPOSED.to_owned()], newest_first: true, limit: Some(1), ..Filter::default() };
        let entries = self.host.ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
        let Some(entry) = entries.into_iter().next() else { return Ok(None) };
        let found = self.read(accepted, entry)?;
        Ok(Some(found).filter(|found| found.proposal.in_force == accepted.map(|accepted| accepted.in_force)))
    }

    fn read(&self, accepted: Option<&Accepted>, entry: Entry) -> Result<Found, Error> {
        let seq = entry.seq;
        let cant =
            |why: String| Error::failed(format!("the proposal of entry {seq}: {why}")).next("belay audit verify");
        let body = entry.body.value();
        let field = |name: &str| Json::new(body.get(name).cloned().unwrap_or(Value::Null));
        let digest = field("governance").and_then(|digest| digest.to()).map_err(|error| cant(error.to_string()))?;
        let bytes = self.host.ledger.object(&digest).map_err(|error| ledger::error(&error))?;
        let document = Json::parse_bytes(&bytes.unwrap_or_default()).map_err(|error| cant(error.to_string()))?;
        let before = accepted.map_or_else(empty, |accepted| Ok(accepted.document.clone()))?;
        let proposal = Proposal {
            origin: self.host.workspace.origin.clone(),
            in_force: field("in_force").and_then(|in_force| in_force.to()).map_err(|error| cant(error.to_string()))?,
            proposed: digest,
            author: field("author").and_then(|author| author.to()).map_err(|error| cant(error.to_string()))?,
            accept: field("accept").and_then(|accept| accept.to()).map_err(|error| cant(error.to_string()))?,
            changes: governance::changes(&before, &document),
        };
        Ok(Found { proposal, document, entry })
    }

    /// A proposal with those who accepted it, whose signatures are verified again.
    fn proposed(&self, found: &Found, staff: Option<&Staff>, files: &Json) -> Result<ProposedChange, Error> {
        let approvals = match staff {
            Some(staff) => self.approvals(&found.proposal, staff)?,
            None => Vec::new(),
        };
        let need = match staff {
            Some(staff) => held(&found.proposal, &approvals, staff)?.needs.into_iter().next(),
            None => None,
        };
        Ok(change(&found.proposal, files, need))
    }

    /// Whoever accepted this proposal with a signature that counts now.
    fn approvals(&self, proposal: &Proposal, staff: &Staff) -> Result<Vec<Approval>, Error> {
        let text = proposal.to_string();
        let digest = proposal.digest().to_string();
        let filter = Filter { kinds: vec![SIGNED.to_owned()], ..Filter::default() };
        let entries = self.host.ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
        let of_this = entries.iter().filter(|entry| entry.body.value().get("text").is_some_and(|text| *text == digest));
        let signatures = of_this.filter_map(|entry| entry.body.value().get("signature")?.as_str());
        let now = clock::now();
        let counting = signatures.filter_map(|signature| {
            verify(text.as_bytes(), Namespace::Governance, signature, &staff.signers, &staff.revoked, now).ok()
        });
        Ok(counting.map(|signer| Approval { person: signer.person, key: signer.fingerprint }).collect())
    }
}

/// Holds those who accepted a proposal against those who must.
fn held(proposal: &Proposal, approvals: &[Approval], staff: &Staff) -> Result<Held, Error> {
    let because = "a change of the governance".to_owned();
    let quorum = Quorum { approvals: staff.accept, role: "admin".to_owned(), because };
    // Admins are of the whole workspace: what a change touches does not narrow who they are.
    let nothing = "governance".parse().map_err(|_| Error::failed("a feature set's name"))?;
    let nowhere = "governance".parse().map_err(|_| Error::failed("an environment's name"))?;
    let touched = Touched {
        feature_set: nothing,
        owner: String::new(),
        environment: nowhere,
        resources: [].into(),
        connections: [].into(),
    };
    let asked = Asked { requester: proposal.author.clone(), touched };
    Ok(hold(&[quorum], approvals, &asked, &staff.people))
}

fn change(proposal: &Proposal, files: &Json, need: Option<belay_domain::people::Need>) -> ProposedChange {
    let need = need.unwrap_or_else(|| belay_domain::people::Need {
        role: "admin".to_owned(),
        approvals: proposal.accept,
        because: Vec::new(),
        given: Vec::new(),
        could: Vec::new(),
        problem: Some("no people are configured".to_owned()),
    });
    ProposedChange {
        text: proposal.to_string(),
        short: short(proposal),
        is_of_files: files.digest() == proposal.proposed,
        proposal: proposal.clone(),
        need,
    }
}

/// What whoever accepts has to type: it can only be had from what they are shown.
fn short(proposal: &Proposal) -> String {
    proposal.digest().to_string().chars().take(8).collect()
}

fn empty() -> Result<Json, Error> {
    Json::parse("{}").map_err(|error| Error::failed(error.to_string()))
}

fn told(accepted: &Accepted) -> AcceptedGovernance {
    let body = accepted.entry.body.value();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let by = body.get("signatures").and_then(Value::as_array).cloned().unwrap_or_default();
    AcceptedGovernance {
        digest: accepted.in_force.digest,
        entry: accepted.in_force.entry,
        at: accepted.at,
        author: text(body.get("author")),
        by: by.iter().map(|signature| text(signature.get("person"))).collect(),
    }
}

fn names(people: impl IntoIterator<Item = PersonName>) -> String {
    resolve::list(people)
}
