//! A number at a JSON pointer, behind a directory or an HTTP service. Never rounds: the number keeps its own digits.

mod pointer;
#[cfg(test)]
mod tests;

use belay_sdk::{About, Context, Fault, Measurement, Pin, Probe, Reads, json, objects};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Which number to measure.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The connection to read; needed only where the check lists several.
    connection: Option<String>,
    /// The check's connections; belay fills them in.
    #[serde(default)]
    connections: Vec<String>,
    /// The document: `/ranker.json`, an HTTP path or an object's key.
    path: String,
    /// Whether the connection is an HTTP service or holds objects; tried out where it isn't said.
    kind: Option<Kind>,
    /// Where the number stands in the document, as in RFC 6901: `/error_ratio`. A string that is a number will do.
    pointer: String,
    /// `ms`, `%`, or nothing.
    #[serde(default)]
    unit: String,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Http,
    Objects,
}

struct JsonProbe;

impl Probe for JsonProbe {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;

    fn measure(reads: &dyn Reads, _: &Context, config: Config, _: Option<&Pin>) -> Result<Vec<Measurement>, Fault> {
        let connection = connection(&config)?;
        let (value, detail) = match document(reads, connection, &config)? {
            None => (None, format!("{connection} has no {}", config.path)),
            Some(bytes) => number(&bytes, &config)?,
        };
        Ok(vec![Measurement { name: "value".to_owned(), value, unit: config.unit, detail }])
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

/// The document's bytes; `None` where there is none, which is no data and no fault.
fn document(reads: &dyn Reads, connection: &str, config: &Config) -> Result<Option<Vec<u8>>, Fault> {
    let key = config.path.trim_start_matches('/');
    match config.kind {
        Some(Kind::Http) => over_http(reads, connection, &config.path),
        Some(Kind::Objects) => reads.get_object(connection, key),
        // The host denies objects to a service before anything is sent.
        None => match reads.object(connection, key) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(objects::Error::Missing) => Ok(None),
            Err(objects::Error::Denied(why)) => over_http(reads, connection, &config.path).map_err(|fault| {
                // Which of the two the connection is for is not known here.
                let Fault::Unavailable(text) = fault else { return fault };
                Fault::Unavailable(format!("{text}; as an object: {why}"))
            }),
            Err(error @ (objects::Error::Unreachable(_) | objects::Error::TimedOut | objects::Error::TooLarge(_))) => {
                Err(Fault::from(error).while_doing(&format!("reading {connection}/{key}")))
            }
        },
    }
}

fn over_http(reads: &dyn Reads, connection: &str, path: &str) -> Result<Option<Vec<u8>>, Fault> {
    let answer = reads.get(connection, path)?;
    match answer.status {
        200 => Ok(Some(answer.body)),
        404 => Ok(None),
        status @ (408 | 429 | 500..) => Err(Fault::Unavailable(format!("GET {path} at {connection}: {status}"))),
        status => Err(Fault::Unexpected(format!("GET {path} at {connection}: {status}"))),
    }
}

/// The number's own text and a word for people. What isn't there or is no number is no data.
fn number(document: &[u8], config: &Config) -> Result<(Option<String>, String), Fault> {
    let document: &RawValue = json::answered(document, &config.path)?;
    let Some(found) = pointer::find(document, &config.pointer)? else {
        return Ok((None, format!("nothing at {}", config.pointer)));
    };
    let text = serde_json::from_str::<String>(found.get()).unwrap_or_else(|_| found.get().to_owned());
    Ok(if is_number(&text) {
        let detail = format!("{text} at {}", config.pointer);
        (Some(text), detail)
    } else {
        (None, format!("no number at {}", config.pointer))
    })
}

/// Whether a text is a number as JSON writes them: not `NaN`, not `+1`, not ` 1`.
fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && text.ends_with(|last: char| last.is_ascii_digit())
        && serde_json::from_str::<&RawValue>(text).is_ok()
}

belay_sdk::probe!(JsonProbe);
