//! The stage that follows is planned while the present one only waits until what it wrote is served. Saves a look that takes
//! as long as the systems do; what it found counts only if no other run of belay's wrote anything in between.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use belay_domain::id::{ResourceName, StepId};
use belay_ledger::Filter;
use belay_ledger::kind::{INTENT, OUTCOME};
use tokio::task::JoinHandle;

use super::Driver;
use crate::api::Error;
use crate::planner::{Judged, StageToPlan, StepToPlan};

/// From the beginning of such a plan to the turn of its stage. What third parties do meanwhile is noticed by each write's own
/// guard, as it is between any look and its write; so that span is kept short.
const FRESH: Duration = Duration::from_secs(2);

/// A stage that is being planned before its turn.
pub(super) struct Ahead {
    stage: u32,
    steps: Vec<StepId>,
    skipped: BTreeSet<ResourceName>,
    began: Instant,
    /// How many entries the ledger had before.
    size: u64,
    planned: JoinHandle<Result<Judged, Error>>,
}

impl Ahead {
    /// The plan, if there is one.
    pub(super) async fn judged(mut self) -> Option<Judged> {
        (&mut self.planned).await.ok()?.ok()
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.planned.abort();
    }
}

impl Driver {
    /// Begins to plan the next stage, once, where that can be done ahead.
    pub(super) fn look_ahead(&mut self) -> Result<(), Error> {
        let Some((stage, steps)) = self.run.plannable_ahead() else { return Ok(()) };
        if self.looked_ahead == Some(stage) {
            return Ok(());
        }
        self.looked_ahead = Some(stage);
        let size = self.host().ledger.size().map_err(|error| crate::ledger::error(&error))?;
        let ground = self.ground_of_stage(stage)?;
        let Some(name) = self.run.stages().get(stage as usize).map(|stage| stage.name.clone()) else { return Ok(()) };
        let (subjects, skipped) = (self.subjects(&steps), self.run.skipped());
        let left = skipped.clone();
        let planned = tokio::spawn(async move {
            let steps =
                subjects.iter().map(|(id, subject, from)| StepToPlan { id: *id, subject, from: *from }).collect();
            ground.plan(&StageToPlan { index: stage, name: &name, steps, skipped: &left }).await
        });
        self.ahead = Some(Ahead { stage, steps, skipped, began: Instant::now(), size, planned });
        Ok(())
    }

    /// What was begun ahead, if it is what is to be planned now, and still counts. Asked once the stage's locks are held: from
    /// there on no other run writes to its resources.
    pub(super) fn begun_ahead(&mut self, stage: u32, steps: &[StepId]) -> Option<Ahead> {
        let ahead = self.ahead.take()?;
        let asked = ahead.stage == stage && ahead.steps == steps && ahead.skipped == self.run.skipped();
        (asked && ahead.began.elapsed() <= FRESH && self.nobody_else_wrote_since(ahead.size)).then_some(ahead)
    }

    fn nobody_else_wrote_since(&self, size: u64) -> bool {
        let kinds = vec![INTENT.to_owned(), OUTCOME.to_owned()];
        let filter = Filter { kinds, after: size.checked_sub(1), ..Filter::default() };
        let written = self.host().ledger.entries(&filter);
        written.is_ok_and(|entries| entries.iter().all(|entry| entry.run.as_ref() == Some(&self.id)))
    }
}
