//! What differs between two documents, leaf by leaf. Never leaves a difference out.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::json::Json;

/// One difference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Where: `environments.prod.risk.headroom`; an array's own name where one of its items came or went.
    pub path: String,
    /// What was there; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Json>,
    /// What is there; absent where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Json>,
}

impl fmt::Display for Change {
    /// In ASCII, so that what is read is what is there: `environments.prod.risk.headroom: 2 → 3` with `->`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "{path}: {} -> {}", ascii(before), ascii(after)),
            (Some(before), None) => write!(f, "{path}: - {}", ascii(before)),
            (None, Some(after)) => write!(f, "{path}: + {}", ascii(after)),
            (None, None) => write!(f, "{path}"),
        }
    }
}

/// Everything that differs, in the order of the paths.
pub fn changes(before: &Json, after: &Json) -> Vec<Change> {
    let mut found = Vec::new();
    compare("", Some(before.value()), Some(after.value()), &mut found);
    found
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Change>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => members(path, before, after, found),
        // What is new or gone is told by its parts: nobody reads a page of JSON on one line.
        (None, Some(Value::Object(after))) if !after.is_empty() => members(path, &Map::new(), after, found),
        (Some(Value::Object(before)), None) if !before.is_empty() => members(path, before, &Map::new(), found),
        (Some(Value::Array(before)), Some(Value::Array(after))) => items(path, before, after, found),
        (None, Some(Value::Array(after))) if !after.is_empty() => items(path, &[], after, found),
        (Some(Value::Array(before)), None) if !before.is_empty() => items(path, before, &[], found),
        (before, after) => found.push(change(path, before, after)),
    }
}

fn members(path: &str, before: &Map<String, Value>, after: &Map<String, Value>, found: &mut Vec<Change>) {
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let path = if path.is_empty() { word(name) } else { format!("{path}.{}", word(name)) };
        compare(&path, before.get(name), after.get(name), found);
    }
}

/// Items are compared as a whole: which one became which other is a guess.
fn items(path: &str, before: &[Value], after: &[Value], found: &mut Vec<Change>) {
    let start = found.len();
    let mut left: Vec<&Value> = after.iter().collect();
    for item in before {
        match left.iter().position(|other| *other == item) {
            Some(place) => drop(left.remove(place)),
            None => found.push(change(path, Some(item), None)),
        }
    }
    found.extend(left.into_iter().map(|item| change(path, None, Some(item))));
    if found.len() == start {
        let whole = |items: &[Value]| Value::Array(items.to_vec());
        found.push(change(&format!("{path} (order)"), Some(&whole(before)), Some(&whole(after))));
    }
}

fn change(path: &str, before: Option<&Value>, after: Option<&Value>) -> Change {
    // Parts of a canonical value are canonical.
    let json = |value: &Value| Json::new(value.clone()).ok();
    Change { path: path.to_owned(), before: before.and_then(json), after: after.and_then(json) }
}

/// A name as it stands in a path: quoted where it could be taken for something else.
fn word(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '@' | '+' | '/');
    if !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { escaped(&Value::from(name).to_string()) }
}

fn ascii(json: &Json) -> String {
    escaped(&json.canonical())
}

/// JSON text with everything but ASCII escaped: no mark changes what somebody else reads.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii_graphic() || c == ' ' {
            text.push(c);
        } else {
            let mut units = [0; 2];
            text.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}
