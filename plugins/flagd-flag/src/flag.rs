//! One flag: what it says, and its own text.

use belay_sdk::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::rollout::Shape;

/// The largest integer that canonical JSON holds.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// A flag as belay compares it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Flag {
    /// Whether flagd evaluates it.
    pub(crate) enabled: bool,
    /// The variant that is served where no targeting decides.
    pub(crate) default_variant: Option<String>,
    /// The variants. Numbers that canonical JSON can't hold stand here as text.
    pub(crate) variants: Map<String, Value>,
    /// The rules; null where there are none or none in them. Numbers as in the variants.
    pub(crate) targeting: Value,
    /// The share that gets `on`, in percent, where the flag's shape says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rollout: Option<u8>,
    /// The flag's own JSON text, byte for byte: the only form in which it can be put back exactly.
    pub(crate) source: String,
}

/// A flag as flagd's schema names its parts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parts {
    state: Option<String>,
    default_variant: Option<String>,
    #[serde(default)]
    variants: Map<String, Value>,
    #[serde(default)]
    targeting: Value,
}

impl Flag {
    /// Reads a flag from its own JSON text.
    pub(crate) fn read(source: &str) -> Result<Self, Fault> {
        let parts: Parts = serde_json::from_str(source)
            .map_err(|error| Fault::Unexpected(format!("this is not a flag that flagd knows: {error}")))?;
        let has_rules = parts.targeting.as_object().is_none_or(|rules| !rules.is_empty());
        let rollout = match Shape::of(&parts.variants, &parts.targeting) {
            Shape::Other => None,
            Shape::Share(percent) => Some(percent),
            Shape::Everybody => match parts.default_variant.as_deref() {
                Some("on") => Some(100),
                Some("off") => Some(0),
                Some(_) | None => None,
            },
        };
        Ok(Self {
            enabled: parts.state.as_deref() != Some("DISABLED"),
            default_variant: parts.default_variant,
            variants: parts.variants.into_iter().map(|(name, value)| (name, without_floats(value))).collect(),
            targeting: if has_rules { without_floats(parts.targeting) } else { Value::Null },
            rollout,
            source: source.to_owned(),
        })
    }

    /// What people call this state: `off`, `on, 25 %`, `on, default blue, targeted`.
    pub(crate) fn label(&self) -> String {
        match (self.enabled, self.rollout, &self.default_variant) {
            (false, _, _) => "off".to_owned(),
            (true, Some(percent), _) => format!("on, {percent} %"),
            (true, None, default) => {
                let default = default.as_deref().unwrap_or("of each caller");
                let targeted = if self.targeting.is_null() { "" } else { ", targeted" };
                format!("on, default {default}{targeted}")
            }
        }
    }
}

/// The value with each number that canonical JSON can't hold as its text.
fn without_floats(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            let fits = number.as_i64().is_some_and(|integer| integer.unsigned_abs() <= MAX_INTEGER);
            if fits { Value::Number(number) } else { Value::String(number.to_string()) }
        }
        Value::Array(items) => items.into_iter().map(without_floats).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, member)| (name, without_floats(member))).collect::<Map<_, _>>().into()
        }
        plain @ (Value::Null | Value::Bool(_) | Value::String(_)) => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_called_what_people_see() {
        let on_off = r#""variants":{"on":true,"off":false}"#;
        for (source, label) in [
            (format!(r#"{{"state":"ENABLED",{on_off},"defaultVariant":"on"}}"#), "on, 100 %"),
            (format!(r#"{{"state":"ENABLED",{on_off},"defaultVariant":"off"}}"#), "on, 0 %"),
            (format!(r#"{{"state":"DISABLED",{on_off},"defaultVariant":"on"}}"#), "off"),
            (format!(r#"{{{on_off},"defaultVariant":"on","targeting":{{}}}}"#), "on, 100 %"),
            (format!(r#"{{{on_off},"targeting":{{"fractional":[["on",1],["off",3]]}}}}"#), "on, 25 %"),
            (r#"{"variants":{"a":0.5},"defaultVariant":"a","targeting":{"if":[]}}"#.into(), "on, default a, targeted"),
            (r#"{"variants":{"a":1},"defaultVariant":null,"targeting":{}}"#.into(), "on, default of each caller"),
        ] {
            assert_eq!(Flag::read(&source).unwrap().label(), label, "{source}");
        }
    }

    #[test]
    fn floats_travel_as_text_and_the_source_as_it_is() {
        let source = r#"{ "variants": {"a": 0.50, "b": [9007199254740993, -7]}, "defaultVariant": "a" }"#;
        let flag = Flag::read(source).unwrap();
        assert_eq!(flag.source, source);
        assert_eq!(Value::Object(flag.variants), serde_json::json!({"a": "0.5", "b": ["9007199254740993", -7]}));
    }
}
