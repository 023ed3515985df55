//! `runbooks/*.toml`: the runbooks.

mod ramp;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use belay_domain::check::{Check, Inconclusive, Threshold};
use belay_domain::id::{ConnectionName, PluginName, ResourceName, RunbookName, StageName};
use belay_domain::json::Json;
use belay_domain::limits::{Place, Said};
use belay_domain::runbook::{Left, OnFailure, Parameter, ParameterKind, Runbook, ServiceLevel, Setting, Stage, Step};
use belay_domain::skip::{IfUnreachable, IfUpstreamSkipped, WhenDown};
use serde::Deserialize;
use toml::Spanned;

use super::catalog::Known;
use super::limits::{self, LimitsTable, Time};
use super::scopes::{Nameable, ScopeTable};
use super::source::{Problem, Source, to_json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    runbook: Heading,
    #[serde(default)]
    parameter: BTreeMap<String, Spanned<ParameterTable>>,
    #[serde(default)]
    stage: Vec<Spanned<StageTable>>,
    #[serde(default)]
    check: Vec<Spanned<CheckTable>>,
    #[serde(default)]
    service_level: ServiceLevelTable,
    #[serde(default)]
    limits: LimitsTable,
    #[serde(default)]
    leaves: Vec<Spanned<Left>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Heading {
    name: RunbookName,
    summary: String,
    #[serde(default)]
    when: String,
    #[serde(default)]
    when_not: String,
    #[serde(default)]
    escalate_to: String,
    #[serde(default)]
    tags: Vec<String>,
    on_failure: Option<Spanned<toml::Value>>,
    #[serde(default)]
    may_touch: ScopeTable,
}

/// A runbook, and where it says some of it.
pub(super) struct Recipe {
    pub(super) runbook: Runbook,
    /// The step about each resource.
    pub(super) steps: BTreeMap<ResourceName, Place>,
    /// Where it names another runbook, with the message still to be written.
    pub(super) names_another: Option<Problem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterTable {
    #[serde(rename = "type")]
    kind: ParameterKind,
    default: Option<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StageTable {
    name: StageName,
    approvals: Option<Spanned<u32>>,
    #[serde(default)]
    step: Vec<Spanned<StepTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepTable {
    resource: Option<ResourceName>,
    set: Option<BTreeMap<String, toml::Value>>,
    ramp: Option<ramp::RampTable>,
    #[serde(default)]
    connections: Vec<Spanned<ConnectionName>>,
    manual: Option<String>,
    if_unreachable: Option<IfUnreachable>,
    if_upstream_skipped: Option<IfUpstreamSkipped>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckTable {
    probe: Spanned<PluginName>,
    #[serde(default)]
    connections: Vec<Spanned<ConnectionName>>,
    resource: Option<Spanned<ResourceName>>,
    #[serde(default)]
    config: Option<toml::Value>,
    measurement: String,
    must: Threshold,
    #[serde(with = "humantime_serde")]
    within: Duration,
    #[serde(default, with = "humantime_serde")]
    hold: Duration,
    #[serde(default)]
    inconclusive: Inconclusive,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ServiceLevelTable {
    #[serde(default, with = "humantime_serde")]
    restored_within: Option<Duration>,
    may_lose: Option<Spanned<Time>>,
}

/// Reads one file.
pub(super) fn parse(source: &Source, known: &Known<'_>, nameable: &Nameable<'_>) -> Result<Recipe, Vec<Problem>> {
    let file: File = source.parse().map_err(|problem| vec![problem])?;
    let mut reader = Reader { source, known, problems: Vec::new() };
    let parameters: Vec<_> =
        file.parameter.into_iter().filter_map(|(name, table)| reader.parameter(name, table)).collect();
    let steps = steps(source, &file.stage);
    let approvals = reader.approvals(&file.stage);
    let stages = reader.stages(file.stage, &parameters);
    let leaves = reader.leaves(file.leaves, &stages);
    let checks = file.check.into_iter().filter_map(|table| reader.check(table, &stages)).collect();
    let place = file.runbook.on_failure.as_ref().map(Spanned::span);
    let on_failure = reader.on_failure(file.runbook.on_failure);
    let names_another = matches!(on_failure, OnFailure::Runbook(_)).then(|| source.problem(place, String::new()));
    let may_touch = file.runbook.may_touch.read(source, nameable, &mut reader.problems);
    if !reader.problems.is_empty() {
        return Err(reader.problems);
    }
    let runbook = Runbook {
        name: file.runbook.name,
        summary: file.runbook.summary,
        when: file.runbook.when,
        when_not: file.runbook.when_not,
        escalate_to: file.runbook.escalate_to,
        tags: file.runbook.tags,
        parameters,
        stages,
        checks,
        service_level: ServiceLevel {
            restored_within_ms: file.service_level.restored_within.map(millis),
            may_lose_ms: file.service_level.may_lose.as_ref().map(|time| time.as_ref().millis()),
        },
        on_failure,
        may_touch,
        limits: limits::of_runbook(source, &file.limits, approvals, file.service_level.may_lose.as_ref()),
        leaves,
    };
    Ok(Recipe { runbook, steps, names_another })
}

fn steps(source: &Source, tables: &[Spanned<StageTable>]) -> BTreeMap<ResourceName, Place> {
    let steps = tables.iter().flat_map(|stage| &stage.as_ref().step);
    steps.filter_map(|step| Some((step.as_ref().resource.clone()?, limits::place(source, step.span())))).collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

struct Reader<'file> {
    source: &'file Source,
    known: &'file Known<'file>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, span: std::ops::Range<usize>, message: impl Into<String>) {
        self.problems.push(self.source.problem(Some(span), message));
    }

    fn json(&mut self, span: std::ops::Range<usize>, value: toml::Value) -> Option<Json> {
        to_json(value).map_err(|error| self.problem(span, error)).ok()
    }

    fn on_failure(&mut self, entry: Option<Spanned<toml::Value>>) -> OnFailure {
        let Some(entry) = entry else { return OnFailure::Halt };
        let span = entry.span();
        let alone = |table: &toml::Table| table.len() == 1;
        let named = |value: &toml::Value| {
            value.as_table().filter(|table| alone(table))?.get("runbook")?.as_str().map(str::to_owned)
        };
        match entry.as_ref().as_str() {
            Some("halt") => return OnFailure::Halt,
            Some("undo") => return OnFailure::Undo,
            Some(_) | None => {}
        }
        match named(entry.as_ref()).map(|name| name.parse()) {
            Some(Ok(name)) => OnFailure::Runbook(name),
            Some(Err(error)) => {
                let error: belay_domain::id::InvalidName = error;
                self.problem(span, error.to_string());
                OnFailure::Halt
            }
            None => {
                self.problem(span, "`on_failure` is \"halt\", \"undo\" or { runbook = \"NAME\" }");
                OnFailure::Halt
            }
        }
    }

    fn parameter(&mut self, name: String, table: Spanned<ParameterTable>) -> Option<Parameter> {
        let span = table.span();
        let ParameterTable { kind, default } = table.into_inner();
        let default = match default {
            None => None,
            Some(value) => Some(self.json(span.clone(), value)?),
        };
        if let Some(wrong) = default.as_ref().filter(|default| !kind.fits(default)) {
            self.problem(span, format!("the default {wrong} of `{name}` is not {}", kind.describe()));
            return None;
        }
        Some(Parameter { name, kind, default })
    }

    fn stages(&mut self, tables: Vec<Spanned<StageTable>>, parameters: &[Parameter]) -> Vec<Stage> {
        let mut names = BTreeSet::new();
        let mut resources = BTreeSet::new();
        let mut stages = Vec::new();
        if tables.is_empty() {
            self.problems.push(self.source.problem(None, "it has no [[stage]]: nothing would be done"));
        }
        for table in tables {
            let span = table.span();
            let StageTable { name, step, approvals: _ } = table.into_inner();
            if !names.insert(name.clone()) {
                self.problem(span.clone(), format!("two stages are called `{name}`"));
            }
            if step.is_empty() {
                self.problem(span, format!("the stage `{name}` has no [[stage.step]]"));
            }
            let steps = step.into_iter().filter_map(|step| self.step(step, parameters, &mut resources)).collect();
            stages.push(Stage { name, steps });
        }
        stages
    }

    /// The approvals that stages ask for at the least.
    fn approvals(&mut self, tables: &[Spanned<StageTable>]) -> BTreeMap<StageName, Said<u32>> {
        let mut found = BTreeMap::new();
        for table in tables.iter().map(AsRef::as_ref) {
            let Some(approvals) = &table.approvals else { continue };
            if *approvals.as_ref() == 0 {
                self.problem(approvals.span(), "`approvals` is at least 1: a stage can't do without those of its band");
            }
            found.insert(table.name.clone(), limits::said(self.source, approvals));
        }
        found
    }

    fn leaves(&mut self, tables: Vec<Spanned<Left>>, stages: &[Stage]) -> Vec<Left> {
        for left in tables.iter().filter(|left| has_step(stages, &left.as_ref().resource)) {
            let message =
                format!("`{}` has a step in this runbook, so it is not left as it is", left.as_ref().resource);
            self.problem(left.span(), message);
        }
        for left in tables.iter().filter(|left| left.as_ref().because.trim().is_empty()) {
            self.problem(left.span(), "`because` says why that does no harm");
        }
        tables.into_iter().map(Spanned::into_inner).collect()
    }

    fn step(
        &mut self,
        table: Spanned<StepTable>,
        parameters: &[Parameter],
        resources: &mut BTreeSet<ResourceName>,
    ) -> Option<Step> {
        let span = table.span();
        let table = table.into_inner();
        let alone = table.set.is_none()
            && table.ramp.is_none()
            && table.connections.is_empty()
            && table.if_unreachable.is_none()
            && table.if_upstream_skipped.is_none();
        match (table.resource, table.manual) {
            (Some(resource), None) => {
                if !resources.insert(resource.clone()) {
                    self.problem(span.clone(), format!("`{resource}` already has a step in this runbook"));
                }
                let connections = self.connections(table.connections);
                let set = match table.set {
                    None => None,
                    Some(attributes) => Some(self.settings(&span, attributes, parameters)?),
                };
                if set.is_some() && table.ramp.is_some() {
                    self.problem(span.clone(), "a step has either `set` or `ramp`, not both");
                }
                let ramp = match table.ramp {
                    None => None,
                    Some(ramp) => Some(self.ramp(&span, ramp, parameters)?),
                };
                let when_down = WhenDown {
                    if_unreachable: table.if_unreachable.unwrap_or_default(),
                    if_upstream_skipped: table.if_upstream_skipped.unwrap_or_default(),
                };
                Some(Step::Resource { resource, set, connections, ramp, when_down })
            }
            (None, Some(instruction)) if alone => Some(Step::Manual { instruction }),
            _ => {
                self.problem(span, "a step has either `resource`, with what it sets, or `manual` alone");
                None
            }
        }
    }

    fn settings(
        &mut self,
        span: &std::ops::Range<usize>,
        attributes: BTreeMap<String, toml::Value>,
        parameters: &[Parameter],
    ) -> Option<BTreeMap<String, Setting>> {
        let mut settings = BTreeMap::new();
        for (name, value) in attributes {
            settings.insert(name, self.setting(span, value, parameters)?);
        }
        Some(settings)
    }

    /// A value as written, or the parameter that it names.
    fn setting(
        &mut self,
        span: &std::ops::Range<usize>,
        value: toml::Value,
        parameters: &[Parameter],
    ) -> Option<Setting> {
        let parameter = value.as_table().filter(|table| table.len() == 1).and_then(|table| table.get("parameter"));
        match parameter.and_then(toml::Value::as_str) {
            Some(parameter) if !parameters.iter().any(|known| known.name == parameter) => {
                self.problem(span.clone(), format!("the runbook has no [parameter.{parameter}]"));
                None
            }
            Some(parameter) => Some(Setting::Parameter(parameter.to_owned())),
            None => Some(Setting::Value(self.json(span.clone(), value)?)),
        }
    }

    fn connections(&mut self, names: Vec<Spanned<ConnectionName>>) -> Vec<ConnectionName> {
        for name in &names {
            if !self.known.connections.contains(&name.as_ref()) {
                self.problem(name.span(), format!("`{}` is no connection of belay.toml", name.as_ref()));
            }
        }
        names.into_iter().map(Spanned::into_inner).collect()
    }

    fn check(&mut self, table: Spanned<CheckTable>, stages: &[Stage]) -> Option<Check> {
        let span = table.span();
        let table = table.into_inner();
        if !self.known.plugins.contains_key(table.probe.as_ref()) {
            self.problem(table.probe.span(), format!("`{}` is no plugin of this workspace", table.probe.as_ref()));
        }
        let connections = self.connections(table.connections);
        if let Some(named) = table.resource.as_ref().filter(|named| !restores(stages, named.as_ref())) {
            let message = format!("no step of this runbook puts `{}` back to what is pinned", named.as_ref());
            self.problem(named.span(), message);
        }
        let config = self.json(span, table.config.unwrap_or_else(|| toml::Value::Table(toml::Table::new())))?;
        Some(Check {
            probe: table.probe.into_inner(),
            connections,
            resource: table.resource.map(Spanned::into_inner),
            config,
            measurement: table.measurement,
            must: table.must,
            within_ms: millis(table.within),
            hold_ms: millis(table.hold),
            inconclusive: table.inconclusive,
        })
    }
}

/// Whether a step is about a resource.
fn has_step(stages: &[Stage], name: &ResourceName) -> bool {
    stages.iter().flat_map(|stage| &stage.steps).any(|step| match step {
        Step::Resource { resource, .. } => resource == name,
        Step::Manual { .. } => false,
    })
}

/// Whether a step restores a resource's pinned state, which a probe can be told.
fn restores(stages: &[Stage], name: &ResourceName) -> bool {
    stages.iter().flat_map(|stage| &stage.steps).any(|step| match step {
        Step::Resource { resource, set: None, ramp: None, .. } => resource == name,
        Step::Resource { .. } | Step::Manual { .. } => false,
    })
}
