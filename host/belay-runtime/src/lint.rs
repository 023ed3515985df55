//! Looks at everything in a workspace before anybody needs it: files, names, plugins, what plugins say of their
//! configuration. Needs no state and reaches no system: plugins are asked with no connection granted.

mod order;
pub(crate) mod people;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use belay_domain::feature_set::ResourceSpec;
use belay_domain::id::{Millis, PluginName};
use belay_domain::json::Json;
use belay_domain::limits::{Terms, tighten};
use belay_domain::runbook::{Runbook, Setting, Step};
use belay_domain::state::{Context, Description, Desired, Fault, Resource, State};
use belay_sandbox::{Access, CallError, Plugin, Sandbox, World};

use crate::api::{Error, Finding, LintAnswer};
use crate::compiling;
use crate::workspace::{self, Workspace};

/// Examines a workspace.
pub async fn lint(folder: &Path) -> Result<LintAnswer, Error> {
    let workspace = match Workspace::load(folder) {
        Ok(workspace) => workspace,
        Err(problems) => {
            let findings = problems.0.into_iter().map(|problem| Finding {
                file: problem.file,
                line: problem.line,
                message: problem.message,
            });
            return Ok(LintAnswer { examined: BTreeMap::new(), findings: findings.collect(), people: Vec::new() });
        }
    };
    let mut linter = Linter { workspace: &workspace, plugins: BTreeMap::new(), findings: Vec::new() };
    linter.plugins().await?;
    linter.feature_sets().await;
    linter.runbooks().await;
    linter.guardrails();
    linter.findings.extend(people::missing(&workspace));
    if workspace.key.exists()
        && let Some(warning) = crate::runtime::published_by_git(&workspace.key)
    {
        linter.find(workspace::FILE, warning);
    }
    let counts = [
        ("environments", workspace.environments.len()),
        ("feature sets", workspace.feature_sets.len()),
        ("runbooks", workspace.runbooks.len()),
        ("plugins", workspace.plugins.len()),
        ("guardrails", workspace.guardrails.len()),
    ];
    let examined = counts.into_iter().map(|(what, count)| (what.to_owned(), count as u64)).collect();
    let people = people::of_sets(&workspace, workspace.feature_sets.values());
    Ok(LintAnswer { examined, findings: linter.findings, people })
}

struct Linter<'w> {
    workspace: &'w Workspace,
    plugins: BTreeMap<PluginName, (Plugin, Description)>,
    findings: Vec<Finding>,
}

impl Linter<'_> {
    fn find(&mut self, file: impl Into<PathBuf>, message: String) {
        self.findings.push(Finding { file: file.into(), line: None, message });
    }

    async fn plugins(&mut self) -> Result<(), Error> {
        let mut sandboxes = BTreeMap::new();
        for (name, path) in &self.workspace.plugins {
            let size = self.workspace.size_of(name);
            let sandbox = match sandboxes.entry(size) {
                Entry::Occupied(made) => made.into_mut(),
                Entry::Vacant(none) => none.insert(compiling::sandbox(size)?),
            };
            match describe(sandbox, path).await {
                Ok((plugin, description)) => {
                    let digest = plugin.digest();
                    match self.workspace.lock.plugin.get(name) {
                        None => self
                            .find("belay.lock", format!("`{name}` is not pinned: belay plugin add {}", path.display())),
                        Some(pinned) if pinned.digest != digest => {
                            let (found, pinned) = (digest.short(), pinned.digest.short());
                            self.find("belay.lock", format!("`{name}` is pinned as {pinned}, but its file is {found}"));
                        }
                        Some(_) => {}
                    }
                    self.plugins.insert(name.clone(), (plugin, description));
                }
                Err(error) => self.find(workspace::FILE, format!("plugin `{name}`: {error}")),
            }
        }
        Ok(())
    }

    async fn feature_sets(&mut self) {
        for set in self.workspace.feature_sets.values() {
            for resource in set.resources() {
                let place = format!("`{}` of {}", resource.name, set.name());
                if self.config(&resource.plugin, World::Reverter, &resource.config, &place)
                    && let Some(wrong) = self.refuses(resource, None).await
                {
                    self.find(workspace::FILE, format!("{place}: {}: {wrong}", resource.plugin));
                }
            }
        }
    }

    /// What a reverter finds wrong with a resource, or with what a step sets of it, before it has read anything. A schema
    /// can't say that a pointer is none or that a name in a template is unknown.
    async fn refuses(&self, of: &ResourceSpec, set: Option<&Json>) -> Option<String> {
        let (plugin, _) = self.plugins.get(&of.plugin)?;
        let reverter = plugin.as_reverter()?;
        let resource =
            Resource { connection: of.at.connection.clone(), id: of.at.id.clone(), config: of.config.clone() };
        let answer = match set {
            None => reverter.observe(&Access::none(), &resource).await.result.map(|_| ()),
            Some(set) => {
                let moment = Context { now: Millis(0), key: "lint".to_owned() };
                let unseen = State { version: String::new(), content: Json::NULL, revision: Json::NULL };
                let path = [Desired::Attributes(set.clone())];
                reverter.plan(&Access::none(), &moment, &resource, &unseen, &path).await.result.map(|_| ())
            }
        };
        match answer {
            Err(CallError::Fault(Fault::Invalid(wrong))) => Some(wrong),
            // Without connections every other answer is about what could not be read.
            Ok(()) | Err(_) => None,
        }
    }

    async fn runbooks(&mut self) {
        for runbook in self.workspace.runbooks.values() {
            let serves =
                self.workspace.feature_sets.values().any(|set| runbook.resources().all(|r| set.resource(r).is_some()));
            if !serves {
                self.find("runbooks", format!("no feature set has all the resources of `{}`", runbook.name));
            }
            for check in &runbook.checks {
                let place = format!("a check of {}", runbook.name);
                let config = crate::planner::with_connections(&check.config, &check.connections);
                if let Ok(config) = config {
                    self.config(&check.probe, World::Probe, &config, &place);
                }
            }
            self.holds(runbook);
            self.loosens(runbook);
            let describes = |spec: &ResourceSpec| self.plugins.get(&spec.plugin).map(|(_, description)| description);
            let disorder = order::wrong(self.workspace, runbook, describes);
            self.findings.extend(disorder);
            for step in runbook.stages.iter().flat_map(|stage| &stage.steps) {
                for attributes in attributes(runbook, step) {
                    self.attributes(runbook, step, &attributes).await;
                }
            }
        }
    }

    /// What a ramp holds must fit into the time that the runbook promises and that a mandate lasts.
    fn holds(&mut self, runbook: &Runbook) {
        let held_ms = runbook.stages.iter().fold(0_u64, |sum, stage| {
            // Steps of a stage run side by side.
            let longest = stage.steps.iter().filter_map(held_ms).max().unwrap_or(0);
            sum.saturating_add(longest)
        });
        let takes = |limit: u64| format!("the ramps of `{}` are held for {held_ms} ms, {limit} ms", runbook.name);
        if let Some(promised) = runbook.service_level.restored_within_ms.filter(|promised| held_ms > *promised) {
            self.find("runbooks", format!("{} are promised by `restored_within`", takes(promised)));
        }
        for (name, environment) in &self.workspace.environments {
            let lasts = environment.risk.limits.mandate_ttl_ms.value;
            if held_ms > lasts {
                self.find("runbooks", format!("{} is how long a mandate lasts in `{name}`", takes(lasts)));
            }
        }
    }

    /// A runbook tightens what governance allows, and never loosens it, in whatever environment it may be run.
    fn loosens(&mut self, runbook: &Runbook) {
        let mut told = std::collections::BTreeSet::new();
        for environment in self.workspace.environments.values() {
            let tightened = tighten(&environment.risk.limits, &Terms::default(), &runbook.limits);
            for loosened in tightened.err().into_iter().flatten() {
                if told.insert(loosened.to_string()) {
                    let at = loosened.at.clone();
                    let file = at.as_ref().map_or("runbooks", |at| at.file.as_str()).into();
                    let message = loosened.to_string();
                    self.findings.push(Finding { file, line: at.and_then(|at| at.line), message });
                }
            }
        }
    }

    /// What a step sets must be attributes that the resource's plugin knows, in each feature set that it serves.
    async fn attributes(&mut self, runbook: &Runbook, step: &Step, attributes: &serde_json::Value) {
        let Step::Resource { resource, .. } = step else { return };
        for feature_set in self.workspace.feature_sets.values() {
            let Some(spec) = feature_set.resource(resource) else { continue };
            let Some((_, description)) = self.plugins.get(&spec.plugin) else { continue };
            if let Err(error) = fits(&description.attributes_schema, attributes) {
                let place = format!("`{resource}` in {} ({})", runbook.name, feature_set.name());
                self.find("runbooks", format!("{place} sets {attributes}, but {}: {error}", spec.plugin));
            } else if let Ok(set) = Json::new(attributes.clone())
                && let Some(wrong) = self.refuses(spec, Some(&set)).await
            {
                // A resource that makes no sense by itself is told of once, with its feature set.
                if self.refuses(spec, None).await.is_none() {
                    let place = format!("`{resource}` in {} ({})", runbook.name, feature_set.name());
                    self.find("runbooks", format!("{place}: {}: {wrong}", spec.plugin));
                }
            }
        }
    }

    fn guardrails(&mut self) {
        for guardrail in &self.workspace.guardrails {
            self.config(&guardrail.plugin, World::Guardrail, &guardrail.config, "a guardrail");
        }
    }

    /// Whether a configuration fits its plugin's schema; where it doesn't, that is found.
    fn config(&mut self, plugin: &PluginName, world: World, config: &Json, place: &str) -> bool {
        let Some((loaded, description)) = self.plugins.get(plugin) else { return false };
        let found = loaded.world();
        let wrong = if found == world {
            fits(&description.config_schema, config.value())
                .map_err(|error| format!("{place}: the configuration does not fit {plugin}: {error}"))
        } else {
            Err(format!("{place}: `{plugin}` is a {found}, where a {world} is needed"))
        };
        wrong.map_err(|message| self.find(workspace::FILE, message)).is_ok()
    }
}

/// For how long a step's ramp is held at the least; none where it has none.
fn held_ms(step: &Step) -> Option<u64> {
    let Step::Resource { ramp: Some(ramp), .. } = step else { return None };
    Some(ramp.hold_ms.saturating_mul(ramp.through.len().saturating_sub(1) as u64))
}

/// What a step sets: at once, or by the parts of its ramp. Parameters without a default are left out.
fn attributes(runbook: &Runbook, step: &Step) -> Vec<serde_json::Value> {
    let Step::Resource { set, ramp, .. } = step else { return Vec::new() };
    let value = |setting: &Setting| match setting {
        Setting::Value(value) => Some(value.value().clone()),
        Setting::Parameter(name) => {
            let parameter = runbook.parameters.iter().find(|parameter| parameter.name == *name)?;
            parameter.default.as_ref().map(|default| default.value().clone())
        }
    };
    let at_once = set.iter().map(|set| {
        set.iter()
            .filter_map(|(name, setting)| Some((name.clone(), value(setting)?)))
            .collect::<serde_json::Map<_, _>>()
    });
    let by_parts = ramp.iter().flat_map(|ramp| ramp.through.iter().map(|setting| (ramp.attribute.clone(), setting)));
    let by_parts =
        by_parts.map(|(attribute, setting)| value(setting).map(|value| (attribute, value)).into_iter().collect());
    at_once.chain(by_parts).map(serde_json::Value::Object).collect()
}

async fn describe(sandbox: &Sandbox, path: &Path) -> Result<(Plugin, Description), String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{} can't be read: {error}", path.display()))?;
    let plugin = sandbox.load(&bytes, None).map_err(|error| error.to_string())?;
    let description = plugin.describe().await.result.map_err(|error| error.to_string())?;
    Ok((plugin, description))
}

/// Whether a value fits a JSON Schema; the first way in which it does not.
fn fits(schema: &str, value: &serde_json::Value) -> Result<(), String> {
    let schema: serde_json::Value =
        serde_json::from_str(schema).map_err(|error| format!("its schema is no JSON: {error}"))?;
    let validator = jsonschema::validator_for(&schema).map_err(|error| format!("its schema is none: {error}"))?;
    validator.validate(value).map_err(|error| {
        let place = error.instance_path().to_string();
        if place.is_empty() { error.to_string() } else { format!("{error} (at {place})") }
    })
}
