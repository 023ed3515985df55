//! `belay plugin`.

mod ask;
mod make;

use belay_runtime::api::{Ending, Error};

use super::open;
use crate::arguments::{Global, PluginCommand};
use crate::output::Output;
use crate::render;

pub(super) async fn perform(command: PluginCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    match command {
        PluginCommand::New { kind, name, language, folder } => {
            make::new(kind.into(), &name, language.into(), folder.as_deref(), output)?;
        }
        PluginCommand::Build { folder, output: file } => make::build(&folder, file.as_deref(), output)?,
        PluginCommand::Test { plugin, fixtures } => return ask::test(&plugin, fixtures.as_deref(), output).await,
        PluginCommand::Try(typed) => return ask::attempt(typed, global, output).await,
        PluginCommand::List => {
            let plugins = open(global)?.plugins().await?;
            output.answer("plugins", &plugins, |plugins| render::workspace::plugins(plugins))?;
        }
        PluginCommand::Add { file, name } => {
            let added = open(global)?.add_plugin(&file, name).await?;
            output.answer("plugin", &added, |added| render::workspace::plugins(std::slice::from_ref(added)))?;
        }
        PluginCommand::Inspect { facts_schema: true, .. } => {
            output.bytes(belay_domain::facts::SCHEMA_TEXT.as_bytes())?;
        }
        PluginCommand::Inspect { file, facts_schema: false } => {
            let file = file.ok_or_else(|| Error::usage("no component is named"))?;
            let inspection = belay_runtime::inspect_plugin(&file).await?;
            output.answer("plugin.inspection", &inspection, render::plugin::inspection)?;
        }
    }
    Ok(Ending::Done)
}
