//! Plugins asked outside any run.

use std::path::{Path, PathBuf};

use belay_conformance::{FixtureError, Fixtures};
use belay_domain::json::Json;
use belay_runtime::api::{Ending, Error, TriedVerdict, VerdictWord};

use super::super::guard::json;
use super::super::open;
use super::make;
use crate::arguments::{Global, TryArguments};
use crate::output::Output;
use crate::render;

/// `belay plugin test`.
pub(super) async fn test(plugin: &Path, fixtures: Option<&Path>, output: Output) -> Result<Ending, Error> {
    let (component, beside) = component(plugin, output)?;
    let (loaded, _) = belay_runtime::load_component(&component)?;
    let folder = fixtures.map_or_else(|| beside.join("fixtures"), Path::to_path_buf);
    if fixtures.is_some() && !folder.is_dir() {
        return Err(Error::usage(format!("{} is no folder", folder.display())));
    }
    let fixtures = Fixtures::of_folder(loaded.world(), &folder).map_err(|error| unreadable(&error))?;
    let report = belay_conformance::test(&loaded, &fixtures).await;
    let shown = plugin.display().to_string();
    output.answer("plugin.test", &report, |report| render::conformance::report(report, &shown))?;
    Ok(if report.passed { Ending::Done } else { Ending::Failed })
}

/// The component of a folder, built, or a component itself; and the folder that it is of.
fn component(plugin: &Path, output: Output) -> Result<(PathBuf, PathBuf), Error> {
    if plugin.is_dir() {
        let built = make::component(plugin, output)?;
        let file = plugin.join(&built.file_name);
        std::fs::write(&file, &built.component)
            .map_err(|error| Error::failed(format!("{}: {error}", file.display())))?;
        return Ok((file, plugin.to_path_buf()));
    }
    let folder = plugin.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((plugin.to_path_buf(), folder.to_path_buf()))
}

/// `belay plugin try`.
pub(super) async fn attempt(typed: TryArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let config = typed.config.as_deref().map(json).transpose()?;
    let tried = match (&typed.about.run, &typed.about.facts, &typed.about.input) {
        (Some(run), _, _) => open(global)?.try_on_run(&typed.file, run, typed.stage.as_deref(), config).await?,
        (None, Some(facts), _) => on_facts(&typed.file, facts, config).await?,
        (None, None, Some(input)) => return on_fixture(&typed.file, input, output).await,
        (None, None, None) => return Err(Error::usage("nothing to ask about: --facts, --run or --input")),
    };
    output.answer("plugin.tried", &tried, |tried| render::guard::tried(tried))?;
    let worst = tried.iter().map(|tried| tried.verdict).max_by_key(|verdict| severity(*verdict));
    Ok(match worst {
        Some(VerdictWord::Deny) => Ending::Refused,
        Some(VerdictWord::NeedsApprovals) => Ending::Waits,
        Some(VerdictWord::Failed) => Ending::Failed,
        Some(VerdictWord::Allow | VerdictWord::NotAsked) | None => Ending::Done,
    })
}

const fn severity(verdict: VerdictWord) -> u8 {
    match verdict {
        VerdictWord::NotAsked | VerdictWord::Allow => 0,
        VerdictWord::NeedsApprovals => 1,
        VerdictWord::Deny => 2,
        VerdictWord::Failed => 3,
    }
}

/// A file of facts holds one document, or a list of them, as `belay plan show … --facts` prints them.
async fn on_facts(component: &Path, file: &Path, config: Option<Json>) -> Result<Vec<TriedVerdict>, Error> {
    let config = config.map_or_else(|| Json::parse("{}"), Ok).map_err(|error| Error::failed(error.to_string()))?;
    let whole = json(file)?;
    let documents = whole.value().as_array().cloned().unwrap_or_else(|| vec![whole.value().clone()]);
    let mut tried = Vec::new();
    for document in documents {
        let stage = document.pointer("/stage/name").and_then(serde_json::Value::as_str);
        let about =
            stage.map_or_else(|| file.display().to_string(), |stage| format!("{}, stage {stage}", file.display()));
        let facts = Json::new(document).map_err(|error| Error::usage(format!("{}: {error}", file.display())))?;
        tried.push(belay_runtime::try_on_facts(component, about, &facts, &config).await?);
    }
    Ok(tried)
}

async fn on_fixture(component: &Path, file: &Path, output: Output) -> Result<Ending, Error> {
    let (plugin, _) = belay_runtime::load_component(component)?;
    let fixture = Fixtures::of_file(plugin.world(), file).map_err(|error| unreadable(&error))?;
    let tried = belay_conformance::attempt(&plugin, &fixture).await;
    output.answer("plugin.asked", &tried, |tried| render::conformance::tried(tried))?;
    let answered = tried.iter().all(|tried| tried.output.get("answer").is_some());
    Ok(if answered { Ending::Done } else { Ending::Failed })
}

fn unreadable(error: &FixtureError) -> Error {
    Error::usage(error.to_string())
}
