//! A cache in Redis: the generation that its readers use, or the keys of a prefix. Never reads what is cached, and never
//! puts a cached value back: readers make values again.

mod generation;
mod prefix;
#[cfg(test)]
mod tests;

use belay_sdk::{About, Change, Context, Desired, Fault, Past, Pin, Reads, Reference, Resource, Reverter, State};
use schemars::JsonSchema;
use serde::Deserialize;

/// What the resource's id names.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Config {
    /// The key that holds the generation whose values readers use: a pointer, flipped in one step.
    Generation {
        /// The field that holds it, where the key is a hash.
        field: Option<String>,
        /// What the keys of a generation start with, `{generation}` standing for it: `features:{generation}:`. With it
        /// a plan says how many values a generation still has, and a generation can be named as a version.
        values: Option<String>,
    },
    /// What the keys of the cache start with. They can be deleted and nothing else.
    Prefix {
        /// The most keys that one step may delete, up to 1,000,000; where there are more, none is.
        at_most: u64,
    },
}

/// What a step can set.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Attributes {
    /// The generation that readers shall use.
    generation: Option<String>,
    /// `true`: no key of the prefix is left.
    empty: Option<bool>,
}

struct RedisCache;

impl Reverter for RedisCache {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;
    type Attributes = Attributes;

    fn observe(reads: &dyn Reads, of: &Resource<Config>) -> Result<State, Fault> {
        match &of.config {
            Config::Generation { field, .. } => generation::Pointer::read(reads, of, field.as_deref())?.state(),
            Config::Prefix { .. } => prefix::observe(reads, of),
        }
    }

    fn locate(reads: &dyn Reads, of: &Resource<Config>, reference: Reference) -> Result<Pin, Fault> {
        match (&of.config, reference) {
            (Config::Generation { .. }, Reference::Present) => Self::observe(reads, of).map(Pin::without_proof),
            (Config::Generation { values, .. }, Reference::Version(label)) => {
                generation::locate(reads, of, values.as_deref(), &label)
            }
            (Config::Prefix { .. }, Reference::Present) => prefix::capture(reads, of),
            (Config::Prefix { .. }, Reference::Version(_)) | (_, Reference::At(_)) => Err(no_history()),
        }
    }

    fn history(_: &dyn Reads, _: &Resource<Config>, _: u32) -> Result<Vec<Past>, Fault> {
        Err(no_history())
    }

    fn plan(
        reads: &dyn Reads,
        _: &Context,
        of: &Resource<Config>,
        observed: State,
        path: Vec<Desired<Attributes>>,
    ) -> Result<Vec<Change>, Fault> {
        match &of.config {
            Config::Generation { field, values } => {
                let pointer = generation::Pointer::read(reads, of, field.as_deref())?;
                generation::plan(reads, of, pointer, values.as_deref(), &observed, &path)
            }
            Config::Prefix { at_most } => prefix::plan(reads, of, *at_most, &observed, &path),
        }
    }
}

fn no_history() -> Fault {
    Fault::Unsupported(
        "a cache remembers no earlier states; go back to a rollback point, or let the step set what it wants".into(),
    )
}

belay_sdk::reverter!(RedisCache);
