//! `belay.toml` and the files beside it.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use belay_domain::id::{ConnectionName, EnvironmentName, PluginName, TeamName};
use belay_domain::json::Json;
use belay_domain::people::Role;
use serde::Deserialize;
use toml::Spanned;

use super::attached::Attached;
use super::catalog::{self, Known};
use super::connections::{ConnectionTable, Overlays, merged, resolve};
use super::document;
use super::limits::{self, RiskTable};
use super::lock::Lock;
use super::people::{self, GovernanceTable, PeopleTable, PeopleTables, RoleTable, Staff, TeamTable};
use super::retention::RetentionTable;
use super::scopes::Nameable;
use super::source::{Problem, Problems, Source, to_json};
use super::{Environment, Guardrail, Workspace, alternates, recipe};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    workspace: Heading,
    #[serde(default)]
    connection: BTreeMap<ConnectionName, ConnectionTable>,
    #[serde(default)]
    environment: BTreeMap<EnvironmentName, EnvironmentTable>,
    #[serde(default)]
    plugin: BTreeMap<PluginName, PluginTable>,
    risk: Spanned<RiskTable>,
    #[serde(default)]
    guardrail: Vec<Spanned<GuardrailTable>>,
    people: Option<PeopleTable>,
    retention: Option<RetentionTable>,
    governance: Option<GovernanceTable>,
    #[serde(default)]
    team: BTreeMap<TeamName, Spanned<TeamTable>>,
    #[serde(default)]
    role: BTreeMap<Role, Spanned<RoleTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Heading {
    name: belay_domain::id::FeatureSetName,
    state: PathBuf,
    key: Option<PathBuf>,
    origin: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvironmentTable {
    #[serde(default)]
    connection: Overlays,
    risk: Option<Spanned<RiskTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PluginTable {
    path: PathBuf,
    /// How much room it has; `"large"` for components that bring an interpreter.
    #[serde(default)]
    limits: belay_sandbox::Size,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Enforce,
    Monitor,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GuardrailTable {
    plugin: PluginName,
    mode: Option<Mode>,
    config: Option<toml::Table>,
    /// Files whose content becomes part of the configuration, by its key there.
    #[serde(default)]
    files: BTreeMap<String, Attached>,
}

pub(super) fn load(root: &Path) -> Result<Workspace, Problems> {
    let root = std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf());
    let one = |problem| Problems(vec![problem]);
    let source = Source::read(&root, super::FILE).map_err(one)?;
    let file: File = source.parse().map_err(one)?;
    let mut problems = Vec::new();
    let environments = environments(&root, &source, &file, &mut problems);
    let guardrails =
        file.guardrail.iter().filter_map(|table| guardrail(&root, &source, table, &file.plugin, &mut problems));
    let guardrails = guardrails.collect();
    let plugins = file.plugin.iter().map(|(name, table)| (name.clone(), root.join(&table.path))).collect();
    let large = file.plugin.iter().filter(|(_, table)| table.limits == belay_sandbox::Size::Large);
    let large = large.map(|(name, _)| name.clone()).collect();
    let connections: Vec<_> = file.connection.keys().collect();
    let teams: Vec<_> = file.team.keys().collect();
    let known = Known { plugins: &plugins, connections: &connections, teams: &teams };
    let feature_sets = folder(&root, "features", &mut problems, |source| {
        catalog::parse(source, &known).map(|set| (set.name().clone(), set))
    });
    let nameable = Nameable::new(file.environment.keys(), file.connection.keys(), feature_sets.values());
    let runbooks = folder(&root, "runbooks", &mut problems, |source| {
        recipe::parse(source, &known, &nameable).map(|recipe| (recipe.runbook.name.clone(), recipe))
    });
    problems.extend(alternates::check(&runbooks));
    let steps = runbooks.iter().map(|(name, recipe)| (name.clone(), recipe.steps.clone())).collect();
    let runbooks = runbooks.into_iter().map(|(name, recipe)| (name, recipe.runbook)).collect();
    let tables = PeopleTables { people: file.people, governance: file.governance, team: file.team, role: file.role };
    let staff = people::read(&root, &source, tables, &nameable, &mut problems);
    let lock = Lock::load(&root).unwrap_or_else(|problem| {
        problems.push(problem);
        Lock::default()
    });
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let name = file.workspace.name.to_string();
    let state = normal(&root.join(&file.workspace.state));
    let key = file.workspace.key.map_or_else(|| default_key(&name), |key| normal(&root.join(key)));
    let origin = file.workspace.origin.unwrap_or_else(|| format!("belay/{name}"));
    Ok(Workspace {
        root,
        name,
        origin,
        state,
        key,
        environments,
        plugins,
        large,
        lock,
        guardrails,
        feature_sets,
        runbooks,
        steps,
        staff,
        retention: file.retention.map(|table| table.older_than),
    })
}

/// The people as the files tell of them now, named by a workspace that was read before. Where something is wrong, or
/// they may touch what was not there yet, all of the files are read again.
pub(super) fn staff(workspace: &Workspace) -> Result<Option<Staff>, Problems> {
    let (root, mut problems) = (&workspace.root, Vec::new());
    let found = Source::read(root, super::FILE).and_then(|source| Ok((source.parse::<File>()?, source)));
    if let Ok((file, source)) = found {
        let sets = workspace.feature_sets.values();
        let nameable = Nameable::new(file.environment.keys(), file.connection.keys(), sets);
        let tables =
            PeopleTables { people: file.people, governance: file.governance, team: file.team, role: file.role };
        let staff = people::read(root, &source, tables, &nameable, &mut problems);
        if problems.is_empty() {
            return Ok(staff);
        }
    }
    load(root).map(|workspace| workspace.staff)
}

/// A path without `.` and `..`, by its words alone: what it leads to need not be there yet.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => normal.push(part),
        }
    }
    normal
}

/// Below the user's own data folder: neither in the workspace nor in its state.
fn default_key(name: &str) -> PathBuf {
    let home = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/share")));
    home.unwrap_or_else(|| PathBuf::from("/var/lib")).join("belay/keys").join(format!("{name}.key"))
}

fn environments(
    root: &Path,
    source: &Source,
    file: &File,
    problems: &mut Vec<Problem>,
) -> BTreeMap<EnvironmentName, Environment> {
    if file.environment.is_empty() {
        problems.push(source.problem(None, "there is no [environment.NAME]: belay would not know where to act"));
    }
    let mut found = BTreeMap::new();
    for (name, table) in &file.environment {
        for (connection, overlay) in &table.connection {
            if !file.connection.contains_key(connection) {
                let message =
                    format!("the environment `{name}` has `{connection}`, but there is no [connection.{connection}]");
                problems.push(source.problem(Some(overlay.span()), message));
            }
        }
        let mut connections = BTreeMap::new();
        let mut places = BTreeMap::new();
        for (connection, base) in &file.connection {
            // An environment that does not place a connection does without it.
            let Some(overlay) = table.connection.get(connection) else { continue };
            match resolve(root, connection, base, overlay.as_ref()) {
                Ok(spec) => {
                    connections.insert(connection.clone(), spec);
                    places.insert(connection.clone(), document::place(&merged(base, overlay.as_ref())));
                }
                Err(error) => {
                    let message = format!("connection `{connection}` of environment `{name}`: {error}");
                    problems.push(source.problem(Some(overlay.span()), message));
                }
            }
        }
        match limits::risk_policy(source, &file.risk, table.risk.as_ref()) {
            Ok(risk) => {
                found.insert(name.clone(), Environment { connections, places, risk });
            }
            Err(found) => problems.extend(found),
        }
    }
    found
}

fn guardrail(
    root: &Path,
    source: &Source,
    table: &Spanned<GuardrailTable>,
    plugins: &BTreeMap<PluginName, PluginTable>,
    problems: &mut Vec<Problem>,
) -> Option<Guardrail> {
    let span = table.span();
    let table = table.as_ref();
    if !plugins.contains_key(&table.plugin) {
        problems.push(source.problem(Some(span), format!("`{}` is no plugin of [plugin]", table.plugin)));
        return None;
    }
    match guardrail_config(root, table) {
        Ok(config) => Some(Guardrail {
            plugin: table.plugin.clone(),
            enforced: !matches!(table.mode, Some(Mode::Monitor)),
            config,
        }),
        Err(error) => {
            problems.push(source.problem(Some(span), error));
            None
        }
    }
}

fn guardrail_config(root: &Path, table: &GuardrailTable) -> Result<Json, String> {
    let config = to_json(table.config.clone().unwrap_or_default().into())?;
    if table.files.is_empty() {
        return Ok(config);
    }
    let mut members = config.value().as_object().cloned().unwrap_or_default();
    for (key, files) in &table.files {
        members.insert(key.clone(), files.read(root)?);
    }
    Json::new(members.into()).map_err(|error| error.to_string())
}

/// Reads every `.toml` of a folder. A folder that is not there is empty.
fn folder<K: Ord + std::fmt::Display, V>(
    root: &Path,
    folder: &str,
    problems: &mut Vec<Problem>,
    parse: impl Fn(&Source) -> Result<(K, V), Vec<Problem>>,
) -> BTreeMap<K, V> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root.join(folder))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(Path::new(folder).join(entry.ok()?.file_name())))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    let mut found = BTreeMap::new();
    for file in files {
        let parsed = Source::read(root, file)
            .map_err(|problem| vec![problem])
            .and_then(|source| parse(&source).map(|pair| (source.file().to_path_buf(), pair)));
        match parsed {
            Ok((file, (name, _))) if found.contains_key(&name) => {
                problems.push(Problem { file, line: None, message: format!("`{name}` is in another file too") });
            }
            Ok((_, (name, value))) => {
                found.insert(name, value);
            }
            Err(found) => problems.extend(found),
        }
    }
    found
}
