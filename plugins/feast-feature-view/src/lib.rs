//! Pins a Feast feature view to an earlier version, and takes the feature services that use it along. Never pins a version
//! that Feast does not keep, and never one whose definition is not the one that was pinned.
//!
//! It asks the sidecar (`plugins/feast-sidecar`): Feast itself pins through its SDK only.

mod content;
mod past;
mod plan;
mod services;

use belay_sdk::{
    About, Change, Context, Desired, Fault, NoAttributes, Past, Pin, Reads, Reference, Resource, Reverter, State,
};
use feast_sidecar::Sidecar;
use schemars::JsonSchema;
use serde::Deserialize;

/// How one feature view is restored. Its id is its name.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Feature services that keep a version of their own: they are left as they are.
    #[serde(default)]
    pub apart: Vec<String>,
}

/// The plugin.
#[derive(Clone, Copy, Debug)]
pub struct FeastFeatureView;

impl Reverter for FeastFeatureView {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;
    type Attributes = NoAttributes;

    fn observe(reads: &dyn Reads, of: &Resource<Config>) -> Result<State, Fault> {
        past::present(&sidecar(reads, of)?, &of.config)
    }

    fn locate(reads: &dyn Reads, of: &Resource<Config>, reference: Reference) -> Result<Pin, Fault> {
        let state = match reference {
            Reference::Present => past::present(&sidecar(reads, of)?, &of.config),
            Reference::Version(label) => past::version(&sidecar(reads, of)?, &label),
            Reference::At(moment) => past::at(&sidecar(reads, of)?, moment),
        };
        Ok(Pin::without_proof(state?))
    }

    fn history(reads: &dyn Reads, of: &Resource<Config>, limit: u32) -> Result<Vec<Past>, Fault> {
        past::history(&sidecar(reads, of)?, limit)
    }

    fn plan(
        reads: &dyn Reads,
        _: &Context,
        of: &Resource<Config>,
        observed: State,
        path: Vec<Desired<NoAttributes>>,
    ) -> Result<Vec<Change>, Fault> {
        plan::plan(&sidecar(reads, of)?, &of.config, &observed, path)
    }
}

fn sidecar<'a>(reads: &'a dyn Reads, of: &'a Resource<Config>) -> Result<Sidecar<'a>, Fault> {
    Sidecar::about(reads, &of.connection, &of.id)
}

belay_sdk::reverter!(FeastFeatureView);
