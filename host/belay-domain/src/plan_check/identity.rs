//! What an operation writes, as one name: two steps of a stage that run side by side must not share one.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::connection::WriteRule;
use crate::id::{ResourceName, StepId};
use crate::json::Json;
use crate::operation::{HttpWrite, ObjectWrite};

use super::violation::Breach;

/// Who writes which object, so far.
#[derive(Default)]
pub(super) struct Owners<'plan>(BTreeMap<String, (StepId, &'plan ResourceName)>);

impl<'plan> Owners<'plan> {
    /// Notes that a step writes an object; answers with the other resource where another step does already. Within one
    /// step an object may be written again: its operations run in order.
    pub(super) fn claim(&mut self, object: &str, step: StepId, resource: &'plan ResourceName) -> Option<ResourceName> {
        let (owner, other) = self.0.entry(object.to_owned()).or_insert((step, resource));
        (*owner != step).then(|| (*other).clone())
    }
}

/// `lake/clicks/_delta_log/32.json`
pub(super) fn of_object(write: &ObjectWrite) -> String {
    format!("{}/{}", write.connection, write.key)
}

/// `registry/api/alias {"/alias":"champion","/name":"ranker"}`: connection and path, and what the body names. Where
/// several rules allow the write, only the pointers that all of them list count: a coarser name finds more collisions.
pub(super) fn of_http(write: &HttpWrite, rules: &[&WriteRule]) -> Result<String, Vec<Breach>> {
    let named = names(write, rules)?;
    let body = if named.is_empty() { String::new() } else { format!(" {}", text(&named)) };
    Ok(format!("{}{}{body}", write.connection, ordered(&write.path)))
}

fn names<'rule>(write: &HttpWrite, rules: &[&'rule WriteRule]) -> Result<BTreeMap<&'rule str, Value>, Vec<Breach>> {
    let Some((first, others)) = rules.split_first() else { return Ok(BTreeMap::new()) };
    let shared = first.object.iter().filter(|pointer| others.iter().all(|rule| rule.object.contains(pointer)));
    let body = Json::parse_bytes(&write.body.0).unwrap_or(Json::NULL);
    let mut named = BTreeMap::new();
    let mut unclear = Vec::new();
    for pointer in shared {
        match body.value().pointer(pointer) {
            Some(value @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) => {
                named.insert(pointer.as_str(), value.clone());
            }
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => {
                unclear.push(Breach::UnclearObject { connection: write.connection.clone(), pointer: pointer.clone() });
            }
        }
    }
    if unclear.is_empty() { Ok(named) } else { Err(unclear) }
}

/// Parsed JSON of strings and whole numbers always has canonical text.
fn text(named: &BTreeMap<&str, Value>) -> String {
    Json::from(named).map(|json| json.canonical()).unwrap_or_default()
}

/// A path whose query's parts stand in one order and whose hex digits are capitals.
fn ordered(path: &str) -> String {
    let (place, query) = path.split_once('?').map_or((path, None), |(place, query)| (place, Some(query)));
    let mut text = capitals(place);
    if let Some(query) = query {
        let mut parts: Vec<_> = query.split('&').map(capitals).collect();
        parts.sort_unstable();
        text.push('?');
        text.push_str(&parts.join("&"));
    }
    text
}

fn capitals(text: &str) -> String {
    let mut since_percent = 3;
    let capital = |c: char| {
        since_percent = if c == '%' { 0 } else { since_percent + 1 };
        if (1..=2).contains(&since_percent) { c.to_ascii_uppercase() } else { c }
    };
    text.chars().map(capital).collect()
}
