//! A resource behind any REST API, by configuration alone: how it is read, what of the answer is to be restored, and
//! with which requests. Never knows a system beyond what its configuration says, and never proposes a write that the
//! configuration doesn't spell out.

mod answers;
mod attributes;
mod body;
mod config;
mod content;
mod past;
mod plan;
mod pointer;
mod present;
mod preset;
mod recipe;
mod scope;
mod template;
mod tree;

use belay_sdk::{About, Change, Context, Desired, Fault, Past, Pin, Reads, Reference, Resource, Reverter, State};

pub use crate::attributes::Attributes;
pub use crate::config::{Config, History, Kind, Read, Reversibility, Write};
use crate::recipe::Recipe;

/// The plugin.
#[derive(Clone, Copy, Debug)]
pub struct HttpResource;

impl Reverter for HttpResource {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;
    type Attributes = Attributes;

    fn observe(reads: &dyn Reads, of: &Resource<Config>) -> Result<State, Fault> {
        past::present(reads, of, &Recipe::of(of)?)
    }

    fn locate(reads: &dyn Reads, of: &Resource<Config>, reference: Reference) -> Result<Pin, Fault> {
        let recipe = Recipe::of(of)?;
        match reference {
            Reference::Present => past::present(reads, of, &recipe).map(Pin::without_proof),
            Reference::Version(version) => past::by_version(reads, of, &recipe, &version),
            Reference::At(moment) => past::by_time(reads, of, &recipe, moment),
        }
    }

    fn history(reads: &dyn Reads, of: &Resource<Config>, limit: u32) -> Result<Vec<Past>, Fault> {
        past::history(reads, of, &Recipe::of(of)?, limit)
    }

    fn plan(
        reads: &dyn Reads,
        moment: &Context,
        of: &Resource<Config>,
        observed: State,
        path: Vec<Desired<Attributes>>,
    ) -> Result<Vec<Change>, Fault> {
        plan::plan(reads, moment, of, &Recipe::of(of)?, &observed, path)
    }
}

belay_sdk::reverter!(HttpResource);
