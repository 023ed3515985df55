//! Lineage: what hangs together, and what was active when.

use std::collections::BTreeMap;

use belay_domain::id::{EnvironmentName, FeatureSetName, Millis, ResourceAddress};
use belay_domain::lineage::{Catalog, Node};
use belay_domain::runbook::Runbook;

use super::Runtime;
use crate::api::{ActiveResource, ActiveSet, Covering, Error, FeaturesAnswer, ImpactAnswer, Seen};
use crate::history::{self, Sighted};
use crate::resolve;

impl Runtime {
    /// What hangs together with a resource, a consumer or a feature set, and which runbooks cover it.
    pub fn impact(&self, word: &str) -> Result<ImpactAnswer, Error> {
        let workspace = &self.host.workspace;
        let impact = Catalog(&workspace.feature_sets).impact(word).ok_or_else(|| {
            let known = resolve::list(workspace.feature_sets.keys());
            Error::usage(format!("nothing in this workspace is called `{word}`; its feature sets are {known}"))
                .next("belay impact RESOURCE, such as lake/clicks; or a consumer's or a feature set's name")
        })?;
        let runbooks = workspace.runbooks.values().filter_map(|runbook| self.covering(runbook, &impact.of)).collect();
        Ok(ImpactAnswer { name: word.to_owned(), impact, runbooks })
    }

    fn covering(&self, runbook: &Runbook, of: &[Node]) -> Option<Covering> {
        let sets = &self.host.workspace.feature_sets;
        let serves = |name: &FeatureSetName| {
            sets.get(name).is_some_and(|set| runbook.resources().all(|resource| set.resource(resource).is_some()))
        };
        let covers = |node: &&Node| serves(&node.feature_set) && runbook.resources().any(|name| *name == node.resource);
        let covered: Vec<Node> = of.iter().filter(covers).cloned().collect();
        (!covered.is_empty()).then(|| Covering { runbook: runbook.name.clone(), covers: covered })
    }

    /// What was active at a moment, as far as the ledger knows: what points pinned, runs left and plans found.
    pub fn features(
        &self,
        set: Option<&FeatureSetName>,
        environment: Option<&EnvironmentName>,
        at: Millis,
    ) -> Result<FeaturesAnswer, Error> {
        let environment = resolve::environment(&self.host.workspace, environment)?.0;
        let only = set.map(|name| resolve::feature_set(&self.host.workspace, name)).transpose()?;
        let sets = self.host.workspace.feature_sets.values();
        let sets: Vec<_> = sets.filter(|set| only.is_none_or(|only| only.name() == set.name())).collect();
        let mut told: BTreeMap<ResourceAddress, Told> = BTreeMap::new();
        for sighted in history::sightings(&self.host.ledger, &environment)? {
            told.entry(sighted.sighting.resource.clone()).or_default().hear(sighted, at);
        }
        let points = history::points(&self.host.ledger)?;
        let active = sets.into_iter().map(|set| {
            let fits = |point: &&crate::api::PointSummary| {
                let point = &point.point;
                point.environment == environment && point.feature_set == *set.name() && point.captured_at <= at
            };
            let resources = set.resources().iter().map(|spec| {
                let Told { last, next } = told.get(&spec.at).cloned().unwrap_or_default();
                ActiveResource { name: spec.name.clone(), at: spec.at.clone(), last, next }
            });
            ActiveSet {
                feature_set: set.name().clone(),
                point: points.iter().rev().find(fits).map(|point| point.id.clone()),
                resources: resources.collect(),
            }
        });
        Ok(FeaturesAnswer { sets: active.collect(), environment, at })
    }
}

/// What the ledger tells of one resource, before and after a moment.
#[derive(Clone, Default)]
struct Told {
    last: Option<Seen>,
    next: Option<Seen>,
}

impl Told {
    /// Sightings come in the order of the ledger.
    fn hear(&mut self, sighted: Sighted, moment: Millis) {
        let by = match (&sighted.sighting.run, sighted.from_outside) {
            (Some(run), _) => format!("left by {run}"),
            (None, true) => "changed outside belay".to_owned(),
            (None, false) => "captured".to_owned(),
        };
        let Sighted { at, sighting, .. } = sighted;
        let seen = Seen { at, version: sighting.version, content: sighting.content, by };
        if at <= moment {
            self.last = Some(seen);
        } else if self.next.is_none() {
            self.next = Some(seen);
        }
    }
}
