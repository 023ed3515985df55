//! Quarantine: listed, lifted, and what it refuses.

use belay_domain::id::{EnvironmentName, ResourceAddress};
use belay_domain::point::PinnedResource;
use belay_domain::quarantine::Quarantined;
use belay_ledger::Batch;

use super::Runtime;
use crate::api::{Error, QuarantineAnswer};
use crate::ledger;
use crate::quarantine;
use crate::record::Cause;
use crate::resolve;

impl Runtime {
    /// What is quarantined, in an environment or in all.
    pub fn quarantined(&self, environment: Option<&EnvironmentName>) -> Result<Vec<QuarantineAnswer>, Error> {
        let names = match environment {
            Some(_) => vec![resolve::environment(&self.host.workspace, environment)?.0],
            None => self.host.workspace.environments.keys().cloned().collect(),
        };
        let mut found = Vec::new();
        for environment in names {
            let quarantine = quarantine::of(&self.host.ledger, &environment)?;
            let left = quarantine.all().cloned();
            found.extend(left.map(|left| QuarantineAnswer { environment: environment.clone(), left }));
        }
        Ok(found)
    }

    /// Lifts what a word names, and gives what was lifted.
    pub async fn lift_quarantine(
        &self,
        word: &str,
        environment: Option<&EnvironmentName>,
        reason: &str,
    ) -> Result<Vec<QuarantineAnswer>, Error> {
        let environment = resolve::environment(&self.host.workspace, environment)?.0;
        let quarantine = quarantine::of(&self.host.ledger, &environment)?;
        let named: Vec<Quarantined> = quarantine.named(word).into_iter().cloned().collect();
        if named.is_empty() {
            return Err(Error::usage(format!("nothing that `{word}` names is quarantined in `{environment}`"))
                .changed("nothing was changed")
                .next("belay quarantine list"));
        }
        let mut cause = Cause::of(&self.host.requester).within(&environment);
        cause.reason = Some(reason.to_owned());
        let drafts = named.iter().map(|left| quarantine::lifted(&cause, left)).collect::<Result<_, _>>()?;
        let appended = ledger::append(&self.host.ledger, Batch { drafts, conditions: Vec::new() }).await;
        appended.map_err(|error| ledger::error(&error).changed("nothing was lifted"))?;
        Ok(named.into_iter().map(|left| QuarantineAnswer { environment: environment.clone(), left }).collect())
    }

    /// Refuses where something pinned is quarantined: it is not to be released, and not to be gone back to.
    pub(super) fn none_quarantined<'p>(
        &self,
        environment: &EnvironmentName,
        pins: impl Iterator<Item = &'p PinnedResource>,
        what: &str,
    ) -> Result<(), Error> {
        let quarantine = quarantine::of(&self.host.ledger, environment)?;
        let held: Vec<_> =
            pins.filter_map(|pinned| quarantine.holds(&pinned.at, &pinned.pin.state.content_digest())).collect();
        let Some(first) = held.first() else { return Ok(()) };
        let named = held.iter().map(|left| words(left)).collect::<Vec<_>>().join("; ");
        Err(Error::refused(format!("{what}: {named}"))
            .changed("nothing was recorded")
            .next(lift(&first.resource, environment)))
    }
}

/// `lake/clicks is at v5, which r-1 left and quarantined`.
pub(crate) fn words(left: &Quarantined) -> String {
    format!("{} is at {}, which {} left and quarantined", left.resource, left.version, left.run)
}

/// The command that lifts.
pub(crate) fn lift(resource: &ResourceAddress, environment: &EnvironmentName) -> String {
    format!("belay quarantine lift {resource} --env {environment} --reason …, once it is known to be sound")
}
