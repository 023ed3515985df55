//! Takes a Delta Lake table back to an earlier version with a RESTORE commit. Never deletes a file, never rewrites
//! one, and refuses by name what it doesn't know how to put back.
//!
//! The protocol: <https://github.com/delta-io/delta/blob/master/PROTOCOL.md>.

mod action;
mod checkpoint;
mod content;
mod files;
mod folder;
mod log;
mod notes;
mod past;
mod plan;
mod protocol;
mod replay;
mod restore;
mod snapshot;
use belay_sdk::{
    About, Change, Context, Desired, Fault, NoAttributes, Past, Pin, Reads, Reference, Resource, Reverter, State,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::folder::Folder;

/// A table has nothing to configure: its id is its path below the connection.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {}

/// The plugin.
#[derive(Clone, Copy, Debug)]
pub struct DeltaTable;

impl Reverter for DeltaTable {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;
    type Attributes = NoAttributes;

    fn observe(reads: &dyn Reads, of: &Resource<Config>) -> Result<State, Fault> {
        past::present(&Folder::of(reads, of)?)
    }

    fn locate(reads: &dyn Reads, of: &Resource<Config>, reference: Reference) -> Result<Pin, Fault> {
        let folder = Folder::of(reads, of)?;
        match reference {
            Reference::Present => past::locate_present(&folder),
            Reference::Version(label) => past::locate_version(&folder, &label),
            Reference::At(moment) => past::locate_at(&folder, moment),
        }
    }

    fn history(reads: &dyn Reads, of: &Resource<Config>, limit: u32) -> Result<Vec<Past>, Fault> {
        past::history(&Folder::of(reads, of)?, limit)
    }

    fn plan(
        reads: &dyn Reads,
        moment: &Context,
        of: &Resource<Config>,
        observed: State,
        path: Vec<Desired<NoAttributes>>,
    ) -> Result<Vec<Change>, Fault> {
        plan::plan(&Folder::of(reads, of)?, &of.connection, moment, &observed, path)
    }
}

belay_sdk::reverter!(DeltaTable);
