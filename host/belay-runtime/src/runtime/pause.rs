//! A live run is asked to rest where it is, or to go on. One that nobody works on goes on with whoever says so.

use std::time::Duration;

use belay_domain::id::RunId;
use belay_engine::{Halt, Status};

use super::Runtime;
use super::opening::sealed;
use crate::api::{Error, RunAnswer, RunSummary};
use crate::driver::{Ask, Progress};
use crate::journal::Told;
use crate::owner;

/// How long a person waits to see what became of the word, and how often it is looked for.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(50);

impl Runtime {
    /// Asks the process that works on a run to let it rest: the operation under way ends, no other starts. Comes back
    /// when it rests, or after a few seconds with how it stands then.
    pub async fn pause(&self, id: &RunId, reason: String) -> Result<RunSummary, Error> {
        let told = self.told(id)?;
        if told.run.is_sealed() {
            return Err(sealed(&told.run));
        }
        let cant = |what: String, next: String| Err(Error::usage(what).next(next));
        if let Status::Paused(pause) = told.run.status() {
            return cant(format!("{id} is paused already, by {}", pause.by), format!("belay continue {id}"));
        }
        if !self.is_alive(&told) {
            return cant(format!("nobody works on {id}: there is nothing to pause"), format!("belay status {id}"));
        }
        if told.run.status() != Status::Working {
            let what = format!("{id} writes nothing now: there is nothing to pause");
            return cant(what, format!("belay watch {id}, or end it: belay abort {id} --reason …"));
        }
        self.ask(&told, &Ask::Pause { reason }).await?;
        self.wait_until(id, |told| told.run.is_at_rest()).await?;
        self.status(id)
    }

    /// Asks the process that works on a run to go on after a pause, or not to hold the parts of ramps any longer.
    pub async fn continue_live(&self, id: &RunId) -> Result<RunSummary, Error> {
        // A pause that is still being made is waited for.
        let told = self.wait_until(id, |told| told.run.status() != Status::Stopping).await?;
        if told.run.is_sealed() {
            return Err(sealed(&told.run));
        }
        if !matches!(told.run.status(), Status::Paused(_)) && !told.run.stands_on_ramp() {
            return Err(nothing_to_continue(id, format!("belay watch {id}")));
        }
        let before = told.last_seq;
        self.ask(&told, &Ask::Continue).await?;
        self.wait_until(id, |told| told.last_seq > before).await?;
        self.status(id)
    }

    /// Goes on with a run that nobody works on: after a pause, or past a hold or a check that did not pass.
    pub async fn continue_left(&self, id: &RunId, progress: Progress) -> Result<RunAnswer, Error> {
        let told = self.told(id)?;
        if told.run.is_sealed() {
            return Err(sealed(&told.run));
        }
        match told.run.status() {
            Status::Paused(_) => {}
            Status::Working | Status::Stopping | Status::Halted(Halt::CheckFailed { .. })
                if told.run.stands_on_ramp() =>
            {
                self.ask(&told, &Ask::Continue).await?;
            }
            Status::Working
            | Status::Checking
            | Status::Waiting(_)
            | Status::Stopping
            | Status::Halted(_)
            | Status::Ended { .. } => return Err(nothing_to_continue(id, format!("belay resume {id}"))),
        }
        self.resume(id, progress).await
    }

    pub(super) fn is_alive(&self, told: &Told) -> bool {
        owner::is_alive(&self.host, told.run.spec().id(), told.run.owner().1)
    }

    /// How the run stands once this holds, its process is gone, or patience is over.
    pub(super) async fn wait_until(&self, id: &RunId, holds: impl Fn(&Told) -> bool) -> Result<Told, Error> {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let told = self.told(id)?;
            if holds(&told) || !self.is_alive(&told) || tokio::time::Instant::now() >= end {
                return Ok(told);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn nothing_to_continue(id: &RunId, next: String) -> Error {
    Error::usage(format!("{id} is neither paused nor does it hold a part of a ramp: there is nothing to continue"))
        .next(next)
}
