//! Whether a runbook restores things in the order in which they are made from each other. Within a stage the engine sees
//! to that: a step waits for those upstream of it. Between stages, and for what a plan reads, its author must.

use std::collections::BTreeSet;
use std::path::PathBuf;

use belay_domain::feature_set::{FeatureSet, ResourceSpec};
use belay_domain::id::{ResourceName, StageName};
use belay_domain::limits::Place;
use belay_domain::runbook::{Runbook, Step};
use belay_domain::state::Description;

use crate::api::Finding;
use crate::workspace::Workspace;

/// In the JSON Schema of a reverter's configuration: its plans are made from what the resources upstream hold at that
/// moment. Others are planned from their own pin alone.
const PLANS_FROM_UPSTREAM: &str = "x-belay-plans-from-upstream";

/// What is wrong with the order of a runbook's stages, for any feature set that it serves. `describes` is what a
/// resource's plugin says of itself, where it could be asked.
pub(super) fn wrong<'d>(
    workspace: &Workspace,
    runbook: &Runbook,
    describes: impl Fn(&ResourceSpec) -> Option<&'d Description>,
) -> Vec<Finding> {
    let sets = workspace.feature_sets.values();
    let mut told = BTreeSet::new();
    for set in sets.filter(|set| runbook.resources().all(|resource| set.resource(resource).is_some())) {
        let order = Order { workspace, runbook, set };
        for spec in set.resources() {
            let from_upstream = describes(spec).is_some_and(plans_from_upstream);
            told.extend(order.too_early(spec));
            told.extend(order.too_close(spec).into_iter().filter(|_| from_upstream));
        }
    }
    told.into_iter().map(|(file, line, message)| Finding { file, line, message }).collect()
}

fn plans_from_upstream(description: &Description) -> bool {
    let schema: Result<serde_json::Value, _> = serde_json::from_str(&description.config_schema);
    schema.is_ok_and(|schema| schema.get(PLANS_FROM_UPSTREAM) == Some(&true.into()))
}

/// File, line, message.
type Told = (PathBuf, Option<u32>, String);

/// A runbook for one of the feature sets that it serves.
struct Order<'w> {
    workspace: &'w Workspace,
    runbook: &'w Runbook,
    set: &'w FeatureSet,
}

impl<'w> Order<'w> {
    /// What a resource is made from, directly or through others, that a later stage restores: until then the resource is
    /// restored from what is still wrong, and then nothing restores it.
    fn too_early(&self, spec: &ResourceSpec) -> Vec<Told> {
        let Some((at, stage)) = self.restored(&spec.name) else { return Vec::new() };
        let later = self.set.upstream_of(&spec.name).into_iter().filter_map(|upstream| {
            let (found, later) = self.restored(upstream)?;
            (found > at).then_some((upstream, later))
        });
        let told = later.map(|(upstream, later)| {
            let what = format!(
                "the stage `{stage}` restores `{}` before `{later}` restores `{upstream}`{}, which it is made from: put the \
                 step of `{upstream}` into `{stage}`, where it comes first, or into an earlier stage",
                spec.name,
                self.told(upstream),
            );
            self.at(&spec.name, what)
        });
        told.collect()
    }

    /// What a resource is made from that the same stage restores. A stage is planned as a whole before any of it is
    /// written. What has the same address is the same thing seen by another plugin.
    fn too_close(&self, spec: &ResourceSpec) -> Vec<Told> {
        let Some((at, stage)) = self.restored(&spec.name) else { return Vec::new() };
        let beside = spec.upstream.iter().filter(|upstream| {
            let elsewhere = self.set.resource(upstream).is_some_and(|upstream| upstream.at != spec.at);
            elsewhere && self.restored(upstream).is_some_and(|(found, _)| found == at)
        });
        let told = beside.map(|upstream| {
            let what = format!(
                "the stage `{stage}` restores `{}` beside `{upstream}`{}, and {} plans from what that holds: a stage is \
                 planned before any of it is written, so put the step of `{upstream}` into an earlier [[stage]]",
                spec.name,
                self.told(upstream),
                spec.plugin,
            );
            self.at(&spec.name, what)
        });
        told.collect()
    }

    /// The stage that puts a resource back to what is pinned, by number and name.
    fn restored(&self, name: &ResourceName) -> Option<(usize, &'w StageName)> {
        let restores = |step: &Step| match step {
            Step::Resource { resource, set: None, ramp: None, .. } => resource == name,
            Step::Resource { .. } | Step::Manual { .. } => false,
        };
        let found = self.runbook.stages.iter().enumerate().find(|(_, stage)| stage.steps.iter().any(restores));
        found.map(|(number, stage)| (number, &stage.name))
    }

    fn place(&self, step: &ResourceName) -> Option<&'w Place> {
        self.workspace.steps.get(&self.runbook.name)?.get(step)
    }

    /// ` (runbooks/r.toml:12)`, where that is known.
    fn told(&self, step: &ResourceName) -> String {
        self.place(step).map(|place| format!(" ({place})")).unwrap_or_default()
    }

    fn at(&self, step: &ResourceName, what: String) -> Told {
        let place = self.place(step);
        let file = place.map_or_else(|| "runbooks".to_owned(), |place| place.file.clone());
        (file.into(), place.and_then(|place| place.line), what)
    }
}
