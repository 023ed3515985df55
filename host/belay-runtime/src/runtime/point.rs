//! Rollback points: captured, listed, compared, marked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use belay_domain::check::Reading;
use belay_domain::feature_set::FeatureSet;
use belay_domain::id::{EnvironmentName, FeatureSetName, PointId, ResourceName};
use belay_domain::json;
use belay_domain::mandate::{Destination, Named, Purpose};
use belay_domain::point::{Origin, PinnedResource, Point, SCHEMA};
use belay_domain::state::{Pin, Reference};
use belay_ledger::Batch;

use super::Runtime;
use crate::api::{CaptureRequest, Error, Mark, PointDifference, PointSummary};
use crate::clock;
use crate::history::{self, Sighting};
use crate::identity;
use crate::ledger;
use crate::planner::Ground;
use crate::record::Cause;
use crate::resolve;

impl Runtime {
    /// Pins the state of every resource of a set, with its proof. Durable when it comes back.
    pub async fn capture_point(&self, request: CaptureRequest) -> Result<PointSummary, Error> {
        let ground = self.capture_ground(&request)?;
        let pins = self.pins(&ground).await?;
        self.none_quarantined(&ground.environment_name, pins.values(), "this is not to be released")?;
        let parent = history::latest(&self.host.ledger, &request.feature_set, &ground.environment_name)?;
        let id = identity::next_point(&self.host.ledger)?;
        let point = Point {
            schema: SCHEMA,
            environment: ground.environment_name.clone(),
            feature_set: request.feature_set.clone(),
            origin: Origin::Captured,
            captured_at: clock::now(),
            captured_by: ground.cause.requester.name.clone(),
            commit: request.commit.clone(),
            message: request.message.clone(),
            metrics: request.metrics.clone(),
            parent: parent.map(|point| point.digest),
            pins,
        };
        let mut drafts = vec![history::captured(&ground.cause, &id, &point)?];
        for pinned in point.pins.values() {
            let state = &pinned.pin.state;
            let (version, content) = (state.version.clone(), state.content_digest());
            let sighting = Sighting { resource: pinned.at.clone(), version, content, run: None };
            drafts.push(history::seen(&ground.cause, &sighting)?);
        }
        self.append(drafts).await?;
        if let Some(runbook) = &request.good_if
            && self.is_good(&ground, &point, runbook).await?
        {
            return self.mark_point(&id, Mark::Good, Some(format!("the checks of {runbook} pass"))).await;
        }
        self.point(&id)
    }

    fn capture_ground(&self, request: &CaptureRequest) -> Result<Ground, Error> {
        for (name, value) in &request.metrics {
            belay_domain::check::DecimalText::try_from(value.clone())
                .map_err(|error| Error::usage(format!("--metric {name}: {error}")))?;
        }
        let runbook = request.good_if.as_ref().map(|name| {
            self.host.workspace.runbooks.get(name).ok_or_else(|| {
                Error::usage(format!("--good-if {name}: there is no such runbook")).next("belay runbook list")
            })
        });
        let runbook = runbook.transpose()?;
        let set = resolve::feature_set(&self.host.workspace, &request.feature_set)?;
        self.bare_ground(set, request.environment.as_ref(), runbook.map(|runbook| runbook.name.clone()))
    }

    /// What plugins work with outside any run.
    pub(super) fn bare_ground(
        &self,
        set: &FeatureSet,
        environment: Option<&EnvironmentName>,
        runbook: Option<belay_domain::id::RunbookName>,
    ) -> Result<Ground, Error> {
        let (environment_name, environment) = resolve::environment(&self.host.workspace, environment)?;
        let nothing = json::Json::NULL.digest();
        let no_runbook = "none".parse().map_err(|_| Error::failed("a runbook's name"))?;
        Ok(Ground {
            host: Arc::clone(&self.host),
            cause: Cause::of(&self.host.requester).within(&environment_name),
            environment_name,
            environment: environment.clone(),
            feature_set: set.clone(),
            purpose: Purpose::Rollback,
            destination: Destination::Versions { versions: BTreeMap::new() },
            runbook: Named { name: runbook.unwrap_or(no_runbook), digest: nothing },
            restored: BTreeSet::new(),
            may_leave: BTreeSet::new(),
            pins: Vec::new(),
            probes: Vec::new(),
            stages: Vec::new(),
            left: BTreeMap::new(),
            key: "point".to_owned(),
        })
    }

    async fn pins(&self, ground: &Ground) -> Result<BTreeMap<ResourceName, PinnedResource>, Error> {
        let resources = ground.feature_set.resources();
        self.host.load(resources.iter().map(|spec| &spec.plugin))?;
        let located = resources.iter().map(|spec| ground.locate(&spec.name, &Reference::Present));
        let located = futures_util::future::join_all(located).await.into_iter().collect::<Result<Vec<_>, _>>();
        let located = located.map_err(|error| Error { next: Some("belay lint".to_owned()), ..error })?;
        let pinned = resources.iter().zip(located).map(|(spec, (name, pin)): (_, (ResourceName, Pin))| {
            let component = self.host.pinned(&spec.plugin)?;
            Ok((name, PinnedResource { at: spec.at.clone(), plugin: spec.plugin.clone(), component, pin }))
        });
        pinned.collect()
    }

    /// Whether each check of a runbook is met right now, where the point is what it restores.
    async fn is_good(
        &self,
        ground: &Ground,
        point: &Point,
        runbook: &belay_domain::id::RunbookName,
    ) -> Result<bool, Error> {
        let Some(runbook) = self.host.workspace.runbooks.get(runbook) else { return Ok(false) };
        if runbook.checks.is_empty() {
            return Err(Error::usage(format!("--good-if {}: it has no check", runbook.name))
                .changed("the point was captured, and is not marked"));
        }
        for check in &runbook.checks {
            let expected = check.resource.as_ref().and_then(|name| point.pins.get(name));
            match ground.measure(check, expected.map(|pinned| &pinned.pin)).await? {
                Reading::Met { .. } => {}
                Reading::Missed { .. } | Reading::NoData { .. } => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Points, the newest first.
    pub fn points(
        &self,
        set: Option<&FeatureSetName>,
        environment: Option<&EnvironmentName>,
    ) -> Result<Vec<PointSummary>, Error> {
        let mut points = history::points(&self.host.ledger)?;
        points.retain(|point| set.is_none_or(|set| point.point.feature_set == *set));
        points.retain(|point| environment.is_none_or(|environment| point.point.environment == *environment));
        points.reverse();
        Ok(points)
    }

    /// One point.
    pub fn point(&self, id: &PointId) -> Result<PointSummary, Error> {
        history::point(&self.host.ledger, id)
    }

    /// How a point differs from another, or from the present.
    pub async fn diff_point(&self, id: &PointId, other: Option<&PointId>) -> Result<Vec<PointDifference>, Error> {
        let from = self.point(id)?.point;
        let to = match other {
            Some(other) => states(&self.point(other)?.point),
            None => {
                let set = resolve::feature_set(&self.host.workspace, &from.feature_set)?;
                let ground = self.bare_ground(set, Some(&from.environment), None)?;
                let pins = self.pins(&ground).await?;
                self.append(Vec::new()).await?;
                pins.into_iter().map(|(name, pinned)| (name, pinned.pin.state)).collect()
            }
        };
        let from = states(&from);
        let names: BTreeSet<_> = from.keys().chain(to.keys()).collect();
        let difference = |name: &ResourceName| {
            let (before, after) = (from.get(name), to.get(name));
            PointDifference {
                resource: name.clone(),
                from: before.map(|state| state.version.clone()),
                to: after.map(|state| state.version.clone()),
                same: before.zip(after).is_some_and(|(before, after)| before.content == after.content),
            }
        };
        Ok(names.into_iter().map(difference).collect())
    }

    /// Says of a point that it is worth going back to, or not.
    pub async fn mark_point(&self, id: &PointId, mark: Mark, reason: Option<String>) -> Result<PointSummary, Error> {
        let summary = self.point(id)?;
        if mark == Mark::Good {
            let what = format!("{id} is not to be gone back to");
            self.none_quarantined(&summary.point.environment, summary.point.pins.values(), &what)?;
        }
        let mut cause = Cause::of(&self.host.requester).within(&summary.point.environment);
        cause.reason = reason;
        self.append(vec![history::marked(&cause, &summary, mark)?]).await?;
        self.point(id)
    }

    pub(super) async fn append(&self, drafts: Vec<belay_ledger::Draft>) -> Result<(), Error> {
        let batch = Batch { drafts, conditions: Vec::new() };
        let appended = ledger::append(&self.host.ledger, batch).await;
        appended.map(|_| ()).map_err(|error| ledger::error(&error).changed("nothing was recorded"))
    }
}

fn states(point: &Point) -> BTreeMap<ResourceName, belay_domain::state::State> {
    point.pins.iter().map(|(name, pinned)| (name.clone(), pinned.pin.state.clone())).collect()
}
