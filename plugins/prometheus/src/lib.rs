//! One number from an instant query of a Prometheus server. Never takes the silence of a query for a good sign: what has
//! no fresh samples has no value, and several series are no number.

mod answer;
mod api;
#[cfg(test)]
mod tests;

use belay_sdk::{About, Context, Fault, Measurement, Pin, Probe, Reads};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::answer::Sample;
use crate::api::Server;

/// Functions that make a number where there is no data.
const INVENTORS: [&str; 3] = ["vector(", "absent(", "absent_over_time("];

/// What to ask.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The connection of the server; needed only where the check lists several.
    connection: Option<String>,
    /// The check's connections; belay fills them in.
    #[serde(default)]
    connections: Vec<String>,
    /// A PromQL query that gives one number: `sum(rate(errors[1m])) / sum(rate(requests[1m]))`.
    query: String,
    /// Selectors of series that the query rests on: `requests{job="ranker"}`. Where one of them has no sample that is
    /// fresh, there is no value, whatever the query says.
    #[serde(default)]
    series: Vec<String>,
    /// How old the newest sample of each of them may be, in seconds, by the server's own clock.
    #[serde(default = "a_minute")]
    max_age_s: u32,
    /// `ms`, `%`, or nothing.
    #[serde(default)]
    unit: String,
}

const fn a_minute() -> u32 {
    60
}

struct Prometheus;

impl Probe for Prometheus {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;

    fn measure(reads: &dyn Reads, _: &Context, config: Config, _: Option<&Pin>) -> Result<Vec<Measurement>, Fault> {
        check(&config)?;
        let server = Server { reads, connection: connection(&config)? };
        let (value, detail) = match stale(&server, &config)? {
            Some(why) => (None, why),
            None => number(&server, &config.query)?,
        };
        Ok(vec![Measurement { name: "value".to_owned(), value, unit: config.unit, detail }])
    }
}

/// Refuses a query that would measure something where nothing is.
fn check(config: &Config) -> Result<(), Fault> {
    let invents = INVENTORS.iter().find(|name| config.query.contains(**name));
    match invents {
        Some(name) if config.series.is_empty() => Err(Fault::Invalid(format!(
            "the query uses `{name}…)`, which gives a number where there is no data: name what it rests on, as in \
             `series = [\"requests\"]`"
        ))),
        Some(_) | None => Ok(()),
    }
}

fn connection(config: &Config) -> Result<&str, Fault> {
    match (&config.connection, config.connections.as_slice()) {
        (Some(named), _) => Ok(named),
        (None, [only]) => Ok(only),
        (None, listed) => Err(Fault::Invalid(format!(
            "the check lists {} connections: name one, as in `connection = \"metrics\"`",
            listed.len()
        ))),
    }
}

/// Why one of the series can't be relied on, if one can't. A query's own answer doesn't tell: Prometheus goes on giving
/// the last sample for five minutes.
fn stale(server: &Server, config: &Config) -> Result<Option<String>, Fault> {
    for selector in &config.series {
        let age = format!("min(time() - timestamp({selector}))");
        let (Some(seconds), _) = number(server, &age)? else { return Ok(Some(format!("no samples of {selector}"))) };
        let fresh = seconds.parse::<f64>().is_ok_and(|seconds| seconds <= f64::from(config.max_age_s));
        if !fresh {
            return Ok(Some(format!("the newest sample of {selector} is {seconds} s old")));
        }
    }
    Ok(None)
}

/// The number that a query gives, with the digits that the server gave it, and a word for people.
fn number(server: &Server, query: &str) -> Result<(Option<String>, String), Fault> {
    match server.ask(query)?.sample(query)? {
        Sample::Number(text) => {
            let detail = format!("{text} for {query}");
            Ok((Some(text), detail))
        }
        Sample::Nothing(why) => Ok((None, why)),
    }
}

belay_sdk::probe!(Prometheus);
