//! How long a path takes to answer and how often it doesn't answer well, from a number of requests one after another.
//! Never measures from the caller's clock: the host says how long each answer took.

mod sample;
#[cfg(test)]
mod tests;

use belay_sdk::{About, Context, Fault, Measurement, Pin, Probe, Reads, http};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::sample::Samples;

/// More requests than this at once are a load test, not a look.
const MOST_REQUESTS: u32 = 100;

/// What to ask, and how often.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The connection to ask; needed only where the check lists several.
    connection: Option<String>,
    /// The check's connections; belay fills them in.
    #[serde(default)]
    connections: Vec<String>,
    /// The path, with its query: `/rank?user=1`.
    path: String,
    /// How many requests, one after another.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 100))]
    requests: u32,
    /// Which of the times is measured: the smallest that so many percent of the good answers don't exceed.
    #[serde(default = "most")]
    #[schemars(range(min = 1, max = 100))]
    percentile: u8,
    /// The status of a good answer.
    #[serde(default = "ok")]
    status: u16,
}

const fn ten() -> u32 {
    10
}

const fn most() -> u8 {
    95
}

const fn ok() -> u16 {
    200
}

struct HttpLatency;

impl Probe for HttpLatency {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;

    fn measure(reads: &dyn Reads, _: &Context, config: Config, _: Option<&Pin>) -> Result<Vec<Measurement>, Fault> {
        measure(|request| reads.http(request), &config)
    }
}

fn measure(
    ask: impl FnMut(&http::Request) -> Result<http::Response, http::Error>,
    config: &Config,
) -> Result<Vec<Measurement>, Fault> {
    if !(1..=MOST_REQUESTS).contains(&config.requests) || !(1..=100).contains(&config.percentile) {
        return Err(Fault::Invalid(format!("requests are 1 to {MOST_REQUESTS}, the percentile is 1 to 100")));
    }
    let samples = Samples::take(ask, connection(config)?, config)?;
    let latency = Measurement {
        name: "latency".to_owned(),
        value: samples.latency_ms(config.percentile),
        unit: "ms".to_owned(),
        detail: match samples.good() {
            0 => samples.failures(),
            good => format!("percentile {} of {good} good answers", config.percentile),
        },
    };
    let errors = Measurement {
        name: "error_ratio".to_owned(),
        value: Some(samples.error_ratio()),
        unit: String::new(),
        detail: samples.failures(),
    };
    Ok(vec![latency, errors])
}

fn connection(config: &Config) -> Result<&str, Fault> {
    match (&config.connection, config.connections.as_slice()) {
        (Some(named), _) => Ok(named),
        (None, [only]) => Ok(only),
        (None, listed) => Err(Fault::Invalid(format!(
            "the check lists {} connections: name one, as in `connection = \"ranker\"`",
            listed.len()
        ))),
    }
}

belay_sdk::probe!(HttpLatency);
