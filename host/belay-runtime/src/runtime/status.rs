//! How runs stand.

use std::time::Duration;

use belay_domain::id::RunId;
use belay_domain::json::Json;
use belay_engine::{Condition, RunView, Status};
use belay_ledger::Filter;

use super::Runtime;
use crate::api::{Error, RunSummary};
use crate::driver::Progress;
use crate::journal::{self, Told};
use crate::ledger;
use crate::owner;
use crate::words::whole_run;

/// How often a watched run is looked at.
const LOOK: Duration = Duration::from_millis(200);

impl Runtime {
    /// How one run stands.
    pub fn status(&self, id: &RunId) -> Result<RunSummary, Error> {
        Ok(self.summary(&journal::tell(&self.host.ledger, id)?))
    }

    /// The newest runs, at most `limit`, and why others of them can't be told: what was redacted of one run hides no other.
    pub fn runs(&self, limit: u32) -> Result<(Vec<RunSummary>, Vec<Error>), Error> {
        let filter = Filter {
            kinds: vec!["run.opened".to_owned()],
            newest_first: true,
            limit: Some(u64::from(limit)),
            ..Filter::default()
        };
        let opened = self.host.ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
        let (mut told, mut untold) = (Vec::new(), Vec::new());
        for run in opened.iter().filter_map(|entry| entry.run.as_ref()) {
            match self.status(run) {
                Ok(summary) => told.push(summary),
                Err(error) => untold.push(error),
            }
        }
        Ok((told, untold))
    }

    /// Follows a run until it is sealed, halted or waiting, or its process is gone.
    pub async fn watch(&self, id: &RunId, progress: Progress) -> Result<RunSummary, Error> {
        let mut shown: Option<RunView> = None;
        loop {
            let summary = self.status(id)?;
            if shown.as_ref() != Some(&summary.view) {
                shown = Some(summary.view.clone());
                if progress.send(summary.view.clone()).is_err() {
                    return Ok(summary);
                }
            }
            if !summary.owned || !is_under_way(&summary.view.status) {
                return Ok(summary);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    pub(super) fn summary(&self, told: &Told) -> RunSummary {
        let spec = told.run.spec();
        let mandate = &spec.mandate;
        let owned = owner::is_alive(&self.host, &mandate.run, told.run.owner().1);
        let (mut view, mut receipt) = (told.run.view(), told.run.receipt());
        // People may have said something since it was planned last; where they can't be told, it is shown as it was.
        if let Ok(Some(wait)) = self.waits_now(told) {
            view.status = Status::Waiting(wait);
        }
        if !owned {
            let shown = view.stages.iter_mut().flat_map(|stage| &mut stage.steps).map(|step| &mut step.condition);
            let told = receipt.stages.iter_mut().flat_map(|stage| &mut stage.steps).map(|step| &mut step.condition);
            shown.chain(told).for_each(left_alone);
        }
        RunSummary {
            run: mandate.run.clone(),
            environment: mandate.environment.clone(),
            runbook: mandate.runbook.name.clone(),
            feature_set: mandate.feature_set.name.clone(),
            incident: mandate.incident.clone().or_else(|| self.attached(&mandate.run)),
            requester: mandate.requester.clone(),
            requested_at: spec.requested_at,
            view,
            receipt,
            whole_run: whole_run(mandate),
            owned,
        }
    }

    /// The incident that was named after the run was opened.
    fn attached(&self, run: &RunId) -> Option<belay_domain::id::IncidentId> {
        let filter = Filter {
            run: Some(run.clone()),
            kinds: vec!["incident.attached".to_owned()],
            newest_first: true,
            limit: Some(1),
            ..Filter::default()
        };
        let found = self.host.ledger.entries(&filter).ok()?;
        let incident = found.first()?.body.value().get("incident")?.clone();
        Json::new(incident).ok()?.to().ok()
    }
}

/// Whoever was writing is gone, and nobody has looked yet what became of it.
fn left_alone(condition: &mut Condition) {
    if let Condition::Acting { summary } = condition {
        *condition = Condition::Unknown { reason: format!("whether `{summary}` happened is unknown") };
    }
}

const fn is_under_way(status: &Status) -> bool {
    match status {
        // A paused run that has an owner goes on as soon as somebody says so.
        Status::Working | Status::Checking | Status::Stopping | Status::Paused(_) => true,
        Status::Ended { sealed, .. } => !*sealed,
        // So does one that waits for approval.
        Status::Waiting(_) => true,
        Status::Halted(_) => false,
    }
}
