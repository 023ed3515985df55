//! Points an MLflow model alias back at an earlier version. Never changes a version, a run or an artifact, and never
//! proposes a version of which it has not seen that its artifacts are there.
//!
//! The API: <https://mlflow.org/docs/latest/api_reference/rest-api.html>.

mod alias;
mod artifacts;
mod content;
mod past;
mod plan;
mod proof;
mod registry;

use belay_sdk::{
    About, Change, Context, Desired, Fault, NoAttributes, Past, Pin, Reads, Reference, Resource, Reverter, State,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::alias::Alias;
use crate::registry::Registry;

/// How one alias is restored. Its id is `model@alias`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Whether a version's artifacts are part of it. `false` for servers that don't hand artifacts out
    /// (`--no-serve-artifacts`): then nothing tells whether they are still there.
    #[serde(default = "yes")]
    pub artifacts: bool,
}

const fn yes() -> bool {
    true
}

/// The plugin.
#[derive(Clone, Copy, Debug)]
pub struct MlflowAlias;

impl Reverter for MlflowAlias {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;
    type Attributes = NoAttributes;

    fn observe(reads: &dyn Reads, of: &Resource<Config>) -> Result<State, Fault> {
        past::present(&Registry::of(reads, of), &Alias::parse(&of.id)?)
    }

    fn locate(reads: &dyn Reads, of: &Resource<Config>, reference: Reference) -> Result<Pin, Fault> {
        let (registry, alias) = (Registry::of(reads, of), Alias::parse(&of.id)?);
        match reference {
            Reference::Present => past::locate_present(&registry, &alias),
            Reference::Version(label) => past::locate_version(&registry, &alias, &label),
            Reference::At(_) => Err(Fault::Unsupported(
                "MLflow keeps no history of aliases: name a version or a rollback point".to_owned(),
            )),
        }
    }

    fn history(reads: &dyn Reads, of: &Resource<Config>, limit: u32) -> Result<Vec<Past>, Fault> {
        past::history(&Registry::of(reads, of), &Alias::parse(&of.id)?, limit)
    }

    fn plan(
        reads: &dyn Reads,
        _: &Context,
        of: &Resource<Config>,
        observed: State,
        path: Vec<Desired<NoAttributes>>,
    ) -> Result<Vec<Change>, Fault> {
        plan::plan(&Registry::of(reads, of), &Alias::parse(&of.id)?, &observed, path)
    }
}

belay_sdk::reverter!(MlflowAlias);
