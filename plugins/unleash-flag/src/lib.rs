//! One flag in one environment of an Unleash server. Never turns a flag on that has no strategy: Unleash would add one
//! for everybody. Never calls a flag restored that is not served so, where it may look.
//!
//! The API: <https://docs.getunleash.io/api-overview>.

mod event;
mod flag;
mod past;
mod plan;
mod route;
mod served;
mod server;
mod strategy;
mod write;

use belay_sdk::{About, Change, Context, Desired, Fault, Past, Pin, Reads, Reference, Resource, Reverter, State};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::server::Server;

/// Where the flag is; its name is the resource's id.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The project that the flag belongs to.
    #[serde(default = "default_project")]
    pub project: String,
    /// The environment, as Unleash calls it: `production`.
    pub environment: String,
    /// The connection with a client token of that environment, through which the flag is seen as it is served. It must
    /// be one of the resource's connections. Without it only what was written is confirmed.
    pub served_by: Option<String>,
}

fn default_project() -> String {
    "default".to_owned()
}

/// What a step can set.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attributes {
    /// Whether the flag is on in the environment.
    pub enabled: Option<bool>,
    /// The share that gets it, in percent; for flags with one strategy in use, which is a gradual rollout.
    #[schemars(range(max = 100))]
    pub rollout: Option<u8>,
}

/// The plugin.
#[derive(Clone, Copy, Debug)]
pub struct UnleashFlag;

impl Reverter for UnleashFlag {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;
    type Attributes = Attributes;

    fn observe(reads: &dyn Reads, of: &Resource<Config>) -> Result<State, Fault> {
        past::present(&Server::of(reads, of))
    }

    fn locate(reads: &dyn Reads, of: &Resource<Config>, reference: Reference) -> Result<Pin, Fault> {
        let server = Server::of(reads, of);
        let state = match reference {
            Reference::Present => past::present(&server),
            Reference::Version(label) => past::after_event(&server, &label),
            Reference::At(moment) => past::at(&server, moment),
        };
        state.map(Pin::without_proof)
    }

    fn history(reads: &dyn Reads, of: &Resource<Config>, limit: u32) -> Result<Vec<Past>, Fault> {
        past::history(&Server::of(reads, of), limit)
    }

    fn plan(
        reads: &dyn Reads,
        _: &Context,
        of: &Resource<Config>,
        observed: State,
        path: Vec<Desired<Attributes>>,
    ) -> Result<Vec<Change>, Fault> {
        plan::plan(&Server::of(reads, of), &observed, &path)
    }
}

belay_sdk::reverter!(UnleashFlag);
