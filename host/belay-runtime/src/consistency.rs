//! Looks whether a stage would leave behind what is made from what it restores: the point's pins, and what is there.

use std::collections::BTreeMap;

use belay_domain::consistency::{self, Version};
use belay_domain::id::ResourceName;
use belay_domain::mandate::{Destination, Purpose};
use belay_domain::plan::StagePlan;
use belay_domain::state::{Context, Desired, Fault, Pin, Reference, Resource, State};
use belay_sandbox::CallError;

use crate::api::Error;
use crate::clock;
use crate::history;
use crate::planner::{Ground, not_a};

impl Ground {
    /// What a stage would leave behind, for people. An undo takes back what a run did, and that run restored no more.
    pub(crate) async fn left_behind(&self, plan: &StagePlan) -> Result<Vec<String>, Error> {
        let covered = self.restored.union(&self.may_leave).cloned().collect();
        let uncovered = consistency::uncovered(&self.feature_set, plan, &covered);
        let Purpose::Rollback = self.purpose else { return Ok(Vec::new()) };
        if uncovered.is_empty() {
            return Ok(Vec::new());
        }
        let pinned = self.pinned_with()?;
        let mut present = BTreeMap::new();
        for name in uncovered.keys().filter(|name| pinned.contains_key(**name)) {
            if let Some(state) = self.present(name).await? {
                present.insert((*name).clone(), (state.version, state.content));
            }
        }
        let left = consistency::left_behind(uncovered, &pinned, &present);
        Ok(left.iter().map(ToString::to_string).collect())
    }

    /// What the point pins beside what is restored; nothing where the run goes back to no point of this ledger.
    fn pinned_with(&self) -> Result<BTreeMap<ResourceName, Version>, Error> {
        let Destination::Point { id, digest, .. } = &self.destination else { return Ok(BTreeMap::new()) };
        let found = history::point(&self.host.ledger, id).ok().filter(|point| point.digest == *digest);
        let Some(found) = found else { return Ok(BTreeMap::new()) };
        let pins = found.point.pins.into_iter();
        Ok(pins.map(|(name, pinned)| (name, (pinned.pin.state.version, pinned.pin.state.content))).collect())
    }

    /// A resource's state now, where its plugin can tell.
    pub(crate) async fn present(&self, name: &ResourceName) -> Result<Option<State>, Error> {
        let Some(spec) = self.feature_set.resource(name) else { return Ok(None) };
        let plugin = self.host.plugin(&spec.plugin)?;
        let Some(reverter) = plugin.as_reverter() else { return Ok(None) };
        let resource =
            Resource { connection: spec.at.connection.clone(), id: spec.at.id.clone(), config: spec.config.clone() };
        let granted = std::iter::once(&spec.at.connection).chain(&spec.connections).cloned();
        let access = self.host.access(&self.environment_name, &self.environment, granted);
        let call = reverter.observe(&access, &resource).await;
        Ok(self.answer(&spec.plugin, call)?.ok())
    }

    /// Whether a plugin can propose a way back to a pin from what is there, and finds the version by its name where it
    /// keeps versions; otherwise why not.
    pub(crate) async fn proposes(&self, name: &ResourceName, pin: &Pin) -> Result<Result<(), String>, Error> {
        let Some(spec) = self.feature_set.resource(name) else { return Ok(Err("no resource is called so".to_owned())) };
        let plugin = self.host.plugin(&spec.plugin)?;
        let Some(reverter) = plugin.as_reverter() else { return Ok(Err(not_a("reverter", &spec.plugin))) };
        let resource =
            Resource { connection: spec.at.connection.clone(), id: spec.at.id.clone(), config: spec.config.clone() };
        let granted = std::iter::once(&spec.at.connection).chain(&spec.connections).cloned();
        let access = self.host.access(&self.environment_name, &self.environment, granted);
        let version = Reference::Version(pin.state.version.clone());
        let call = reverter.locate(&access, &resource, &version).await;
        let gone = matches!(&call.result, Err(CallError::Fault(Fault::Missing(_))));
        if let (Err(unanswered), true) = (self.answer(&spec.plugin, call)?, gone) {
            return Ok(Err(unanswered.reason));
        }
        let observed = match self.answer(&spec.plugin, reverter.observe(&access, &resource).await)? {
            Ok(observed) => observed,
            Err(unanswered) => return Ok(Err(format!("can't be observed: {}", unanswered.reason))),
        };
        let moment = Context { now: clock::now(), key: "gate".to_owned() };
        let path = [Desired::Pinned(pin.clone())];
        let call = reverter.plan(&access, &moment, &resource, &observed, &path).await;
        Ok(self.answer(&spec.plugin, call)?.map(|_| ()).map_err(|unanswered| unanswered.reason))
    }
}
