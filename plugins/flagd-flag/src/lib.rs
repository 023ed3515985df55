//! One flag in a flagd flag file. Changes that flag's bytes and no others, and keeps no history: a flag file has none.

mod edit;
mod file;
mod flag;
mod members;
mod plan;
mod rollout;
#[cfg(test)]
mod tests;

use belay_sdk::{About, Change, Context, Desired, Fault, Past, Pin, Reads, Reference, Resource, Reverter, State};
use schemars::JsonSchema;
use serde::Deserialize;

use file::FlagFile;

/// Where the flag is; its key is the resource's id.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The flag file, as its connection names it: `shop.flagd.json`.
    file: String,
}

/// What a step can set.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Attributes {
    /// Whether flagd evaluates the flag. Of a disabled one each caller takes its own default.
    enabled: Option<bool>,
    /// The variant that is served where no targeting decides; must be one of the flag's.
    default_variant: Option<String>,
    /// The share that gets `on`, in percent; for flags with the variants `on` and `off` and no other targeting.
    #[schemars(range(max = 100))]
    rollout: Option<u8>,
}

struct FlagdFlag;

impl Reverter for FlagdFlag {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;
    type Attributes = Attributes;

    fn observe(reads: &dyn Reads, of: &Resource<Config>) -> Result<State, Fault> {
        match FlagFile::read(reads, of)? {
            Some(file) => file.state(),
            None => State::of("absent", &(), &()),
        }
    }

    fn locate(reads: &dyn Reads, of: &Resource<Config>, reference: Reference) -> Result<Pin, Fault> {
        match reference {
            Reference::Present => Self::observe(reads, of).map(Pin::without_proof),
            Reference::Version(_) | Reference::At(_) => Err(no_history()),
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
        plan::plan(FlagFile::read(reads, of)?, of, &observed, &path)
    }
}

fn no_history() -> Fault {
    Fault::Unsupported("a flag file remembers no earlier states; go back to a rollback point, or set attributes".into())
}

belay_sdk::reverter!(FlagdFlag);
