//! Opening a run: the mandate, the claim, the first barrier. From here on the ledger holds the run.

use std::sync::Arc;

use belay_domain::digest::Digest;
use belay_domain::id::Epoch;
use belay_domain::json::Json;
use belay_domain::mandate::Purpose;
use belay_engine::{Event, Run, RunSpec};
use belay_ledger::{Batch, Condition, Draft, Object};

use super::Runtime;
use crate::api::{Ending, Error, Gate, PlanAnswer, PlannedFallback, Requester, RunAnswer, RunRequest};
use crate::clock;
use crate::consent::{self, Word};
use crate::driver::{Driver, Progress, Start};
use crate::identity;
use crate::journal;
use crate::ledger::{self, UNRECORDED};
use crate::owner::Owner;
use crate::package;
use crate::planner::Ground;
use crate::prepare::{Identity, Prepared};
use crate::review;
use crate::signing::{self, Pen, Signed};
use crate::standing;
use crate::words::whole_run;

impl Runtime {
    /// Plans and runs, runs a package, or undoes a run; comes back when the run is sealed, halted or waiting.
    ///
    /// # Errors
    /// Nothing was changed unless the error says so.
    pub async fn run(&self, request: RunRequest, progress: Progress) -> Result<RunAnswer, Error> {
        self.host.ledger.ready_for_a_run().map_err(|error| ledger::error(&error))?;
        match request {
            RunRequest::Plan(request) => {
                let prepared = self.unless_interrupted(Prepared::of(&self.host, &request)).await?;
                self.open_prepared(prepared, progress).await
            }
            RunRequest::Package(bytes) => {
                let (ground, spec) = self.unless_interrupted(package::read(&self.host, &bytes)).await?;
                self.begin(ground, spec, None, progress).await
            }
            RunRequest::Undo(request) => {
                self.has_ended(&request.run)?;
                let prepared = self.unless_interrupted(self.prepare_undo(&request, true)).await?;
                self.open_prepared(prepared, progress).await
            }
        }
    }

    /// What comes before a run is opened only reads: who interrupts it wants no run, and no locks that others wait for.
    async fn unless_interrupted<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match self.stop.run_until_cancelled(work).await {
            Some(done) => done,
            None => {
                let error = Error::failed("interrupted before a run was opened").changed("nothing was changed");
                Err(error.next("belay status"))
            }
        }
    }

    /// A run whose first stage with work is refused is not opened: the refusal is recorded instead.
    async fn open_prepared(&self, mut prepared: Prepared, progress: Progress) -> Result<RunAnswer, Error> {
        let answer = self.describe(&prepared)?;
        let first = answer.stages.iter().find(|stage| !matches!(stage.gate, Gate::NothingToDo | Gate::Skipped));
        if let Some(Gate::Refused { reasons }) = first.map(|stage| &stage.gate) {
            return Err(self.refuse(&prepared.ground, reasons).await);
        }
        let identity = self.identity()?;
        let (spec, signed) = self.signed_spec(&mut prepared, identity, &answer, Signing::MayFollow)?;
        self.begin(prepared.ground, spec, signed, progress).await
    }

    /// What the run is made from, and its request's signature where people must approve.
    pub(super) fn signed_spec(
        &self,
        prepared: &mut Prepared,
        identity: Identity,
        answer: &PlanAnswer,
        signing: Signing,
    ) -> Result<(RunSpec, Option<Signed>), Error> {
        prepared.ground.cause.run = Some(identity.run.clone());
        prepared.ground.key = identity::key(&identity.run, &identity.nonce);
        let pen = match self.asked_by(prepared, answer, signing)? {
            Asked::Freely => None,
            Asked::Unsigned(person) => {
                prepared.ground.cause.requester = Arc::new(person);
                None
            }
            Asked::Signed(pen) => {
                prepared.ground.cause.requester = Arc::new(pen.requester());
                Some(pen)
            }
        };
        let spec = prepared.spec(identity)?;
        let Some(pen) = pen else { return Ok((spec, None)) };
        let text = spec.mandate.text().map_err(|error| Error::failed(error.to_string()))?;
        let staff = signing::staff(&self.host)?;
        let signed = pen.sign(text, Word::Request.namespace(), &staff, clock::now())?;
        Ok((spec, Some(signed)))
    }

    /// Who asks, and whether with a signature: one must come where people must approve the first stage, before which
    /// nothing runs. Containment that needs nobody doesn't wait for a key.
    fn asked_by(&self, prepared: &Prepared, answer: &PlanAnswer, signing: Signing) -> Result<Asked, Error> {
        let glass = prepared.break_glass.is_some();
        let Some(staff) = &standing::staff(&self.host)? else {
            return if glass { signing::staff(&self.host).map(|_| Asked::Freely) } else { Ok(Asked::Freely) };
        };
        let must = glass || asks_people(answer);
        // What undoes a failed run may need approval, which nobody can know before.
        let may = self.keys.file.is_some() || answer.on_failure == PlannedFallback::Undo;
        let pen = match Pen::take(staff, &self.keys) {
            Ok(pen) => pen,
            Err(error) if self.keys.file.is_some() => return Err(error),
            Err(_) if !must => return Ok(Asked::Freely),
            Err(error) => {
                let may_follow = signing == Signing::MayFollow && !glass && begins_freely(answer);
                return standing::by_account(staff, &prepared.ground.cause.requester)
                    .filter(|_| may_follow)
                    .map(Asked::Unsigned)
                    .ok_or_else(|| unsigned(error, answer));
            }
        };
        if !must && !may {
            return Ok(Asked::Freely);
        }
        let touched = standing::touched(&prepared.ground, &prepared.stages, &prepared.checks);
        if glass {
            review::may_break_glass(&self.host.ledger, staff, &pen.person, &touched.owner)?;
        } else {
            standing::person_may_ask(staff, &pen.person, &touched)?;
        }
        Ok(Asked::Signed(pen))
    }

    async fn refuse(&self, ground: &Ground, reasons: &[String]) -> Error {
        let body = serde_json::json!({
            "runbook": ground.runbook, "feature_set": ground.feature_set.name(), "reasons": reasons,
        });
        let shows = match &ground.purpose {
            Purpose::Rollback => format!("belay plan {} {} …", ground.runbook.name, ground.feature_set.name()),
            Purpose::Undo { run } => format!("belay undo {run} --plan"),
        };
        let refused = Error::refused(reasons.join("\n"))
            .changed("nothing was changed")
            .next(format!("{shows} shows each reason"));
        let recorded = match ground.cause.draft("request.refused", body) {
            Ok(draft) => ledger::append(&self.host.ledger, draft.into()).await.map_err(|error| ledger::error(&error)),
            Err(error) => Err(error),
        };
        recorded.err().unwrap_or(refused)
    }

    /// The first barrier: mandate, claim and opening are durable together.
    pub(super) async fn begin(
        &self,
        ground: Ground,
        spec: RunSpec,
        signed: Option<Signed>,
        progress: Progress,
    ) -> Result<RunAnswer, Error> {
        let id = spec.id().clone();
        let touched = standing::touched(&ground, &spec.stages, &spec.checks);
        // Whoever signed was held against the people before.
        let person =
            if signed.is_some() { Ok(()) } else { standing::may_ask(&self.host, &ground.cause.requester, &touched) };
        if let Err(error) = standing::may_be_touched(&self.host, &ground, &touched).and(person) {
            let recorded = self.refuse(&ground, std::slice::from_ref(&error.what)).await;
            return Err(if recorded.ending == Ending::Refused { error } else { recorded });
        }
        let governed = standing::unchanged(&self.host, &spec.mandate.governance)?;
        let owner = Owner::begin(&self.host, &id, Epoch::FIRST)?;
        let nonce = Digest::of(spec.mandate.nonce.as_bytes());
        let mandate = self.mandate_draft(&ground, &spec)?;
        let request = signed
            .map(|signed| consent::draft(&ground.cause, Word::Request, &spec.mandate, &signed, serde_json::json!({})));
        let opened = Event::Opened {
            spec: Box::new(spec),
            by: ground.cause.requester.name.clone(),
            epoch: Epoch::FIRST,
            at: clock::now(),
        };
        let mut drafts = self.configuration_drafts(&ground)?;
        drafts.push(mandate);
        drafts.extend(request.transpose()?);
        drafts.push(journal::draft(&ground.cause, &opened)?);
        let conditions = vec![
            Condition::UseOnce { nonce, run: id.clone() },
            Condition::OwnRun { run: id.clone(), epoch: Epoch::FIRST, expect: None },
            governed,
        ];
        let appended = ledger::append(&self.host.ledger, Batch { drafts, conditions }).await;
        let appended = appended.map_err(|error| {
            if let belay_ledger::Error::AlreadyUsed { run } = error {
                return Error::refused(format!("this package was used already, by {run}"))
                    .changed("nothing was changed")
                    .next(format!("belay status {run}"));
            }
            ledger::error(&error).changed(UNRECORDED)
        })?;
        let (run, commands) = Run::open(opened).map_err(|error| Error::failed(error.to_string()))?;
        let driver = Driver::new(Start {
            ground,
            run,
            intents: std::collections::BTreeMap::new(),
            heard: appended.seqs.end.saturating_sub(1),
            owner,
            progress,
            stop: self.stop.clone(),
            stays: self.stays,
        });
        driver.drive(commands).await.map(|run| answer(&run))
    }

    fn mandate_draft(&self, ground: &Ground, spec: &RunSpec) -> Result<Draft, Error> {
        let mandate = Json::from(&spec.mandate).map_err(|error| Error::failed(error.to_string()))?;
        let object = Object::new(mandate.canonical());
        let body = serde_json::json!({
            "mandate": object.digest(), "nonce": spec.mandate.nonce, "expires_at": spec.mandate.expires_at,
            "signatures": [],
        });
        let mut draft = ground.cause.draft("mandate", body)?;
        draft.objects.push(object);
        Ok(draft)
    }

    /// The rules in force, where the ledger does not know them yet.
    fn configuration_drafts(&self, ground: &Ground) -> Result<Vec<Draft>, Error> {
        crate::governance::drafts(&self.host, ground)
    }
}

/// When a request is signed that people must approve.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Signing {
    /// With the request.
    AtOnce,
    /// At the latest before the first stage that people must approve.
    MayFollow,
}

/// Who asks for a run.
enum Asked {
    /// Whoever's account it is: nobody has to approve anything.
    Freely,
    /// The person whom the account stands for; they sign later, before anything that people approve.
    Unsigned(Requester),
    /// A person with a key.
    Signed(Pen),
}

/// Whether the first stage that does something needs nobody's approval.
fn begins_freely(answer: &PlanAnswer) -> bool {
    let first = answer.stages.iter().find(|stage| !matches!(stage.gate, Gate::NothingToDo | Gate::Skipped));
    first.is_some_and(|stage| matches!(stage.gate, Gate::RunsAtOnce { .. }))
}

/// Whether people must approve a stage, as planned now.
fn asks_people(answer: &PlanAnswer) -> bool {
    let after = match &answer.on_failure {
        PlannedFallback::Runbook { stages, .. } => stages.as_slice(),
        PlannedFallback::Halt | PlannedFallback::Undo => &[],
    };
    answer.stages.iter().chain(after).any(|stage| matches!(stage.gate, Gate::NeedsApprovals { .. }))
}

/// That a request must be signed, and why it isn't. What needs nobody's approval needs no signature.
fn unsigned(why: Error, answer: &PlanAnswer) -> Error {
    let free = answer.stages.iter().find(|stage| matches!(stage.gate, Gate::RunsAtOnce { .. }));
    let free = free.map(|stage| format!("; or what needs nobody now: --only {}", stage.name)).unwrap_or_default();
    Error::refused(format!("people must approve this run, so its request must be signed: {}", why.what))
        .changed("nothing was changed")
        .next(format!("the same command with --key ~/.ssh/id_ed25519{free}"))
}

/// What a run came to.
pub(super) fn answer(run: &Run) -> RunAnswer {
    RunAnswer {
        run: run.spec().id().clone(),
        view: run.view(),
        receipt: run.receipt(),
        whole_run: whole_run(&run.spec().mandate),
    }
}

/// That a run is sealed already.
pub(super) fn sealed(run: &Run) -> Error {
    let id = run.spec().id();
    Error::new(Ending::Usage, format!("{id} has ended already"))
        .changed("nothing was changed")
        .next(format!("belay status {id}"))
}
