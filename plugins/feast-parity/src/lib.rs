//! How much of what was captured Feast serves again: the captured values of sampled entities against those that a model
//! gets. It asks the serving path, not the one through which they were written, and never takes silence for agreement.

mod compare;
mod served;
#[cfg(test)]
mod tests;

use belay_sdk::{About, Context, Fault, Measurement, Pin, Probe, Reads};
use feast_sidecar::Row;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::compare::Tally;
use crate::served::Served;

/// What a model asks for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The connection of the feature server; needed only where the check lists several.
    connection: Option<String>,
    /// The check's connections; belay fills them in.
    #[serde(default)]
    connections: Vec<String>,
    /// The feature view, by the name that it has in the service.
    view: String,
    /// The feature service that the model uses. Without one, the view's features are asked for by name.
    service: Option<String>,
}

/// What `feast-online` pins, as far as it matters here.
#[derive(Deserialize)]
struct Captured {
    rows: Vec<Row>,
}

struct FeastParity;

impl Probe for FeastParity {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;

    fn measure(
        reads: &dyn Reads,
        _: &Context,
        config: Config,
        expected: Option<&Pin>,
    ) -> Result<Vec<Measurement>, Fault> {
        let connection = connection(&config)?;
        let Some(pin) = expected else {
            return Ok(nothing("the run restores no pinned values of the resource that this check names"));
        };
        let Captured { rows } = pin.state.content()?;
        Ok(match Served::ask(reads, connection, &config, &rows)? {
            Ok(served) => measured(&Tally::of(&rows, &served)),
            Err(why) => nothing(&why),
        })
    }
}

fn connection(config: &Config) -> Result<&str, Fault> {
    match (&config.connection, config.connections.as_slice()) {
        (Some(named), _) => Ok(named),
        (None, [only]) => Ok(only),
        (None, listed) => Err(Fault::Invalid(format!(
            "the check lists {} connections: name one, as in `connection = \"serving\"`",
            listed.len()
        ))),
    }
}

fn measured(tally: &Tally) -> Vec<Measurement> {
    vec![
        measurement("accuracy", tally.percent(tally.equal), tally.told()),
        measurement(
            "moments",
            tally.percent(tally.dated),
            format!("{} of {} of the same moment", tally.dated, tally.all),
        ),
    ]
}

fn nothing(why: &str) -> Vec<Measurement> {
    ["accuracy", "moments"].map(|name| measurement(name, None, why.to_owned())).into()
}

fn measurement(name: &str, value: Option<String>, detail: String) -> Measurement {
    Measurement { name: name.to_owned(), value, unit: "%".to_owned(), detail }
}

belay_sdk::probe!(FeastParity);
