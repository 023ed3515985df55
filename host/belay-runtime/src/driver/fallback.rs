//! What the stages that follow a failure are planned from: their own purpose and recipe, in the run's environment.

use std::sync::Arc;

use belay_domain::fallback::Fallback;
use belay_domain::mandate::{Destination, Purpose};
use belay_engine::{Failure, Response};

use super::Driver;
use crate::api::Error;
use crate::planner::Ground;
use crate::prepare;
use crate::undo_point;

impl Driver {
    /// What a stage is planned from.
    pub(super) fn ground_of_stage(&self, stage: u32) -> Result<Arc<Ground>, Error> {
        match self.run.failure().filter(|_| !self.run.spec().is_own(stage)) {
            None => Ok(Arc::clone(&self.ground)),
            Some(failure) => self.ground_after(failure).map(Arc::new),
        }
    }

    fn ground_after(&self, failure: &Failure) -> Result<Ground, Error> {
        let spec = self.run.spec();
        let stages = self.run.stages().get(failure.from_stage as usize..).unwrap_or_default();
        let mut ground = Ground {
            restored: prepare::restored(stages),
            pins: prepare::pins_of(stages),
            stages: self.run.stages().iter().map(|stage| stage.name.clone()).collect(),
            ..Ground::clone(&self.ground)
        };
        match (&failure.response, &spec.mandate.on_failure) {
            (Response::Undo, _) => {
                let run = spec.id().clone();
                ground.purpose = Purpose::Undo { run: run.clone() };
                ground.destination = Destination::UndoPoint { digest: *undo_point::manifest(&self.run)?.digest(), run };
                ground.left = self.run.left();
            }
            (Response::Runbook { .. }, Fallback::Runbook(alternate)) => ground.runbook = alternate.runbook.clone(),
            (Response::Runbook { .. }, Fallback::Halt | Fallback::Undo(_)) => {}
        }
        Ok(ground)
    }

    /// Keeps what an undo goes back to, in the commit that says that it begins.
    pub(super) fn keep_undo_point(&mut self, response: &Response) -> Result<(), Error> {
        match response {
            Response::Runbook { .. } => Ok(()),
            Response::Undo => {
                let manifest = undo_point::manifest(&self.run)?;
                self.pending.push(undo_point::draft(&self.ground.cause, &self.run, &manifest)?);
                Ok(())
            }
        }
    }
}
