//! What an operation writes, as one name: two steps of a stage that run side by side must not share one.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::connection::WriteRule;
use crate::id::{ResourceName, StepId};
use crate::json::{self, Json};
use crate::operation::{HttpWrite, KeyvalueChange, KeyvalueWrite, ObjectWrite, shown};

use super::text;
use super::violation::Breach;

/// What an operation writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Written {
    /// For people, and equal where the same is written.
    pub(super) name: String,
    extent: Extent,
}

/// How far a name reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Extent {
    /// To what has it.
    Itself,
    /// To the fields of the key that has it, too.
    Fields,
    /// To everything that starts with it; the name then ends with a star that is not part of it.
    Prefix,
}

impl Written {
    const fn itself(name: String) -> Self {
        Self { name, extent: Extent::Itself }
    }

    /// Whether what one of two writes does can depend on whether the other came before.
    fn clashes(&self, other: &Self) -> bool {
        self.reaches(other) || other.reaches(self)
    }

    fn reaches(&self, other: &Self) -> bool {
        let below =
            |prefix: &str, next: &str| other.name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(next));
        self.name == other.name
            || match self.extent {
                Extent::Itself => false,
                Extent::Fields => below(&self.name, FIELD),
                Extent::Prefix => below(self.name.strip_suffix('*').unwrap_or(&self.name), ""),
            }
    }
}

/// Between a key and its field; neither is shown with a space.
const FIELD: &str = " ";

/// Who writes what, so far.
#[derive(Default)]
pub(super) struct Owners<'plan>(Vec<(Written, StepId, &'plan ResourceName)>);

impl<'plan> Owners<'plan> {
    /// Notes that a step writes something; answers with the other resource where another step does already. Within one
    /// step an object may be written again: its operations run in order.
    pub(super) fn claim(
        &mut self,
        written: &Written,
        step: StepId,
        resource: &'plan ResourceName,
    ) -> Option<ResourceName> {
        let clash = self.0.iter().find(|(other, owner, _)| *owner != step && other.clashes(written));
        let other = clash.map(|(_, _, other)| (*other).clone());
        self.0.push((written.clone(), step, resource));
        other
    }
}

/// `lake/clicks/_delta_log/32.json`
pub(super) fn of_object(write: &ObjectWrite) -> Written {
    Written::itself(format!("{}/{}", write.connection, write.key))
}

/// `cache/features:gen`, `cache/features:meta field`, `cache/features:v9:*`
pub(super) fn of_keyvalue(write: &KeyvalueWrite) -> Written {
    let name = |text: String| format!("{}/{text}", write.connection);
    match &write.change {
        KeyvalueChange::Set { key, .. } | KeyvalueChange::Delete { key } => {
            Written { name: name(shown(&key.0)), extent: Extent::Fields }
        }
        KeyvalueChange::SetField { key, field, .. } | KeyvalueChange::DeleteField { key, field } => {
            Written::itself(name([shown(&key.0), shown(&field.0)].join(FIELD)))
        }
        KeyvalueChange::DeletePrefix { prefix, .. } => {
            Written { name: name(shown(&prefix.0) + "*"), extent: Extent::Prefix }
        }
    }
}

/// `registry/api/alias {"/alias":"champion","/name":"ranker"}`: connection and path, and what the body names. Where
/// several rules allow the write, only the pointers that all of them list count: a coarser name finds more collisions.
pub(super) fn of_http(write: &HttpWrite, rules: &[&WriteRule]) -> Result<Written, Vec<Breach>> {
    let named = names(write, rules)?;
    let body = if named.is_empty() { String::new() } else { format!(" {}", shown_as_json(&named)) };
    Ok(Written::itself(format!("{}{}{body}", write.connection, ordered(&write.path))))
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
fn shown_as_json(named: &BTreeMap<&str, Json>) -> String {
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
