//! What a query gives: one number, none, or something that is no number.

use belay_sdk::Fault;
use serde::Deserialize;

/// The envelope of every answer.
#[derive(Debug, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub(crate) enum Answer {
    Success {
        data: Data,
    },
    Error {
        #[serde(rename = "errorType")]
        kind: String,
        error: String,
    },
}

/// Seconds since 1970 and a number as text.
type Point = (serde_json::Number, String);

/// A result by its type.
#[derive(Debug, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(crate) enum Data {
    Scalar(Point),
    Vector(Vec<Series>),
    Matrix(serde::de::IgnoredAny),
    String(serde::de::IgnoredAny),
}

#[derive(Debug, Deserialize)]
pub(crate) struct Series {
    value: Point,
}

/// What a query measured.
pub(crate) enum Sample {
    Number(String),
    /// Nothing, and why.
    Nothing(String),
}

impl Answer {
    pub(crate) fn data(self, query: &str) -> Result<Data, Fault> {
        match self {
            Self::Success { data } => Ok(data),
            Self::Error { kind, error } if kind == "bad_data" => Err(Fault::Invalid(format!("{query}: {error}"))),
            Self::Error { kind, error } => Err(Fault::Unavailable(format!("{query}: {kind}: {error}"))),
        }
    }
}

impl Data {
    /// The one number in it.
    pub(crate) fn sample(self, query: &str) -> Result<Sample, Fault> {
        match self {
            Self::Scalar((_, text)) => Ok(number(text, query)),
            Self::Vector(mut series) => match (series.pop(), series.len()) {
                (None, _) => Ok(Sample::Nothing(format!("no data for {query}"))),
                (Some(only), 0) => Ok(number(only.value.1, query)),
                (Some(_), others) => Err(Fault::Invalid(format!(
                    "{query} gives {} series, not one number: aggregate them, as in `sum(…)` or `max(…)`",
                    others + 1
                ))),
            },
            Self::Matrix(_) => Err(Fault::Invalid(format!("{query} gives a range of time, not one number"))),
            Self::String(_) => Err(Fault::Invalid(format!("{query} gives a text, not a number"))),
        }
    }
}

/// `NaN` comes of dividing nothing by nothing, and an infinity of dividing by it.
fn number(text: String, query: &str) -> Sample {
    if text.parse::<f64>().is_ok_and(f64::is_finite) {
        Sample::Number(text.trim_start_matches('+').to_owned())
    } else {
        Sample::Nothing(format!("{text} for {query}"))
    }
}
