//! Approvals, rejections, reviews: what people say of a run that is not theirs. Each is verified before it is recorded, and
//! again by whoever rests something on it.

use belay_domain::id::{Epoch, RunId};
use belay_domain::mandate::Mandate;
use belay_domain::people::{self, Approval, Asked, Held, PersonName, Role};
use belay_domain::verdict::Quorum;
use belay_engine::{Event, Run, Status, Wait};
use belay_ledger::Filter;
use serde_json::json;

use super::Runtime;
use super::opening::sealed;
use crate::api::{ApprovalAnswer, Earlier, Ending, Error, MandateAnswer, Review, RunSummary, SignWith};
use crate::clock;
use crate::consent::{self, Word};
use crate::journal::Told;
use crate::ledger;
use crate::package;
use crate::review;
use crate::signing::{self, Pen, Signed};
use crate::standing;

/// How many earlier mandates are looked through for one to compare with.
const EARLIER: u64 = 200;

impl Runtime {
    /// A run's mandate as people sign it, how it differs from an earlier one, and who must approve it.
    pub fn mandate(&self, run: &RunId) -> Result<MandateAnswer, Error> {
        let told = self.told_or_packaged(run)?;
        let mandate = &told.run.spec().mandate;
        let cant = |error: belay_domain::json::NotCanonical| Error::failed(error.to_string());
        Ok(MandateAnswer {
            run: run.clone(),
            text: mandate.text().map_err(cant)?,
            digest: mandate.digest().map_err(cant)?,
            short: mandate.short_digest().map_err(cant)?,
            namespace: self.word_of(mandate).namespace().to_string(),
            earlier: self.earlier(mandate)?,
            waits: self.waits_now(&told)?,
        })
    }

    /// Records somebody's approval, if it counts now.
    pub async fn approve(&self, run: &RunId, how: SignWith, break_glass: bool) -> Result<ApprovalAnswer, Error> {
        let told = self.told_or_packaged(run)?;
        self.can_still_be_approved(&told)?;
        let mandate = &told.run.spec().mandate;
        let word = self.word_of(mandate);
        if break_glass != (word == Word::BreakGlass) {
            return Err(other_word(run, break_glass));
        }
        let staff = signing::staff(&self.host)?;
        let text = mandate.text().map_err(|error| Error::failed(error.to_string()))?;
        let signed = self.signed(text, word, how, mandate)?;
        let before = self.held(&told, None)?;
        let person = &signed.by.person;
        if before.given().contains(person) {
            return Ok(approval(&told, person, true, &before, self.is_alive(&told)));
        }
        let after = self.held(&told, Some(&signed))?;
        if !after.given().contains(person) {
            return Err(counts_for_nothing(mandate, person, &before));
        }
        let more = if word == Word::BreakGlass {
            let owner = &mandate.team;
            review::may_break_glass(&self.host.ledger, &staff, person, owner)?;
            let skipped = staff.people.holders(Role::Approver, owner).into_iter();
            let skipped: Vec<_> =
                skipped.filter(|who| *who != person && who.as_str() != mandate.requester).cloned().collect();
            let overrides = self.waits_now(&told)?.map(|wait| wait.overrides).unwrap_or_default();
            let reason = mandate.break_glass.as_ref().map(|glass| glass.reason.clone());
            json!({ "requester": mandate.requester, "reason": reason, "skipped": skipped, "overrides": overrides })
        } else {
            json!({})
        };
        let draft = consent::draft(&self.cause_of(&told), word, mandate, &signed, more)?;
        self.append(vec![draft]).await?;
        Ok(approval(&told, person, false, &after, self.is_alive(&told)))
    }

    /// What somebody signs who says no.
    pub fn rejection_text(&self, run: &RunId, reason: &str) -> Result<String, Error> {
        consent::rejection_text(&self.told(run)?.run.spec().mandate, reason)
    }

    /// Records somebody's no. A run that waits ends as refused.
    pub async fn reject(&self, run: &RunId, reason: String, how: SignWith) -> Result<RunSummary, Error> {
        let told = self.told(run)?;
        if told.run.is_sealed() {
            return Err(sealed(&told.run));
        }
        let mandate = &told.run.spec().mandate;
        let text = consent::rejection_text(mandate, &reason)?;
        let signed = self.signed(text, Word::Rejection, how, mandate)?;
        let person = &signed.by.person;
        let held = self.held(&told, None)?;
        if !held.given().contains(person) && !held.could_give().contains(person) {
            return Err(counts_for_nothing(mandate, person, &held));
        }
        let by = person.to_string();
        let cause = self.cause_of(&told);
        let draft = consent::draft(&cause, Word::Rejection, mandate, &signed, json!({ "reason": reason }))?;
        self.append(vec![draft]).await?;
        if self.is_alive(&told) {
            self.wait_until(run, |told| !matches!(told.run.status(), Status::Waiting(_))).await?;
        } else if matches!(told.run.status(), Status::Waiting(_)) {
            self.note(&told, &cause, Event::TurnedDown { by, reason, at: clock::now() }).await?;
            self.end(run).await?;
        }
        self.status(run)
    }

    /// Every review, the newest first.
    pub fn reviews(&self) -> Result<Vec<Review>, Error> {
        review::all(&self.host.ledger)
    }

    /// The review of a run.
    pub fn review(&self, run: &RunId) -> Result<Review, Error> {
        review::of(&self.host.ledger, run)
    }

    /// What is signed to close a review.
    pub fn closing_text(&self, run: &RunId, reason: &str) -> Result<String, Error> {
        self.review(run).map(|_| review::closing_text(run, reason))
    }

    /// Closes a review.
    pub async fn close_review(&self, run: &RunId, reason: String, how: SignWith) -> Result<Review, Error> {
        let found = self.review(run)?;
        if let Some(closed) = &found.closed {
            return Err(Error::usage(format!("{} has closed the review of {run} already", closed.by))
                .next(format!("belay review show {run}")));
        }
        let staff = signing::staff(&self.host)?;
        let told = self.told(run)?;
        let mandate = &told.run.spec().mandate;
        let text = review::closing_text(run, &reason);
        let signed = self.sign(text, belay_identity::Namespace::Review, how, None)?;
        review::may_close(&staff, &signed.by.person, &found)?;
        let mut draft = consent::draft(&self.cause_of(&told), Word::Approval, mandate, &signed, json!({}))?;
        review::CLOSED.clone_into(&mut draft.kind);
        draft.reason = Some(reason);
        self.append(vec![draft]).await?;
        self.review(run)
    }

    /// Who has approved a waiting run and who could, by what was said until now; none where it doesn't wait.
    pub(super) fn waits_now(&self, told: &Told) -> Result<Option<Wait>, Error> {
        let Status::Waiting(wait) = told.run.status() else { return Ok(None) };
        let said = self.said(told)?;
        let signed = wait.signed || said.request.as_ref().is_some_and(|by| by.as_str() == wait.by);
        let needs = self.held(told, None)?.needs;
        Ok(Some(Wait { needs, signed, ..wait }))
    }

    fn said(&self, told: &Told) -> Result<belay_engine::Consent, Error> {
        let spec = told.run.spec();
        let touched = standing::touched(&self.ground_to_end(told)?, told.run.stages(), &spec.checks);
        let staff = standing::staff(&self.host)?;
        consent::of(&self.host.ledger, staff.as_ref(), &spec.mandate, touched, clock::now())
    }

    /// What a run needs, held against what was said and one approval more.
    fn held(&self, told: &Told, more: Option<&Signed>) -> Result<Held, Error> {
        let mandate = &told.run.spec().mandate;
        let said = self.said(told)?;
        let mut approvals = said.approvals;
        approvals.extend(
            more.map(|signed| Approval { person: signed.by.person.clone(), key: signed.by.fingerprint.clone() }),
        );
        let requester = said.request.or_else(|| mandate.requester.parse().ok());
        let (Some(requester), Some(touched)) = (requester, said.touched) else { return Ok(Held::default()) };
        Ok(people::hold(&quorums(told), &approvals, &Asked { requester, touched }, &said.people))
    }

    /// A run as its entries tell it; or one of which a package was made, as it would be opened.
    fn told_or_packaged(&self, run: &RunId) -> Result<Told, Error> {
        let missing = match self.told(run) {
            Ok(told) => return Ok(told),
            Err(missing) => missing,
        };
        let Some(spec) = package::unopened(&self.host, run)? else { return Err(missing) };
        let (by, at) = (spec.mandate.requester.clone(), spec.mandate.issued_at);
        let opened = Event::Opened { spec: Box::new(spec), by, epoch: Epoch::FIRST, at };
        let (run, _) = Run::open(opened).map_err(|error| Error::failed(error.to_string()))?;
        Ok(Told { run, intents: std::collections::BTreeMap::new(), last_seq: 0 })
    }

    /// Signs the request of a run that waits for that, with the key that was named or one in ssh-agent. `false`: it has
    /// a signature, waits for nothing, or there is no key.
    pub(super) async fn sign_request(&self, told: &Told) -> Result<bool, Error> {
        let waits = matches!(told.run.view().status, Status::Waiting(Wait { signed: false, .. }));
        let Some(staff) = standing::staff(&self.host)?.filter(|_| waits) else { return Ok(false) };
        let pen = match Pen::take(&staff, &self.keys) {
            Ok(pen) => pen,
            Err(error) if self.keys.file.is_some() => return Err(error),
            Err(_) => return Ok(false),
        };
        let mandate = &told.run.spec().mandate;
        if pen.person.as_str() != mandate.requester {
            let (run, by) = (&mandate.run, &mandate.requester);
            return Err(Error::refused(format!("{run} was asked for by {by}: {} can't sign for them", pen.person))
                .changed("nothing was changed")
                .next(format!("{by}: belay resume {run} --key FILE")));
        }
        let text = mandate.text().map_err(|error| Error::failed(error.to_string()))?;
        let signed = pen.sign(text, Word::Request.namespace(), &staff, clock::now())?;
        let cause = self.ground_of(told)?.cause;
        let draft = consent::draft(&cause, Word::Request, mandate, &signed, json!({}))?;
        ledger::append(&self.host.ledger, draft.into()).await.map_err(|error| ledger::error(&error))?;
        Ok(true)
    }

    fn signed(&self, text: String, word: Word, how: SignWith, mandate: &Mandate) -> Result<Signed, Error> {
        self.sign(text, word.namespace(), how, Some(mandate).filter(|_| word != Word::Rejection))
    }

    /// Signs, or checks what was signed elsewhere. Whoever lets belay sign a mandate says by its digest which one.
    pub(super) fn sign(
        &self,
        text: String,
        namespace: belay_identity::Namespace,
        how: SignWith,
        mandate: Option<&Mandate>,
    ) -> Result<Signed, Error> {
        let staff = signing::staff(&self.host)?;
        match how {
            SignWith::Signature(signature) => Signed::checked(text, signature, namespace, &staff, clock::now()),
            SignWith::Key { keys, digest } => {
                if let Some(mandate) = mandate {
                    let short = mandate.short_digest().map_err(|error| Error::failed(error.to_string()))?;
                    if !digest.eq_ignore_ascii_case(&short) {
                        let what = format!("`{digest}` is not the mandate of {}", mandate.run);
                        return Err(Error::refused(what)
                            .changed("nothing was signed or recorded")
                            .next(format!("belay approve {} --show", mandate.run)));
                    }
                }
                Pen::take(&staff, &keys)?.sign(text, namespace, &staff, clock::now())
            }
        }
    }

    fn can_still_be_approved(&self, told: &Told) -> Result<(), Error> {
        let mandate = &told.run.spec().mandate;
        if told.run.is_sealed() {
            return Err(sealed(&told.run));
        }
        if clock::now() > mandate.expires_at {
            return Err(Error::new(Ending::OutsideMandate, format!("the mandate of {} has expired", mandate.run))
                .changed("nothing was changed")
                .next(crate::words::whole_run(mandate)));
        }
        if quorums(told).is_empty() {
            let what = format!("{} needs nobody's approval", mandate.run);
            return Err(Error::usage(what).next(format!("belay status {}", mandate.run)));
        }
        Ok(())
    }

    const fn word_of(&self, mandate: &Mandate) -> Word {
        if mandate.break_glass.is_some() { Word::BreakGlass } else { Word::Approval }
    }

    /// The latest mandate before this one for the same, where people were asked to approve it.
    fn earlier(&self, mandate: &Mandate) -> Result<Option<Earlier>, Error> {
        let filter = Filter {
            kinds: vec!["mandate".to_owned()],
            environment: Some(mandate.environment.clone()),
            newest_first: true,
            limit: Some(EARLIER),
            ..Filter::default()
        };
        let entries = self.host.ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
        let after_own = entries.iter().skip_while(|entry| entry.run.as_ref() != Some(&mandate.run)).skip(1);
        for entry in after_own {
            let Some(digest) = entry.objects.first() else { continue };
            let object = self.host.ledger.object(digest).map_err(|error| ledger::error(&error))?;
            let Some(found) = object.and_then(|bytes| serde_json::from_slice::<Mandate>(&bytes).ok()) else { continue };
            let same = found.runbook.name == mandate.runbook.name
                && found.feature_set.name == mandate.feature_set.name
                && found.incident == mandate.incident;
            if same && !found.approvals.is_empty() {
                let difference = mandate.difference(&found).map_err(|error| Error::failed(error.to_string()))?;
                return Ok(Some(Earlier { run: found.run, difference }));
            }
        }
        Ok(None)
    }
}

/// Who must approve a run: what it waits for, or before it waits what its first plans asked.
fn quorums(told: &Told) -> Vec<Quorum> {
    match told.run.status() {
        Status::Waiting(wait) => {
            let quorum = |need: people::Need| Quorum {
                approvals: need.approvals,
                role: need.role,
                because: need.because.join("; "),
            };
            wait.needs.into_iter().map(quorum).collect()
        }
        Status::Working
        | Status::Checking
        | Status::Stopping
        | Status::Paused(_)
        | Status::Halted(_)
        | Status::Ended { .. } => {
            told.run.spec().mandate.approvals.iter().flat_map(|asks| asks.quorums.clone()).collect()
        }
    }
}

fn approval(told: &Told, person: &PersonName, already: bool, held: &Held, owned: bool) -> ApprovalAnswer {
    ApprovalAnswer {
        run: told.run.spec().id().clone(),
        person: person.to_string(),
        already,
        waits: matches!(told.run.status(), Status::Waiting(_)),
        needs: held.needs.clone(),
        owned,
    }
}

fn counts_for_nothing(mandate: &Mandate, person: &PersonName, held: &Held) -> Error {
    let asked: Vec<_> = held.needs.iter().map(|need| need.role.as_str()).collect();
    let what = if person.as_str() == mandate.requester {
        format!("{person} asked for {}: nobody approves their own request", mandate.run)
    } else {
        format!("{person} can't approve {}: it needs {}", mandate.run, asked.join(" and "))
    };
    let could: Vec<_> = held.could_give().into_iter().map(PersonName::as_str).collect();
    let could = could.join(" or ");
    let next = if could.is_empty() { format!("belay status {}", mandate.run) } else { format!("ask {could}") };
    Error::refused(what).changed("nothing was recorded").next(next)
}

fn other_word(run: &RunId, break_glass: bool) -> Error {
    if break_glass {
        Error::usage(format!("{run} does not ask to break the glass")).next(format!("belay approve {run}"))
    } else {
        let what = format!("{run} breaks the glass: whoever agrees to that says so, and a review is opened");
        Error::usage(what).next(format!("belay approve {run} --break-glass"))
    }
}
