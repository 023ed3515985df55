//! {{summary}} No data is a measurement without a value, never a fault and never a number.

use belay_sdk::{About, Context, Fault, Measurement, Pin, Probe, Reads, json};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What the check measures.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The connections that the check lists; belay fills them in.
    #[serde(default)]
    connections: Vec<String>,
    /// The path of a JSON object: `/health`.
    path: String,
    /// Which of its members is measured.
    member: String,
}

struct {{type}};

impl Probe for {{type}} {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;

    fn measure(reads: &dyn Reads, _: &Context, config: Config, _: Option<&Pin>) -> Result<Vec<Measurement>, Fault> {
        let [connection] = config.connections.as_slice() else {
            return Err(Fault::Invalid("the check lists one connection".into()));
        };
        let answer = reads.get(connection, &config.path)?;
        let value = match answer.status {
            200 => {
                let health: Map<String, Value> = json::answered(&answer.body, &config.path)?;
                health.get(&config.member).filter(|value| value.is_i64()).map(Value::to_string)
            }
            404 => None,
            status => return Err(Fault::Unavailable(format!("GET {} at {connection}: {status}", config.path))),
        };
        let detail = format!("{} of {connection}{}", config.member, config.path);
        Ok(vec![Measurement { name: "value".to_owned(), value, unit: String::new(), detail }])
    }
}

belay_sdk::probe!({{type}});
