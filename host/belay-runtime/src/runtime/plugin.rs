//! Plugins: pinned, listed, looked into.

use std::path::Path;

use belay_domain::digest::Digest;
use belay_domain::id::PluginName;
use belay_ledger::Object;
use belay_sandbox::{LoadError, Plugin, Size};

use super::Runtime;
use crate::api::{Error, PluginInspection, PluginSummary};
use crate::compiling;
use crate::ledger;
use crate::record::Cause;
use crate::workspace::PinnedPlugin;

impl Runtime {
    /// Every plugin of the workspace, and whether its file is the one that was pinned.
    pub async fn plugins(&self) -> Result<Vec<PluginSummary>, Error> {
        let mut found = Vec::new();
        for (name, path) in &self.host.workspace.plugins {
            found.push(self.plugin_summary(name, path).await);
        }
        Ok(found)
    }

    async fn plugin_summary(&self, name: &PluginName, path: &Path) -> PluginSummary {
        let pinned = self.host.workspace.lock.plugin.get(name);
        let mut summary = PluginSummary {
            name: name.clone(),
            path: path.strip_prefix(&self.host.workspace.root).unwrap_or(path).to_path_buf(),
            pinned: pinned.map(|pinned| pinned.digest),
            found: None,
            world: pinned.map(|pinned| pinned.world.clone()),
            version: pinned.map(|pinned| pinned.version.clone()),
            summary: None,
            problem: None,
        };
        match self.inspect(path).await {
            Err(error) => summary.problem = Some(error.what),
            Ok(inspection) => {
                summary.problem = match summary.pinned {
                    None => Some("not pinned: belay plugin add".to_owned()),
                    Some(digest) if digest != inspection.digest => Some("changed since it was pinned".to_owned()),
                    Some(_) => None,
                };
                summary.found = Some(inspection.digest);
                summary.summary = inspection.description.map(|description| description.summary);
            }
        }
        summary
    }

    /// Pins a component's digest under the plugin's name in `belay.toml`; the component itself joins the ledger.
    pub async fn add_plugin(&self, file: &Path, name: Option<PluginName>) -> Result<PluginSummary, Error> {
        let inspection = self.inspect(file).await?;
        // Whoever can't say what it is would be found out at night, by a configuration that nobody could check.
        if let Some(problem) = &inspection.problem {
            return Err(Error::usage(format!("{} can't say what it is: {problem}", file.display()))
                .changed("nothing was pinned")
                .next("belay plugin test, in the plugin's folder"));
        }
        let name = match name {
            Some(name) => name,
            None => self.name_of(file, &inspection)?,
        };
        let Some(path) = self.host.workspace.plugins.get(&name).cloned() else {
            let line = format!("{name} = {{ path = \"{}\" }}", file.display());
            return Err(Error::usage(format!("belay.toml has no plugin `{name}`"))
                .changed("nothing was pinned")
                .next(format!("add the line `{line}` to [plugin], then run this again")));
        };
        let (here, there) = (std::fs::canonicalize(file), std::fs::canonicalize(&path));
        if here.as_ref().ok() != there.as_ref().ok() {
            return Err(Error::usage(format!(
                "belay.toml places `{name}` at {}, not at {}",
                path.display(),
                file.display()
            ))
            .changed("nothing was pinned")
            .next(format!("belay plugin add {}", path.display())));
        }
        self.pin(&name, &path, &inspection).await?;
        let mut summary = self.plugin_summary(&name, &path).await;
        summary.pinned = Some(inspection.digest);
        summary.world = Some(inspection.world);
        summary.version = inspection.description.map(|description| description.version);
        summary.problem = None;
        Ok(summary)
    }

    /// Looks into a component, and keeps what was compiled for it: no rollback waits for that then.
    async fn inspect(&self, file: &Path) -> Result<PluginInspection, Error> {
        inspect(file, Some(self.host.compiled())).await
    }

    async fn pin(&self, name: &PluginName, path: &Path, inspection: &PluginInspection) -> Result<(), Error> {
        let bytes = read(path)?;
        let object = Object::new(bytes);
        if *object.digest() != inspection.digest {
            return Err(
                Error::failed(format!("{} changed while it was read", path.display())).changed("nothing was pinned")
            );
        }
        let description = inspection.description.as_ref();
        let pinned = PinnedPlugin {
            digest: inspection.digest,
            world: inspection.world.clone(),
            version: description.map(|description| description.version.clone()).unwrap_or_default(),
        };
        let before = self.host.workspace.lock.plugin.get(name).map(|pinned| pinned.digest);
        let body = serde_json::json!({
            "name": name, "digest": pinned.digest, "world": pinned.world, "version": pinned.version, "before": before,
        });
        let mut draft = Cause::of(&self.host.requester).draft("plugin.added", body)?;
        draft.objects.push(object);
        ledger::append(&self.host.ledger, draft.into())
            .await
            .map_err(|error| ledger::error(&error).changed("nothing was pinned"))?;
        // Read again: another `plugin add` may have pinned something else meanwhile.
        let mut lock = crate::workspace::Lock::load(&self.host.workspace.root)
            .map_err(|problem| Error::usage(problem.to_string()))?;
        lock.plugin.insert(name.clone(), pinned);
        lock.save(&self.host.workspace.root)
            .map_err(|error| Error::failed(format!("belay.lock can't be written: {error}")))
    }

    /// The name in `belay.toml` whose path is this file.
    fn name_of(&self, file: &Path, inspection: &PluginInspection) -> Result<PluginName, Error> {
        let here = std::fs::canonicalize(file).ok();
        let placed = self.host.workspace.plugins.iter().find(|(_, path)| std::fs::canonicalize(path).ok() == here);
        if let Some((name, _)) = placed {
            return Ok(name.clone());
        }
        let said = inspection.description.as_ref().map(|description| description.name.clone()).unwrap_or_default();
        said.try_into().map_err(|error: belay_domain::id::InvalidName| {
            Error::usage(error.to_string()).next(format!("belay plugin add {} --name NAME", file.display()))
        })
    }
}

/// What makes a component of a project.
const BUILD: &str = "belay plugin build, in the plugin's folder, makes a component that fits";

/// Looks into a component: what it is, what it imports, what it says of itself. Needs no workspace.
pub async fn inspect_plugin(file: &Path) -> Result<PluginInspection, Error> {
    inspect(file, None).await
}

async fn inspect(file: &Path, compiled: Option<&Path>) -> Result<PluginInspection, Error> {
    let bytes = read(file)?;
    let wrong = |error: &dyn std::fmt::Display| Error::usage(format!("{}: {error}", file.display())).next(BUILD);
    let inspection = belay_sandbox::inspect(&bytes).map_err(|error| wrong(&error))?;
    let (plugin, size) = load(file, &bytes, compiled)?;
    let description = plugin.describe().await.result;
    Ok(PluginInspection {
        digest: Digest::of(&bytes),
        size: bytes.len() as u64,
        world: inspection.world.to_string(),
        wit: inspection.wit.to_string(),
        large: size == Size::Large,
        imports: inspection.imports.iter().map(ToString::to_string).collect(),
        exports: inspection.exports.iter().map(ToString::to_string).collect(),
        problem: description.as_ref().err().map(ToString::to_string),
        description: description.ok(),
    })
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(file).map_err(|error| Error::usage(format!("{} can't be read: {error}", file.display())))
}

/// Larger components are an interpreter's as a rule: trying them as ordinary ones first would compile them twice.
const LARGE_FROM_BYTES: usize = 6 << 20;

/// Loads a component from a file, in the smallest room that it fits in, and says which that is. Needs no workspace.
pub fn load_component(file: &Path) -> Result<(Plugin, Size), Error> {
    load(file, &read(file)?, None)
}

fn load(file: &Path, bytes: &[u8], compiled: Option<&Path>) -> Result<(Plugin, Size), Error> {
    let within = |size: Size| -> Result<Result<(Plugin, Size), LoadError>, Error> {
        let sandbox = compiling::sandbox(size)?;
        Ok(sandbox.load(bytes, compiled).map(|plugin| (plugin, size)))
    };
    let loaded = if bytes.len() >= LARGE_FROM_BYTES { within(Size::Large)? } else { within(Size::Standard)? };
    let loaded = match loaded {
        // What has too many instances or tables for an ordinary plugin may fit the larger room.
        Err(LoadError::Compile(_)) if bytes.len() < LARGE_FROM_BYTES => within(Size::Large)?,
        loaded => loaded,
    };
    loaded.map_err(|error| Error::usage(format!("{}: {error}", file.display())).next(BUILD))
}
