//! Facts that a guardrail may meet one day, and some that it never should.

use belay_domain::facts;
use belay_domain::json::{Json, MAX_INTEGER};
use serde_json::{Map, Value, json};

/// The facts of the first version of the document: what a later host leaves out, an old one never had.
const FIRST: &str = include_str!("../../facts/first.json");
/// How many of each there are in facts that are huge.
const MANY: usize = 3_000;

/// The first moment of the year 2100.
const YEAR_2100_MS: i64 = 4_102_444_800_000;

/// Facts with a name for people.
pub(super) type Named = Vec<(String, Json)>;

/// Facts that fit the schema, each odd in one way.
pub(super) fn valid() -> Named {
    let example: Value = serde_json::from_str(facts::EXAMPLE).unwrap_or_default();
    let mut all = vec![
        ("the example".to_owned(), example.clone()),
        ("the first version's facts".to_owned(), serde_json::from_str(FIRST).unwrap_or_default()),
        ("only what is required".to_owned(), without_options(&example)),
        ("nothing in any list".to_owned(), mapped(&example, &|_, value| emptied(value))),
        ("unicode everywhere".to_owned(), mapped(&example, &|name, value| foreign(name, value))),
        ("the largest numbers".to_owned(), mapped(&example, &|name, value| number(name, value, MAX_INTEGER))),
        ("zeroes".to_owned(), mapped(&example, &|name, value| number(name, value, 0))),
        ("members of a later belay".to_owned(), with_later_members(&example)),
        ("thousands of writes and consumers".to_owned(), huge(&example)),
        ("a drill".to_owned(), with(&example, &[("mode", json!("drill"))])),
        ("an undo".to_owned(), with(&example, &[("purpose", json!("undo"))])),
        ("something skipped".to_owned(), with(&example, &[("skipped", json!(["dataset", "モデル"]))])),
    ];
    let destinations = [
        json!({ "kind": "before", "at": 1_795_140_900_000_u64 }),
        json!({ "kind": "versions", "versions": [{ "resource": "model", "version": "v8" }] }),
        json!({ "kind": "undo_point", "run": "r-77", "digest": "00".repeat(32) }),
    ];
    for destination in destinations {
        let name = format!("a destination of the kind {}", destination["kind"]);
        all.push((name, with(&example, &[("destination", destination)])));
    }
    for tier in ["experimental", "standard", "important", "critical"] {
        let mut set = example["feature_set"].clone();
        set["tier"] = json!(tier);
        all.push((format!("the tier {tier}"), with(&example, &[("feature_set", set)])));
    }
    for weekday in ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] {
        let now = json!({ "ms": 1_795_313_700_000_u64, "weekday": weekday, "hour": 23, "minute": 59 });
        all.push((format!("a {weekday}"), with(&example, &[("now", now)])));
    }
    all.push(("steps of each kind".to_owned(), steps(&example)));
    canonical(all)
}

/// JSON that is no facts: a guardrail may answer with a fault, or judge, but not crash.
pub(super) fn nonsense() -> Named {
    let example: Value = serde_json::from_str(facts::EXAMPLE).unwrap_or_default();
    let mut all: Vec<(String, Value)> = [json!(null), json!([]), json!({}), json!("facts"), json!(7), json!(true)]
        .into_iter()
        .map(|value| (value.to_string(), value))
        .collect();
    all.push(("facts of a later version".to_owned(), with(&example, &[("schema", json!(2))])));
    for name in members(&example) {
        for wrong in [json!(null), json!([]), json!({}), json!("x"), json!(-1)] {
            all.push((format!("{name} = {wrong}"), with(&example, &[(name.as_str(), wrong)])));
        }
    }
    canonical(all)
}

/// The same facts without one member that the schema requires, of the document or of an object in it.
pub(super) fn lacking(facts: &Json) -> Named {
    let mut all = Vec::new();
    for name in members(facts.value()).into_iter().filter(|name| name != "incident") {
        let mut without = facts.value().clone();
        take(&mut without, &name);
        all.push((name.clone(), without));
        for inner in members(&facts.value()[&name]).into_iter().filter(|inner| inner != "worst") {
            let mut without = facts.value().clone();
            take(&mut without[&name], &inner);
            all.push((format!("{name}.{inner}"), without));
        }
    }
    canonical(all)
}

fn canonical(all: Vec<(String, Value)>) -> Named {
    all.into_iter().filter_map(|(name, value)| Some((name, Json::new(value).ok()?))).collect()
}

fn members(value: &Value) -> Vec<String> {
    value.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default()
}

fn take(value: &mut Value, name: &str) {
    if let Some(members) = value.as_object_mut() {
        members.remove(name);
    }
}

fn with(facts: &Value, changes: &[(&str, Value)]) -> Value {
    let mut changed = facts.clone();
    for (name, value) in changes {
        changed[*name] = value.clone();
    }
    changed
}

/// Each value, from the inside out, as `change` makes it; `change` is told the member's name.
fn mapped(value: &Value, change: &dyn Fn(&str, &Value) -> Option<Value>) -> Value {
    fn walk(name: &str, value: &Value, change: &dyn Fn(&str, &Value) -> Option<Value>) -> Value {
        let inner = match value {
            Value::Array(items) => Value::Array(items.iter().map(|item| walk(name, item, change)).collect()),
            Value::Object(members) => {
                let walked = members.iter().map(|(name, value)| (name.clone(), walk(name, value, change)));
                Value::Object(walked.collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        };
        change(name, &inner).unwrap_or(inner)
    }
    walk("", value, change)
}

fn emptied(value: &Value) -> Option<Value> {
    value.is_array().then(|| json!([]))
}

/// Names and words are people's: they hold anything. What comes of a closed set stays.
fn foreign(name: &str, value: &Value) -> Option<Value> {
    const CLOSED: [&str; 8] = ["kind", "mode", "purpose", "weekday", "tier", "reversibility", "worst", "record"];
    let text = value.as_str().filter(|_| !CLOSED.contains(&name))?;
    Some(json!(format!("Ω\u{202e}🚨\u{0}\"\\'{text} \u{feff}数据 e\u{301}")))
}

fn number(name: &str, value: &Value, to: i64) -> Option<Value> {
    const BOUNDED: [&str; 6] = ["schema", "hour", "minute", "index", "step", "risk"];
    // What counts 32 bits in the schema.
    const SMALL: [&str; 3] = ["score", "next", "part"];
    const MOMENTS: [&str; 4] = ["ms", "captured_at", "at", "since"];
    let to = match name {
        name if SMALL.contains(&name) => to.min(i64::from(u32::MAX)),
        name if MOMENTS.contains(&name) => to.min(YEAR_2100_MS),
        _ => to,
    };
    (value.is_number() && !BOUNDED.contains(&name)).then(|| json!(to))
}

fn without_options(facts: &Value) -> Value {
    let mut bare = facts.clone();
    take(&mut bare, "incident");
    fn bared(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|_, member| !member.is_null());
                members.values_mut().for_each(bared);
            }
            Value::Array(items) => items.iter_mut().for_each(bared),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    bared(&mut bare);
    bare
}

fn with_later_members(facts: &Value) -> Value {
    let later = |name: &str, value: &Value| {
        // What a step wants is closed: a map of attributes, or one of two kinds. What a pin tells are maps of texts.
        let texts = matches!(name, "members" | "tags");
        let members = value
            .as_object()
            .filter(|members| !texts && !members.contains_key("pinned") && !members.contains_key("attributes"))?;
        let mut members: Map<String, Value> = members.clone();
        members.insert("a_later_belay_says".to_owned(), json!({ "more": [1, null, "…"] }));
        Some(Value::Object(members))
    };
    mapped(facts, &later)
}

fn huge(facts: &Value) -> Value {
    let mut huge = facts.clone();
    for pointer in ["/feature_set/consumers", "/stage/operations", "/stage/steps", "/stage/resources", "/stage/parts"] {
        let Some(items) = huge.pointer_mut(pointer).and_then(Value::as_array_mut) else { continue };
        let kinds = items.clone();
        items.extend(kinds.iter().cycle().take(if kinds.is_empty() { 0 } else { MANY }).cloned());
    }
    huge
}

fn steps(facts: &Value) -> Value {
    let mut changed = facts.clone();
    let step = |step: u32, work: Value| json!({ "step": step, "resource": "model", "at": "registry/ranker", "plugin": "x", "work": work });
    let ramp =
        json!({ "attribute": "rollout", "through": [50, 25, "x", null], "next": 1, "hold_ms": 1_000, "checks": true });
    changed["stage"]["steps"] = json!([
        step(0, json!({ "kind": "nothing", "found": "v8" })),
        step(1, json!({ "kind": "blind", "reason": "no answer", "system_down": true })),
        { "step": 2, "resource": null, "at": null, "plugin": null, "work": { "kind": "manual", "instruction": "Ask" } },
        step(3, json!({ "kind": "change", "from": "v9", "to": { "attributes": { "rollout": 0 } }, "loss": null, "notes": [], "ramp": ramp })),
    ]);
    changed["stage"]["worst"] = Value::Null;
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_facts_fit_the_schema_and_nonsense_does_not() {
        let schema: Value = serde_json::from_str(facts::SCHEMA_TEXT).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        assert!(valid().len() > 25, "none is lost for want of a canonical form");
        for (name, facts) in valid() {
            let errors: Vec<_> = validator.iter_errors(facts.value()).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}");
        }
        let refused = nonsense().iter().filter(|(_, facts)| !validator.is_valid(facts.value())).count();
        assert!(refused * 10 > nonsense().len() * 8, "{refused} of {} are refused", nonsense().len());
        let example = Json::parse(facts::EXAMPLE).unwrap();
        for (name, facts) in lacking(&example) {
            assert!(!validator.is_valid(facts.value()), "{name} is not required");
        }
    }
}
