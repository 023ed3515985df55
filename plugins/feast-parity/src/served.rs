//! What a feature server says: `POST /get-online-features`.

use belay_sdk::{Fault, Reads, http, json};
use feast_sidecar::Row;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::Config;

const PATH: &str = "/get-online-features";
/// As much of a refusal as a person needs.
const SHOWN: usize = 200;

/// The answer, column by column.
#[derive(Debug)]
pub(crate) struct Served {
    view: String,
    columns: Vec<(String, Column)>,
}

/// A feature of all entities that were asked for, in their order.
#[derive(Debug, Deserialize)]
pub(crate) struct Column {
    values: Vec<Box<RawValue>>,
    event_timestamps: Vec<String>,
}

/// One value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// As text; nothing where there is none.
    pub(crate) value: Option<String>,
    /// Since when it is true, as the server writes it.
    pub(crate) at: String,
}

#[derive(Deserialize)]
struct Answer {
    metadata: Metadata,
    results: Vec<Column>,
}

#[derive(Deserialize)]
struct Metadata {
    feature_names: Vec<String>,
}

impl Served {
    /// Asks for the entities of some rows. An answer without values is told as text; one that is none is a fault.
    pub(crate) fn ask(
        reads: &dyn Reads,
        connection: &str,
        config: &Config,
        rows: &[Row],
    ) -> Result<Result<Self, String>, Fault> {
        let request = http::Request {
            connection: connection.to_owned(),
            method: "POST".to_owned(),
            path: PATH.to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: json::text(&asked(config, rows))?.into_bytes(),
        };
        let line = format!("POST {PATH} at {connection}");
        let answer = reads.http(&request).map_err(|error| Fault::from(error).while_doing(&line))?;
        if answer.status != 200 {
            // A service that is not applied again after a pin answers so: no value, which is no pass.
            let said: String = String::from_utf8_lossy(&answer.body).chars().take(SHOWN).collect();
            return Ok(Err(format!("{line}: {}: {said}", answer.status)));
        }
        Self::of(&config.view, json::answered(&answer.body, &line)?, rows.len()).map(Ok)
    }

    fn of(view: &str, answer: Answer, rows: usize) -> Result<Self, Fault> {
        let Answer { metadata: Metadata { feature_names }, results } = answer;
        let is_whole =
            results.iter().all(|column| column.values.len() == rows && column.event_timestamps.len() == rows);
        if feature_names.len() != results.len() || !is_whole {
            return Err(Fault::Unexpected(format!("POST {PATH}: the answer is not of {rows} entities")));
        }
        Ok(Self { view: view.to_owned(), columns: feature_names.into_iter().zip(results).collect() })
    }

    /// A feature of an entity by its place; nothing where the answer has no such feature.
    pub(crate) fn cell(&self, feature: &str, place: usize) -> Option<Cell> {
        let (_, column) = self.columns.iter().find(|(name, _)| is_feature(name, &self.view, feature))?;
        let value = text(column.values.get(place)?);
        Some(Cell { value, at: column.event_timestamps.get(place)?.clone() })
    }
}

fn asked(config: &Config, rows: &[Row]) -> Value {
    let names = rows.first().into_iter().flat_map(|row| row.entity.keys());
    let of_key = |name: &String| rows.iter().map(|row| row.entity.get(name).cloned()).collect::<Value>();
    let entities: Map<String, Value> = names.map(|name| (name.clone(), of_key(name))).collect();
    let what = match &config.service {
        Some(service) => ("feature_service", Value::from(service.clone())),
        None => {
            let features = rows.first().into_iter().flat_map(|row| row.values.keys());
            ("features", features.map(|feature| format!("{}:{feature}", config.view)).collect())
        }
    };
    // Full names tell apart what several views call alike.
    let whole = [("entities", Value::Object(entities)), what, ("full_feature_names", true.into())];
    Value::Object(whole.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Whether a full name is that of a view's feature: `clicks__ctr`, or `clicks@v0__ctr` where a service names the version.
fn is_feature(name: &str, view: &str, feature: &str) -> bool {
    let of = name.strip_suffix(feature).and_then(|rest| rest.strip_suffix("__"));
    let version = of.and_then(|of| of.strip_prefix(view));
    version.is_some_and(|version| version.is_empty() || version.starts_with("@v"))
}

/// A value as the sidecar writes it: numbers keep their own digits, a list is JSON of texts.
fn text(value: &RawValue) -> Option<String> {
    let raw = value.get();
    if raw == "null" {
        return None;
    }
    if let Ok(items) = serde_json::from_str::<Vec<Box<RawValue>>>(raw) {
        return json::text(&items.iter().map(|item| text(item)).collect::<Vec<_>>()).ok();
    }
    Some(serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned()))
}
