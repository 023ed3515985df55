//! Brings the online values of a Feast feature view back: clears what is newer where the store would silently keep it,
//! then materialises from the batch source. Never writes a value itself, and never proposes a materialisation of which it
//! has not seen that it would give the values that were pinned.
//!
//! It asks the sidecar (`plugins/feast-sidecar`), and judges by values and moments, never by Feast's statuses.

mod config;
mod content;
mod past;
mod plan;

use belay_sdk::{
    About, Change, Context, Desired, Fault, NoAttributes, Past, Pin, Reads, Reference, Resource, Reverter, State,
};

pub use config::Config;

use crate::config::Values;

/// The plugin.
#[derive(Clone, Copy, Debug)]
pub struct FeastOnline;

impl Reverter for FeastOnline {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;
    type Attributes = NoAttributes;

    fn observe(reads: &dyn Reads, of: &Resource<Config>) -> Result<State, Fault> {
        past::present(&Values::of(reads, of)?)
    }

    fn locate(reads: &dyn Reads, of: &Resource<Config>, reference: Reference) -> Result<Pin, Fault> {
        let values = Values::of(reads, of)?;
        match reference {
            Reference::Present => past::locate_present(&values),
            Reference::Version(label) => past::locate_version(&values, &label),
            Reference::At(moment) => past::locate_at(&values, moment),
        }
    }

    fn history(reads: &dyn Reads, of: &Resource<Config>, limit: u32) -> Result<Vec<Past>, Fault> {
        past::history(&Values::of(reads, of)?, limit)
    }

    fn plan(
        reads: &dyn Reads,
        _: &Context,
        of: &Resource<Config>,
        observed: State,
        path: Vec<Desired<NoAttributes>>,
    ) -> Result<Vec<Change>, Fault> {
        plan::plan(&Values::of(reads, of)?, &observed, path)
    }
}

belay_sdk::reverter!(FeastOnline);
