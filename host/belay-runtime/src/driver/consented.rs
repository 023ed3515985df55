//! Looks what people say of the run's mandate: with each plan, and while it waits for them. Counts nobody: the engine does.

use belay_domain::people::{PersonName, Touched};
use belay_engine::{Consent, Event, Status, Wait};

use super::Driver;
use crate::api::Error;
use crate::bindings;
use crate::clock;
use crate::consent;
use crate::host;
use crate::planner::Ground;
use crate::standing;
use crate::workspace::Workspace;

impl Driver {
    /// What counts now, by the people in force at this moment.
    pub(super) fn consent(
        ground: &Ground,
        mandate: &belay_domain::mandate::Mandate,
        touched: Touched,
    ) -> Result<Consent, Error> {
        let staff = standing::staff(&ground.host)?;
        consent::of(&ground.host.ledger, staff.as_ref(), mandate, touched, clock::now())
    }

    pub(super) fn touched(&self) -> Touched {
        standing::touched(&self.ground, self.run.stages(), &self.run.spec().checks)
    }

    /// What follows from what people said since the last look, or from the mandate's end.
    pub(super) fn people_said(&self) -> Result<Option<Event>, Error> {
        let Status::Waiting(wait) = self.run.status() else { return Ok(None) };
        let at = clock::now();
        let mandate = &self.run.spec().mandate;
        if at > mandate.expires_at {
            return Ok(Some(Event::Reconsidered { at }));
        }
        let ledger = &self.host().ledger;
        if consent::entries(ledger, &self.id, Some(self.heard))?.is_empty() {
            return Ok(None);
        }
        // Hours may have passed since this process read the files: what people agreed to must still be there.
        let workspace = Workspace::load(&self.host().workspace.root).map_err(host::problems)?;
        bindings::hold(self.host(), &workspace, mandate, self.id.as_str())?;
        let staff = standing::staff(self.host())?;
        let said = consent::of(ledger, staff.as_ref(), mandate, self.touched(), at)?;
        Ok(Some(follows(&wait, said, at)))
    }
}

fn follows(wait: &Wait, said: Consent, at: belay_domain::id::Millis) -> Event {
    let could = |by: &PersonName| wait.needs.iter().any(|need| need.given.contains(by) || need.could.contains(by));
    match said.rejection.filter(|rejection| could(&rejection.by)) {
        Some(rejection) => Event::TurnedDown { by: rejection.by.to_string(), reason: rejection.reason, at },
        None => Event::Reconsidered { at },
    }
}
