//! Sets a branch or tag of an Iceberg table back to an earlier snapshot through a REST catalog. Never writes a file,
//! never expires a snapshot, and never changes a schema.
//!
//! The API: <https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml>.

mod catalog;
mod content;
mod lineage;
mod name;
mod notes;
mod past;
mod plan;
mod table;
mod write;

use belay_sdk::{
    About, Change, Context, Desired, Fault, NoAttributes, Past, Pin, Reads, Reference, Resource, Reverter, State,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::catalog::Catalog;
use crate::name::Name;

/// How the catalog names things. The resource's id is `namespace.table@ref`; without `@ref` it is `main`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the catalog's `/v1/config` calls `prefix`; part of every path.
    #[serde(default)]
    pub prefix: String,
    /// What parts the levels of a namespace in a path, percent-encoded: the catalog's `namespace-separator`, such as
    /// `%2E`. Without it a namespace has one level, since belay sends no control characters, which the default is.
    #[serde(default)]
    pub separator: Option<String>,
}

/// The plugin.
#[derive(Clone, Copy, Debug)]
pub struct IcebergTable;

impl Reverter for IcebergTable {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;
    type Attributes = NoAttributes;

    fn observe(reads: &dyn Reads, of: &Resource<Config>) -> Result<State, Fault> {
        let name = Name::parse(&of.id, &of.config)?;
        let table = Catalog::of(reads, &of.connection).referenced(&name)?;
        content::state(table.as_ref(), &name)
    }

    fn locate(reads: &dyn Reads, of: &Resource<Config>, reference: Reference) -> Result<Pin, Fault> {
        let name = Name::parse(&of.id, &of.config)?;
        let table = Catalog::of(reads, &of.connection).whole(&name)?;
        let state = match reference {
            Reference::Present => content::state(table.as_ref(), &name)?,
            Reference::Version(label) => past::labelled(&past::there(table, &name)?, &name, &label)?,
            Reference::At(moment) => past::at(&past::there(table, &name)?, &name, moment)?,
        };
        Ok(Pin::without_proof(state))
    }

    fn history(reads: &dyn Reads, of: &Resource<Config>, limit: u32) -> Result<Vec<Past>, Fault> {
        let name = Name::parse(&of.id, &of.config)?;
        let table = past::there(Catalog::of(reads, &of.connection).whole(&name)?, &name)?;
        Ok(past::history(&table, &name, limit))
    }

    fn plan(
        reads: &dyn Reads,
        _: &Context,
        of: &Resource<Config>,
        observed: State,
        path: Vec<Desired<NoAttributes>>,
    ) -> Result<Vec<Change>, Fault> {
        let name = Name::parse(&of.id, &of.config)?;
        plan::plan(&Catalog::of(reads, &of.connection), &name, &observed, path)
    }
}

belay_sdk::reverter!(IcebergTable);
