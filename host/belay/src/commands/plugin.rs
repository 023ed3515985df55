//! `belay plugin`.

use std::path::{Path, PathBuf};

use belay_author::{Plugin, Toolchain};
use belay_runtime::api::{Ending, Error};
use serde::Serialize;

use super::open;
use crate::arguments::{Global, PluginCommand};
use crate::output::Output;
use crate::render;
use crate::render::amount::size;
use crate::render::page::{Line, Page, Paint};

pub(super) async fn perform(command: PluginCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    match command {
        PluginCommand::List => {
            let plugins = open(global)?.plugins().await?;
            output.answer("plugins", &plugins, |plugins| render::workspace::plugins(plugins))?;
        }
        PluginCommand::Add { file, name } => {
            let added = open(global)?.add_plugin(&file, name).await?;
            output.answer("plugin", &added, |added| render::workspace::plugins(std::slice::from_ref(added)))?;
        }
        PluginCommand::Inspect { file } => {
            let inspection = belay_runtime::inspect_plugin(&file).await?;
            output.answer("plugin.inspection", &inspection, render::plugin::inspection)?;
        }
        PluginCommand::Build { folder, output: file } => build(&folder, file.as_deref(), output)?,
    }
    Ok(Ending::Done)
}

fn build(folder: &Path, file: Option<&Path>, output: Output) -> Result<(), Error> {
    let failed = |error: belay_author::Error| Error::failed(error.to_string());
    let plugin = Plugin::at(folder).map_err(failed)?;
    let say = |words: &str| output.say(&Page::from(vec![Line::new().painted(Paint::Dim, words)]));
    let toolchain = Toolchain::find(&cache()?, &say).map_err(failed)?;
    let component =
        belay_author::build(&toolchain, &plugin, &plugin.workspace.join("target/guests")).map_err(failed)?;
    let name = plugin.file_name();
    let file = file.unwrap_or(Path::new(&name));
    std::fs::write(file, &component).map_err(|error| Error::failed(format!("{}: {error}", file.display())))?;
    let built =
        Built { file: file.display().to_string(), name: plugin.name, version: plugin.version, world: plugin.world };
    let bytes = component.len() as u64;
    output.answer("plugin.built", &built, |built| {
        let what = format!("  {} {}, {}, {}", built.name, built.version, built.world, size(bytes));
        Page::from(vec![Line::new().painted(Paint::Good, &built.file).with(what)])
    })
}

/// What was built.
#[derive(Serialize)]
struct Built {
    file: String,
    name: String,
    version: String,
    world: String,
}

/// Where a standard library for guests is kept, by the XDG base directory specification.
fn cache() -> Result<PathBuf, Error> {
    let own = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let folder = own.or_else(home).ok_or_else(|| Error::usage("neither XDG_CACHE_HOME nor HOME is set"))?;
    Ok(folder.join("belay/guest-toolchain"))
}
