//! What an operation writes, as one name: two steps of a stage that run side by side must not share one.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::connection::WriteRule;
use crate::id::{ResourceName, StepId};
use crate::json::{self, Json};
use crate::operation::{HttpWrite, ObjectWrite};

use super::text;
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
    let body = if named.is_empty() { String::new() } else { format!(" {}", shown(&named)) };
    Ok(format!("{}{}{body}", write.connection, ordered(&write.path)))
}

fn names<'rule>(write: &HttpWrite, rules: &[&'rule WriteRule]) -> Result<BTreeMap<&'rule str, Json>, Vec<Breach>> {
    let Some((first, others)) = rules.split_first() else { return Ok(BTreeMap::new()) };
    let shared = first.object.iter().filter(|pointer| others.iter().all(|rule| rule.object.contains(pointer)));
    let body = json::parse_foreign(&write.body.0).unwrap_or(Value::Null);
    let mut named = BTreeMap::new();
    let mut unclear = Vec::new();
    for pointer in shared {
        let scalar = body.pointer(pointer).filter(|value| value.is_string() || value.is_number() || value.is_boolean());
        if let Some(value) = scalar.and_then(|value| Json::new(value.clone()).ok()) {
            named.insert(pointer.as_str(), value);
        } else {
            unclear.push(Breach::UnclearObject { connection: write.connection.clone(), pointer: pointer.clone() });
        }
    }
    if unclear.is_empty() { Ok(named) } else { Err(unclear) }
}

/// `{"/name":"ranker"}`, with JSON's own escapes for what a reader could not see.
fn shown(named: &BTreeMap<&str, Json>) -> String {
    let members = named.iter().map(|(pointer, value)| ((*pointer).to_owned(), value.value().clone()));
    let canonical = serde_json_canonicalizer::to_string(&Value::Object(members.collect())).unwrap_or_default();
    let mut text = String::with_capacity(canonical.len());
    for c in canonical.chars() {
        if text::misleads(c) {
            text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    text
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
