//! From what a responder names to what each step is about. Observes nothing.

use std::collections::{BTreeMap, BTreeSet};

use belay_domain::digest::Digest;
use belay_domain::feature_set::FeatureSet;
use belay_domain::id::{ConnectionName, EnvironmentName, Millis, PluginName, PointId, ResourceName, StageName, StepId};
use belay_domain::json::Json;
use belay_domain::limits::{Limits, Said, Terms, tighten};
use belay_domain::mandate::Destination;
use belay_domain::plan::{Subject, Target};
use belay_domain::point::Point;
use belay_domain::ramp::Ramp;
use belay_domain::runbook::{OnFailure, RampRecipe, Runbook, Setting, Step};
use belay_domain::state::{Desired, Pin, Reference};

use crate::api::{Error, Goal, PlanRequest};
use crate::workspace::{Environment, Workspace};

/// What a request names, found in the workspace.
pub(crate) struct Resolution<'w> {
    pub(crate) environment_name: EnvironmentName,
    pub(crate) environment: &'w Environment,
    pub(crate) runbook: &'w Runbook,
    pub(crate) feature_set: &'w FeatureSet,
    pub(crate) parameters: BTreeMap<String, Json>,
    /// In order; stages left out by `--only` are not among them.
    pub(crate) stages: Vec<ResolvedStage>,
    /// Stages that `--only` leaves out.
    pub(crate) left_out: Vec<StageName>,
    /// The place of the first stage in the run.
    pub(crate) first_stage: u32,
    /// The runbook that follows a failure, whole and with its defaults; none for `--only`, which asks for less.
    pub(crate) alternate: Option<Box<Self>>,
    /// Those of the environment, tightened by the runbook.
    pub(crate) limits: Limits,
}

pub(crate) struct ResolvedStage {
    pub(crate) name: StageName,
    pub(crate) steps: Vec<ResolvedStep>,
}

/// A step whose resource is known, and what it wants as far as the request tells.
pub(crate) struct ResolvedStep {
    pub(crate) id: StepId,
    pub(crate) excepted: bool,
    pub(crate) about: About,
}

pub(crate) enum About {
    Resource { resource: ResourceName, wants: Wants, connections: Vec<ConnectionName> },
    Manual { instruction: String },
}

/// What a step wants.
pub(crate) enum Wants {
    /// These attributes.
    Attributes(Json),
    /// One attribute, by parts.
    Ramp(Ramp),
    /// What the destination says of the resource.
    Destination,
}

impl<'w> Resolution<'w> {
    pub(crate) fn of(workspace: &'w Workspace, request: &PlanRequest) -> Result<Self, Error> {
        let (environment_name, environment) = environment(workspace, request.environment.as_ref())?;
        let runbook = workspace.runbooks.get(&request.runbook).ok_or_else(|| {
            let known = list(workspace.runbooks.keys());
            Error::usage(format!("there is no runbook `{}`; this workspace has {known}", request.runbook))
                .next("belay runbook list")
        })?;
        let feature_set = feature_set(workspace, &request.feature_set)?;
        let parameters = runbook
            .parameters(&request.parameters)
            .map_err(|error| Error::usage(error.to_string()).next(format!("belay runbook show {}", runbook.name)))?;
        let limits = limits(environment, runbook)?;
        let mut resolution = Self {
            limits,
            environment_name,
            environment,
            runbook,
            feature_set,
            parameters,
            stages: vec![],
            left_out: vec![],
            first_stage: 0,
            alternate: None,
        };
        resolution.alternate = resolution.alternate(workspace, request)?.map(Box::new);
        resolution.stages(request)?;
        if let Some(alternate) = &mut resolution.alternate {
            alternate.follow(count(resolution.stages.len()));
        }
        Ok(resolution)
    }

    /// The age in milliseconds of the oldest point or moment that may be gone back to, also by what follows a failure.
    pub(crate) fn oldest(&self) -> &Said<u64> {
        let after = self.alternate.iter().map(|alternate| alternate.oldest());
        after
            .chain([&self.limits.max_point_age_ms])
            .min_by_key(|said| said.value)
            .unwrap_or(&self.limits.max_point_age_ms)
    }

    /// What follows a failure, where that is another runbook.
    fn alternate(&self, workspace: &'w Workspace, request: &PlanRequest) -> Result<Option<Self>, Error> {
        let OnFailure::Runbook(name) = &self.runbook.on_failure else { return Ok(None) };
        let (None, Some(runbook)) = (&request.only, workspace.runbooks.get(name)) else { return Ok(None) };
        let parameters = runbook
            .parameters(&BTreeMap::new())
            .map_err(|error| Error::usage(format!("`{name}`, which follows a failure: {error}")).next("belay lint"))?;
        let except = request.except.iter().filter(|left_out| runbook.resources().any(|known| known == *left_out));
        let request = PlanRequest { except: except.cloned().collect(), ..request.clone() };
        let mut alternate = Self {
            limits: limits(self.environment, runbook)?,
            environment_name: self.environment_name.clone(),
            environment: self.environment,
            runbook,
            feature_set: self.feature_set,
            parameters,
            stages: vec![],
            left_out: vec![],
            first_stage: 0,
            alternate: None,
        };
        alternate.stages(&request)?;
        Ok(Some(alternate))
    }

    /// Puts its stages after others, under names that tell whose they are.
    fn follow(&mut self, first: u32) {
        self.first_stage = first;
        for stage in &mut self.stages {
            let named = format!("{}.{}", self.runbook.name, stage.name);
            let named = named.parse().unwrap_or_else(|_| stage.name.clone());
            if let Some(own) = self.limits.stage_bands.get(&stage.name).cloned() {
                self.limits.stage_bands.insert(named.clone(), own);
            }
            stage.name = named;
            for step in &mut stage.steps {
                step.id.stage = step.id.stage.saturating_add(first);
            }
        }
    }

    fn stages(&mut self, request: &PlanRequest) -> Result<(), Error> {
        let runbook = self.runbook;
        if let Some(only) = request.only.as_ref().filter(|only| !runbook.stages.iter().any(|s| s.name == **only)) {
            let known = list(runbook.stages.iter().map(|stage| &stage.name));
            return Err(Error::usage(format!("`{}` has no stage `{only}`; it has {known}", runbook.name))
                .next(format!("belay runbook show {}", runbook.name)));
        }
        let after = self.alternate.iter().flat_map(|alternate| alternate.runbook.resources());
        let subjects: BTreeSet<_> = runbook.resources().chain(after).collect();
        // What is made from what is restored may be left, also where no step is about it.
        let made_from = subjects.iter().flat_map(|name| self.feature_set.downstream_of(name));
        let subjects: BTreeSet<_> = subjects.iter().copied().chain(made_from).collect();
        if let Some(stranger) = request.except.iter().find(|name| !subjects.contains(name)) {
            let known = list(subjects);
            return Err(Error::usage(format!("--except {stranger}: `{}` restores {known}", runbook.name))
                .next(format!("belay runbook show {}", runbook.name)));
        }
        for stage in &runbook.stages {
            if request.only.as_ref().is_some_and(|only| *only != stage.name) {
                self.left_out.push(stage.name.clone());
                continue;
            }
            let index = count(self.stages.len());
            let steps = stage
                .steps
                .iter()
                .zip(0..)
                .map(|(step, place)| self.step(step, StepId { stage: index, step: place }, request));
            let steps = steps.collect::<Result<_, _>>()?;
            self.stages.push(ResolvedStage { name: stage.name.clone(), steps });
        }
        Ok(())
    }

    fn step(&self, step: &Step, id: StepId, request: &PlanRequest) -> Result<ResolvedStep, Error> {
        Ok(match step {
            Step::Manual { instruction } => {
                let about = About::Manual { instruction: instruction.clone() };
                ResolvedStep { id, excepted: false, about }
            }
            Step::Resource { resource, set, connections, ramp, when_down: _ } => {
                if self.feature_set.resource(resource).is_none() {
                    let known = list(self.feature_set.resources().iter().map(|spec| &spec.name));
                    let (runbook, set) = (&self.runbook.name, self.feature_set.name());
                    let message =
                        format!("`{runbook}` restores `{resource}`, which `{set}` doesn't have; it has {known}");
                    return Err(Error::usage(message).next("belay runbook list"));
                }
                let wants = match (ramp, set) {
                    (Some(ramp), _) => self.ramp(ramp)?,
                    (None, Some(set)) => self.attributes(set)?,
                    (None, None) => Wants::Destination,
                };
                let excepted = request.except.contains(resource);
                let about = About::Resource { resource: resource.clone(), wants, connections: connections.clone() };
                ResolvedStep { id, excepted, about }
            }
        })
    }

    fn attributes(&self, set: &BTreeMap<String, Setting>) -> Result<Wants, Error> {
        let object = set.iter().map(|(name, setting)| Ok((name.clone(), self.value(setting)?.value().clone())));
        let object = object.collect::<Result<serde_json::Map<_, _>, Error>>()?;
        Json::new(object.into()).map(Wants::Attributes).map_err(|error| Error::usage(error.to_string()))
    }

    fn ramp(&self, recipe: &RampRecipe) -> Result<Wants, Error> {
        let through = recipe.through.iter().map(|setting| self.value(setting)).collect::<Result<_, Error>>()?;
        let attribute = recipe.attribute.clone();
        Ok(Wants::Ramp(Ramp { attribute, through, hold_ms: recipe.hold_ms, checks: recipe.checks }))
    }

    fn value(&self, setting: &Setting) -> Result<Json, Error> {
        match setting {
            Setting::Value(value) => Ok(value.clone()),
            Setting::Parameter(name) => self.parameters.get(name).cloned().ok_or_else(|| {
                let runbook = &self.runbook.name;
                Error::usage(format!("`{runbook}` sets something to the parameter `{name}`, which it lacks"))
            }),
        }
    }

    /// The resources whose step wants what the destination says, and that are not excepted.
    pub(crate) fn wanting_destination(&self) -> Vec<&ResourceName> {
        let steps = self.stages.iter().flat_map(|stage| &stage.steps).filter(|step| !step.excepted);
        let wanting = steps.filter_map(|step| match &step.about {
            About::Resource { resource, wants: Wants::Destination, .. } => Some(resource),
            About::Resource { wants: Wants::Attributes(_) | Wants::Ramp(_), .. } | About::Manual { .. } => None,
        });
        let after = self.alternate.iter().flat_map(|alternate| alternate.wanting_destination());
        let all: BTreeSet<_> = wanting.chain(after).collect();
        all.into_iter().collect()
    }

    /// The subject of a step, once the destination's pins and the plugins' digests are known. `None` where the
    /// destination says nothing of the resource.
    pub(crate) fn subject(
        &self,
        about: &About,
        pins: &BTreeMap<ResourceName, Pin>,
        component: impl Fn(&PluginName) -> Result<Digest, Error>,
    ) -> Result<Option<Subject>, Error> {
        let (resource, wants, connections) = match about {
            About::Manual { instruction } => return Ok(Some(Subject::Manual { instruction: instruction.clone() })),
            About::Resource { resource, wants, connections } => (resource, wants, connections),
        };
        let Some(spec) = self.feature_set.resource(resource) else { return Ok(None) };
        let desired = match wants {
            Wants::Attributes(attributes) => Desired::Attributes(attributes.clone()),
            Wants::Ramp(ramp) => match ramp.desired(ramp.last()) {
                Some(last) => last,
                None => return Ok(None),
            },
            Wants::Destination => match pins.get(resource) {
                Some(pin) => Desired::Pinned(pin.clone()),
                None => return Ok(None),
            },
        };
        Ok(Some(Subject::Resource(Box::new(Target {
            resource: resource.clone(),
            at: spec.at.clone(),
            config: spec.config.clone(),
            plugin: spec.plugin.clone(),
            component: component(&spec.plugin)?,
            connections: both(&spec.connections, connections),
            upstream: self.feature_set.upstream_of(resource).into_iter().cloned().collect(),
            desired,
            ramp: if let Wants::Ramp(ramp) = wants { Some(ramp.clone()) } else { None },
        }))))
    }
}

/// The connections that the resource grants, then those that only the step grants.
fn both(resource: &[ConnectionName], step: &[ConnectionName]) -> Vec<ConnectionName> {
    let more = step.iter().filter(|name| !resource.contains(name));
    resource.iter().chain(more).cloned().collect()
}

/// What the responder wants to go back to, before any plugin was asked.
pub(crate) enum Aim {
    /// A point of the set's history.
    Point { id: PointId, digest: Digest, point: Box<Point> },
    /// States that plugins have to find.
    Locate { destination: Destination, references: BTreeMap<ResourceName, Reference> },
    /// Nothing is to be restored: each step sets attributes.
    Nothing,
}

impl Aim {
    /// What plugins have to find for a goal that is not a point.
    pub(crate) fn locate(goal: &Goal, wanting: &[&ResourceName]) -> Result<Option<Self>, Error> {
        match goal {
            Goal::Point(_) | Goal::LatestGood => Ok(None),
            Goal::Before(at) => {
                // The state just before a moment is the one at the last millisecond before it.
                let moment = Millis(at.0.saturating_sub(1));
                let references = wanting.iter().map(|name| ((*name).clone(), Reference::At(moment))).collect();
                Ok(Some(Self::Locate { destination: Destination::Before { at: *at }, references }))
            }
            Goal::Versions(versions) => {
                if let Some(stranger) = versions.keys().find(|name| !wanting.contains(name)) {
                    let known = list(wanting);
                    return Err(Error::usage(format!("--at {stranger}=…: the steps that restore a state are {known}"))
                        .next(format!("leave --at {stranger}=… out")));
                }
                if let Some(missing) = wanting.iter().find(|name| !versions.contains_key(**name)) {
                    let message = format!("--at says nothing of `{missing}`, which the runbook restores");
                    return Err(
                        Error::usage(message).next(format!("add --at {missing}=VERSION, or --except {missing}"))
                    );
                }
                let reference = |version: &String| Reference::Version(version.clone());
                let references = versions.iter().map(|(name, version)| (name.clone(), reference(version))).collect();
                Ok(Some(Self::Locate { destination: Destination::Versions { versions: versions.clone() }, references }))
            }
        }
    }
}

/// The environment that is named, or the only one.
pub(crate) fn environment<'w>(
    workspace: &'w Workspace,
    name: Option<&EnvironmentName>,
) -> Result<(EnvironmentName, &'w Environment), Error> {
    let known = list(workspace.environments.keys());
    match name {
        Some(name) => workspace.environments.get(name).map(|found| (name.clone(), found)).ok_or_else(|| {
            Error::usage(format!("there is no environment `{name}`; this workspace has {known}"))
                .next("add --env with one of these")
        }),
        None => match workspace.environments.iter().next() {
            Some((name, found)) if workspace.environments.len() == 1 => Ok((name.clone(), found)),
            _ => Err(Error::usage(format!("no environment given; this workspace has {known}"))
                .changed("nothing was read or changed")
                .next("add --env NAME: no environment is the default")),
        },
    }
}

/// The feature set that is named.
pub(crate) fn feature_set<'w>(
    workspace: &'w Workspace,
    name: &belay_domain::id::FeatureSetName,
) -> Result<&'w FeatureSet, Error> {
    workspace.feature_sets.get(name).ok_or_else(|| {
        let known = list(workspace.feature_sets.keys());
        Error::usage(format!("there is no feature set `{name}`; this workspace has {known}"))
            .next("belay runbook list shows which runbook serves which")
    })
}

/// What holds for a runbook in an environment. One that would loosen anything is not run.
pub(crate) fn limits(environment: &Environment, runbook: &Runbook) -> Result<Limits, Error> {
    tighten(&environment.risk.limits, &Terms::default(), &runbook.limits).map_err(|loosened| {
        let lines: Vec<_> = loosened.iter().map(ToString::to_string).collect();
        Error::refused(format!("`{}` would loosen what governance allows: {}", runbook.name, lines.join("; ")))
            .changed("nothing was changed")
            .next("belay lint")
    })
}

/// Names for people: `a, b and c`.
pub(crate) fn list<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.to_string())).collect();
    match names.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// A place in a list as the number that ids use.
pub(crate) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
