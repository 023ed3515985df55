//! From a request to a run that could be opened: what it names, what each step wants, the first plan of every stage, the
//! mandate that follows. Performs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use belay_domain::digest::Digest;
use belay_domain::facts::PinFacts;
use belay_domain::id::{Millis, PluginName, ResourceName, RunId, StageName, StepId};
use belay_domain::json::{self, Json, MAX_INTEGER};
use belay_domain::limits::{Limits, Span};
use belay_domain::lineage::Catalog;
use belay_domain::mandate::{self, Asks, Bounds, BreakGlass, Destination, LogHead, Mandate, Named, Purpose, Wanted};
use belay_domain::operation::Reversibility;
use belay_domain::plan::Subject;
use belay_domain::risk::{Band, Bands};
use belay_domain::runbook::{OnFailure, Runbook, ServiceLevel};
use belay_domain::skip::Skips;
use belay_domain::state::{Pin, Reference};
use belay_engine::{DEFAULT_ATTEMPTS, RunSpec, StageDecision, StageSpec, StepSpec, decide};

use crate::api::{Error, Goal, Mark, PlanRequest, PlannedSkip};
use crate::clock;
use crate::down::Unanswered;
use crate::driver;
use crate::history;
use crate::host::Host;
use crate::planner::{self, Finding, Ground, Judged};
use crate::record::Cause;
use crate::resolve::{self, About, Aim, Resolution};
use crate::workspace::{Environment, RiskPolicy};

/// From the decision to act: a host that wakes up later doesn't act.
const ACT_WITHIN_MS: u64 = 10_000;
/// Until a connection says otherwise, for steps without one.
const SETTLE_MS: u64 = 1_000;

/// A run that could be opened.
pub(crate) struct Prepared {
    pub(crate) ground: Ground,
    pub(crate) destination_label: String,
    pub(crate) stages: Vec<StageSpec>,
    pub(crate) left_out: Vec<StageName>,
    pub(crate) checks: Vec<belay_domain::check::Check>,
    pub(crate) service_level: ServiceLevel,
    pub(crate) parameters: BTreeMap<String, Json>,
    pub(crate) still_affected: Vec<String>,
    pub(crate) excepted: Vec<ResourceName>,
    pub(crate) may_skip: Skips,
    pub(crate) firsts: Vec<Judged>,
    /// What the first plans leave out, because a system is down.
    pub(crate) skipped: Vec<Skip>,
    pub(crate) requested_at: Millis,
    /// The place of its first stage in the run.
    pub(crate) first_stage: u32,
    pub(crate) on_failure: OnFailure,
    /// Bands and denials are to be overridden.
    pub(crate) break_glass: Option<BreakGlass>,
    /// The runbook that follows a failure.
    pub(crate) alternate: Option<Box<Self>>,
}

/// What a first plan leaves out, because a system is down.
pub(crate) struct Skip {
    /// The stage's place.
    pub(crate) stage: u32,
    pub(crate) planned: PlannedSkip,
}

/// What makes a prepared run one of its own.
pub(crate) struct Identity {
    pub(crate) run: RunId,
    pub(crate) nonce: String,
    pub(crate) log: LogHead,
}

impl Prepared {
    /// Resolves a request and plans every stage from the present.
    pub(crate) async fn of(host: &Arc<Host>, request: &PlanRequest) -> Result<Self, Error> {
        let requested_at = clock::now();
        // Before anything is read: what was not accepted governs nothing.
        crate::standing::in_force(host)?;
        let resolution = Resolution::of(&host.workspace, request)?;
        let mut cause = Cause::of(&host.requester).within(&resolution.environment_name);
        cause.incident.clone_from(&request.incident);
        cause.reason.clone_from(&request.reason);
        let (aim, destination_label) = aim(host, &resolution, request)?;
        let base = ground(host, cause, &resolution, &aim)?;
        let pins = pins(&base, &resolution, &aim).await?;
        let mut prepared = Self::first(base.clone(), &resolution, &pins, request, requested_at)?;
        prepared.destination_label = destination_label;
        if let Some(after) = &resolution.alternate {
            let mut alternate = Self::first(base, after, &pins, request, requested_at)?;
            alternate.ground.stages.splice(0..0, prepared.ground.stages.clone());
            prepared.alternate = Some(Box::new(alternate));
        }
        prepared.still_affected = prepared.not_covered();
        prepared.plan_all().await?;
        if let Some(alternate) = &mut prepared.alternate {
            alternate.plan_all().await?;
        }
        Ok(prepared)
    }

    /// A run of one runbook, before anything is planned.
    fn first(
        base: Ground,
        resolution: &Resolution<'_>,
        pins: &BTreeMap<ResourceName, Pin>,
        request: &PlanRequest,
        requested_at: Millis,
    ) -> Result<Self, Error> {
        let stages = stages(&base, resolution, pins)?;
        let cant = |error: json::NotCanonical| Error::usage(error.to_string());
        let digest = json::digest_of(resolution.runbook).map_err(cant)?;
        let ground = Ground {
            restored: restored(&stages),
            may_leave: may_leave(resolution.runbook, request),
            pins: pins_of(&stages),
            runbook: Named { name: resolution.runbook.name.clone(), digest },
            probes: resolution.runbook.checks.iter().map(|check| check.probe.clone()).collect(),
            stages: stages.iter().map(|stage| stage.name.clone()).collect(),
            environment: under(base.environment, resolution.limits.clone()),
            ..base
        };
        Ok(Self {
            ground,
            destination_label: String::new(),
            stages,
            left_out: resolution.left_out.clone(),
            checks: resolution.runbook.checks.clone(),
            service_level: ServiceLevel {
                may_lose_ms: resolution.limits.may_lose_ms.as_ref().map(|said| said.value),
                ..resolution.runbook.service_level
            },
            parameters: resolution.parameters.clone(),
            still_affected: Vec::new(),
            excepted: request.except.clone(),
            may_skip: Skips::of(resolution.runbook, resolution.feature_set),
            firsts: Vec::new(),
            skipped: Vec::new(),
            requested_at,
            first_stage: resolution.first_stage,
            on_failure: resolution.runbook.on_failure.clone(),
            break_glass: glass(request.break_glass, request.reason.as_deref()),
            alternate: None,
        })
    }

    /// Consumers of the set, and resources made from what is restored that the run leaves as they are.
    fn not_covered(&self) -> Vec<String> {
        let set = &self.ground.feature_set;
        let left = set.resources().iter().filter(|spec| {
            !self.ground.restored.contains(&spec.name)
                && set.upstream_of(&spec.name).iter().any(|upstream| self.ground.restored.contains(*upstream))
        });
        let resources = left.map(|spec| format!("{} is made from what is restored", spec.name));
        let consumers = set.consumers().iter().map(|consumer| format!("{} consumes this set", consumer.name));
        let written = set.resources().iter().filter(|spec| self.ground.restored.contains(&spec.name));
        let written = written.map(|spec| &spec.at).collect();
        let elsewhere = Catalog(&self.ground.host.workspace.feature_sets).downstream_elsewhere(set.name(), &written);
        let elsewhere = elsewhere
            .into_iter()
            .map(|node| format!("{} of {} is made from what is restored", node.resource, node.feature_set));
        resources.chain(elsewhere).chain(consumers).collect()
    }

    /// What the run may leave, with what the runbook that follows a failure says of its own stages.
    fn may_leave(&self) -> BTreeSet<ResourceName> {
        let after = self.alternate.as_ref().map_or_else(BTreeSet::new, |after| after.may_leave());
        self.ground.may_leave.union(&after).cloned().collect()
    }

    /// What the run would be made from.
    pub(crate) fn spec(&self, identity: Identity) -> Result<RunSpec, Error> {
        let limits = &self.ground.environment.risk.limits;
        let mut spec = RunSpec {
            mandate: self.mandate(identity)?,
            stages: self.stages.clone(),
            left_out: self.left_out.clone(),
            checks: self.checks.clone(),
            service_level: self.service_level,
            bands: limits.bands.value.clone(),
            limits: self.run_limits(),
            may_leave: self.may_leave(),
            tier: self.ground.feature_set.tier(),
            on_failure: self.fallback_spec(),
            still_affected: self.still_affected.clone(),
            attempts: DEFAULT_ATTEMPTS,
            requested_at: self.requested_at,
        };
        spec.mandate.approvals = self.asks(&spec);
        Ok(spec)
    }

    /// Whom the first plan of each stage asks, by the engine's own decision.
    fn asks(&self, spec: &RunSpec) -> Vec<Asks> {
        let after = self.alternate.iter().flat_map(|alternate| &alternate.firsts);
        let asked = self.firsts.iter().chain(after).filter_map(|first| {
            let finding = driver::finding_without_mandate(&first.finding);
            let StageDecision::Ask(missing) = decide(spec, &first.plan, &finding, first.at) else { return None };
            Some(Asks { stage: first.plan.stage.clone(), quorums: missing.quorums() })
        });
        asked.collect()
    }

    fn mandate(&self, identity: Identity) -> Result<Mandate, Error> {
        let cant = |error: json::NotCanonical| Error::failed(format!("the mandate can't be written: {error}"));
        let ground = &self.ground;
        let set = &ground.feature_set;
        let issued_at = clock::now();
        Ok(Mandate {
            schema: mandate::SCHEMA,
            run: identity.run,
            purpose: ground.purpose.clone(),
            environment: ground.environment_name.clone(),
            requester: ground.cause.requester.name.clone(),
            incident: ground.cause.incident.clone(),
            runbook: ground.runbook.clone(),
            feature_set: Named { name: set.name().clone(), digest: json::digest_of(set).map_err(cant)? },
            team: set.owner().to_owned(),
            destination: ground.destination.clone(),
            parameters: self.parameters.clone(),
            desired: self.wanted().map_err(cant)?,
            may_skip: self.may_skip.clone(),
            stages: self.firsts.iter().map(|first| self.bounds(first)).collect(),
            approvals: Vec::new(),
            break_glass: self.break_glass.clone(),
            on_failure: self.fallback().map_err(cant)?,
            governance: crate::standing::digest(&ground.host)?,
            components: self.components(),
            ledger: identity.log,
            issued_at,
            expires_at: issued_at.plus(ground.environment.risk.limits.mandate_ttl_ms.value),
            nonce: identity.nonce,
        })
    }

    /// What is wanted of each resource.
    pub(crate) fn wanted(&self) -> Result<BTreeMap<ResourceName, Wanted>, json::NotCanonical> {
        let targets = self.stages.iter().flat_map(|stage| &stage.steps).filter_map(|step| step.subject.target());
        targets.map(|target| Ok((target.resource.clone(), Wanted::of_target(target)?))).collect()
    }

    /// What a stage's first plan allows later ones. What could not be seen is bounded by what needs nobody's approval: a
    /// system that comes back must not find its run without a mandate. A stage that is refused may do nothing.
    pub(crate) fn bounds(&self, first: &Judged) -> Bounds {
        let risk = &self.ground.environment.risk;
        let blind = first.plan.blind().next().is_some();
        let skipped = self.skipped.iter().any(|skip| skip.stage == first.plan.index);
        // Two people who break the glass take a risk that no band does.
        let any_risk = Bands::try_from(vec![Band { up_to: 100, approvals: 0 }]).ok();
        let bands = any_risk
            .as_ref()
            .filter(|_| self.break_glass.is_some())
            .unwrap_or(&risk.limits.bands_of(&first.plan.stage).value);
        let found = match &first.finding {
            Finding::Judged { examined, assessment, .. } if !blind => {
                Bounds::of_first_plan(&first.plan, examined, assessment, bands, u64::from(risk.headroom))
            }
            Finding::Judged { .. } | Finding::Violates(_) => None,
        };
        match (found, blind || skipped) {
            (Some(found), false) => found,
            (Some(found), true) => found.or_more(unseen(first, bands)),
            (None, true) => unseen(first, bands),
            (None, false) => Bounds {
                stage: first.plan.stage.clone(),
                worst: None,
                highest_risk: 0,
                most_touches: 0,
                most_rows_set_aside: BTreeMap::new(),
            },
        }
    }
}

/// What a request to break the glass says in its mandate.
pub(crate) fn glass(break_glass: bool, reason: Option<&str>) -> Option<BreakGlass> {
    break_glass.then(|| BreakGlass { reason: reason.unwrap_or_default().to_owned() })
}

/// The bounds of what can't be seen: what needs nobody's approval.
fn unseen(first: &Judged, bands: &Bands) -> Bounds {
    Bounds {
        stage: first.plan.stage.clone(),
        worst: Some(Reversibility::Recoverable),
        highest_risk: without_approval(bands),
        most_touches: MAX_INTEGER.unsigned_abs(),
        most_rows_set_aside: BTreeMap::new(),
    }
}

/// The highest risk that needs nobody's approval.
fn without_approval(bands: &Bands) -> u32 {
    let free = |risk: &u32| bands.of(*risk).is_some_and(|band| band.approvals == 0);
    (0..=100).rev().find(free).unwrap_or(0)
}

fn aim(host: &Host, resolution: &Resolution<'_>, request: &PlanRequest) -> Result<(Aim, String), Error> {
    let wanting = resolution.wanting_destination();
    let Some(goal) = &request.goal else {
        if wanting.is_empty() {
            return Ok((Aim::Nothing, "the settings of the runbook".to_owned()));
        }
        let message = format!("`{}` restores {}: back to what?", resolution.runbook.name, resolve::list(&wanting));
        return Err(Error::usage(message)
            .changed("nothing was read or changed")
            .next("add --to latest-good, --to POINT, --before TIME, or --at RESOURCE=VERSION"));
    };
    if let Goal::Before(at) = goal {
        young_enough(resolution, "that moment", clock::now().since(*at))?;
    }
    if let Some(aim) = Aim::locate(goal, &wanting)? {
        let label = match goal {
            Goal::Before(_) => "the states before that moment",
            Goal::Versions(_) => "the versions that were named",
            Goal::Point(_) | Goal::LatestGood => "",
        };
        return Ok((aim, label.to_owned()));
    }
    let summary = match goal {
        Goal::Point(id) => history::point(&host.ledger, id)?,
        Goal::LatestGood | Goal::Before(_) | Goal::Versions(_) => {
            history::latest_good(&host.ledger, resolution.feature_set.name(), &resolution.environment_name)?
        }
    };
    let point = &summary.point;
    if point.feature_set != *resolution.feature_set.name() || point.environment != resolution.environment_name {
        let message = format!("{} is a point of `{}` in `{}`", summary.id, point.feature_set, point.environment);
        return Err(Error::usage(message).next("belay point list"));
    }
    if let Some((Mark::Bad, by)) = &summary.mark {
        return Err(Error::refused(format!("{} is marked bad by {by}", summary.id))
            .changed("nothing was changed")
            .next(format!("belay point list {}", point.feature_set)));
    }
    let age = clock::now().since(point.captured_at);
    young_enough(resolution, summary.id.as_str(), age)?;
    let marked = summary.mark.as_ref().map(|(_, by)| format!(", marked good by {by}")).unwrap_or_default();
    let label = format!("{} ({}{marked})", summary.id, rough_age(age));
    Ok((Aim::Point { id: summary.id, digest: summary.digest, point: Box::new(summary.point) }, label))
}

/// Whether what is gone back to is no older than allowed.
fn young_enough(resolution: &Resolution<'_>, what: &str, age_ms: u64) -> Result<(), Error> {
    let oldest = resolution.oldest();
    if age_ms <= oldest.value {
        return Ok(());
    }
    let (said, set) =
        (oldest.at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default(), resolution.feature_set.name());
    let message = format!("{what} is {}; the oldest allowed is {}{said}", rough_age(age_ms), Span(oldest.value));
    Err(Error::refused(message).changed("nothing was changed").next(format!("belay point list {set}")))
}

/// An age for people: `2 days old`.
fn rough_age(ms: u64) -> String {
    let (number, unit) = match ms / 1_000 {
        0..5 => return "just captured".to_owned(),
        seconds if seconds < 120 => (seconds, "second"),
        seconds if seconds < 7_200 => (seconds / 60, "minute"),
        seconds if seconds < 172_800 => (seconds / 3_600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{} old", if number == 1 { "" } else { "s" })
}

fn ground(host: &Arc<Host>, cause: Cause, resolution: &Resolution<'_>, aim: &Aim) -> Result<Ground, Error> {
    let destination = match aim {
        Aim::Point { id, digest, point } => {
            Destination::Point { id: id.clone(), digest: *digest, captured_at: point.captured_at }
        }
        Aim::Locate { destination, .. } => destination.clone(),
        Aim::Nothing => Destination::Versions { versions: BTreeMap::new() },
    };
    let digest = json::digest_of(resolution.runbook).map_err(|error| Error::usage(error.to_string()))?;
    Ok(Ground {
        host: Arc::clone(host),
        cause,
        environment_name: resolution.environment_name.clone(),
        environment: resolution.environment.clone(),
        feature_set: resolution.feature_set.clone(),
        purpose: Purpose::Rollback,
        destination,
        runbook: Named { name: resolution.runbook.name.clone(), digest },
        restored: BTreeSet::new(),
        may_leave: BTreeSet::new(),
        pins: Vec::new(),
        probes: resolution.runbook.checks.iter().map(|check| check.probe.clone()).collect(),
        stages: resolution.stages.iter().map(|stage| stage.name.clone()).collect(),
        left: BTreeMap::new(),
        key: "plan".to_owned(),
    })
}

/// The pin of each resource that the destination tells of.
async fn pins(ground: &Ground, resolution: &Resolution<'_>, aim: &Aim) -> Result<BTreeMap<ResourceName, Pin>, Error> {
    match aim {
        Aim::Nothing => Ok(BTreeMap::new()),
        Aim::Point { id, point, .. } => {
            let wanting = resolution.wanting_destination();
            if let Some(missing) = wanting.iter().find(|name| !point.pins.contains_key(**name)) {
                return Err(Error::usage(format!("{id} pins nothing for `{missing}`"))
                    .next(format!("add --except {missing}, or name another point: belay point list")));
            }
            for name in wanting {
                moved_house(resolution, point, name, id)?;
            }
            Ok(point.pins.iter().map(|(name, pinned)| (name.clone(), pinned.pin.clone())).collect())
        }
        Aim::Locate { references, .. } => {
            let specs = references.keys().filter_map(|name| ground.feature_set.resource(name));
            ground.host.load(specs.map(|spec| &spec.plugin))?;
            let located = references.iter().map(|(name, reference)| ground.locate(name, reference));
            futures_util::future::join_all(located).await.into_iter().collect()
        }
    }
}

/// A pin holds for the place that it was taken at.
fn moved_house(
    resolution: &Resolution<'_>,
    point: &belay_domain::point::Point,
    name: &ResourceName,
    id: &belay_domain::id::PointId,
) -> Result<(), Error> {
    let (Some(pinned), Some(spec)) = (point.pins.get(name), resolution.feature_set.resource(name)) else {
        return Ok(());
    };
    if pinned.at == spec.at {
        return Ok(());
    }
    Err(Error::usage(format!("{id} pinned `{name}` at {}, but it now lives at {}", pinned.at, spec.at))
        .next(format!("add --except {name}, or name another point: belay point list")))
}

fn stages(
    ground: &Ground,
    resolution: &Resolution<'_>,
    pins: &BTreeMap<ResourceName, Pin>,
) -> Result<Vec<StageSpec>, Error> {
    let component = |plugin: &PluginName| ground.host.pinned(plugin);
    let step = |step: &resolve::ResolvedStep| {
        let subject = resolution.subject(&step.about, pins, component)?;
        let subject = subject.or_else(|| left_out(resolution, &step.about, component).ok().flatten());
        let subject =
            subject.ok_or_else(|| Error::usage("a step wants something that the destination doesn't tell"))?;
        Ok(step_spec(&ground.environment, step.id, subject, step.excepted))
    };
    resolution
        .stages
        .iter()
        .map(|stage| {
            let steps = stage.steps.iter().map(step).collect::<Result<_, Error>>()?;
            Ok(StageSpec { name: stage.name.clone(), steps })
        })
        .collect()
}

/// A step that was left out wants nothing; it stands in the run so that the receipt can name it.
fn left_out(
    resolution: &Resolution<'_>,
    about: &About,
    component: impl Fn(&PluginName) -> Result<Digest, Error>,
) -> Result<Option<Subject>, Error> {
    let About::Resource { resource, connections, .. } = about else { return Ok(None) };
    let empty = Json::parse("{}").map_err(|error| Error::failed(error.to_string()))?;
    let wants = resolve::Wants::Attributes(empty);
    let about = About::Resource { resource: resource.clone(), wants, connections: connections.clone() };
    resolution.subject(&about, &BTreeMap::new(), component)
}

pub(crate) fn step_spec(environment: &Environment, id: StepId, subject: Subject, excepted: bool) -> StepSpec {
    let connection = subject.target().and_then(|target| environment.connections.get(&target.at.connection));
    let settle_ms = connection.map_or(SETTLE_MS, |spec| spec.rules.settle_ms);
    let confirm_within_ms = connection.map_or(settle_ms, belay_connect::ConnectionSpec::patience_ms);
    StepSpec { id, subject, excepted, settle_ms, confirm_within_ms, act_within_ms: ACT_WITHIN_MS }
}

/// What a runbook or the responder says may be left as it is.
fn may_leave(runbook: &Runbook, request: &PlanRequest) -> BTreeSet<ResourceName> {
    runbook.leaves.iter().map(|left| &left.resource).chain(&request.except).cloned().collect()
}

/// An environment as it is for a runbook that was asked for before; where it would loosen something now, as for none.
pub(crate) fn tightened(environment: &Environment, runbook: Option<&Runbook>) -> Environment {
    let limits = runbook.and_then(|runbook| resolve::limits(environment, runbook).ok());
    under(environment.clone(), limits.unwrap_or_else(|| environment.risk.limits.clone()))
}

/// An environment as it is for one runbook.
fn under(environment: Environment, limits: Limits) -> Environment {
    Environment { risk: RiskPolicy { limits, ..environment.risk }, ..environment }
}

/// What the stages go back to, for the facts.
pub(crate) fn pins_of(stages: &[StageSpec]) -> Vec<PinFacts> {
    let steps = stages.iter().flat_map(|stage| &stage.steps).filter(|step| !step.excepted);
    steps.filter_map(|step| PinFacts::of(step.subject.target()?)).collect()
}

pub(crate) fn restored(stages: &[StageSpec]) -> BTreeSet<ResourceName> {
    let steps = stages.iter().flat_map(|stage| &stage.steps).filter(|step| !step.excepted);
    steps.filter_map(|step| step.subject.target()).map(|target| target.resource.clone()).collect()
}

impl Ground {
    /// The state that a reference stands for, by its plugin.
    pub(crate) async fn locate(
        &self,
        name: &ResourceName,
        reference: &Reference,
    ) -> Result<(ResourceName, Pin), Error> {
        let spec = self
            .feature_set
            .resource(name)
            .ok_or_else(|| Error::usage(format!("`{}` has no resource `{name}`", self.feature_set.name())))?;
        let plugin = self.host.plugin(&spec.plugin)?;
        let Some(reverter) = plugin.as_reverter() else {
            return Err(Error::usage(planner::not_a("reverter", &spec.plugin)));
        };
        let resource = belay_domain::state::Resource {
            connection: spec.at.connection.clone(),
            id: spec.at.id.clone(),
            config: spec.config.clone(),
        };
        let granted = std::iter::once(&spec.at.connection).chain(&spec.connections).cloned();
        let access = self.host.access(&self.environment_name, &self.environment, granted);
        let call = reverter.locate(&access, &resource, reference).await;
        match self.answer(&spec.plugin, call)? {
            Ok(pin) => Ok((name.clone(), pin)),
            Err(Unanswered { reason, .. }) => Err(Error::failed(format!("`{name}` ({}): {reason}", spec.at))
                .changed("nothing was changed")
                .next(format!("add --except {name}, or go back to a point: belay point list"))),
        }
    }
}
