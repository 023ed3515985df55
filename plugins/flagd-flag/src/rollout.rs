//! Shares: which part of the callers gets `on`, where a flag's shape says it.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// How a flag decides between `on` and `off`.
pub(crate) enum Shape {
    /// It has other variants, or targeting that says more than a share.
    Other,
    /// Everybody gets the default variant.
    Everybody,
    /// `fractional` deals callers out: this many in a hundred get `on`.
    Share(u8),
}

impl Shape {
    /// The shape of a flag with these variants and this targeting.
    pub(crate) fn of(variants: &Map<String, Value>, targeting: &Value) -> Self {
        let is = |name: &str, value: bool| variants.get(name) == Some(&Value::Bool(value));
        if variants.len() != 2 || !is("on", true) || !is("off", false) {
            return Self::Other;
        }
        match targeting {
            Value::Null => Self::Everybody,
            Value::Object(rules) if rules.is_empty() => Self::Everybody,
            Value::Object(rules) => match (rules.len(), rules.get("fractional")) {
                (1, Some(Value::Array(buckets))) => share(buckets).map_or(Self::Other, Self::Share),
                _ => Self::Other,
            },
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Self::Other,
        }
    }
}

/// The share of `on` among buckets such as `["on", 25], ["off", 75]`; `None` where it is no whole percentage.
fn share(buckets: &[Value]) -> Option<u8> {
    let (mut on, mut off) = (None, None);
    for bucket in dealt(buckets) {
        let (variant, weight) = weighed(bucket)?;
        let seen = if variant == "on" { &mut on } else { &mut off };
        if !matches!(variant, "on" | "off") || seen.replace(weight).is_some() {
            return None;
        }
    }
    let (on, off) = (on.unwrap_or(0), off.unwrap_or(0));
    let (percent, rest) = (on.checked_mul(100)?.checked_div(on + off)?, (on * 100).checked_rem(on + off)?);
    u8::try_from(percent).ok().filter(|_| rest == 0)
}

/// The buckets without what they are dealt by: an expression may stand before them.
fn dealt(buckets: &[Value]) -> &[Value] {
    match buckets {
        [by, rest @ ..] if !by.is_array() => rest,
        all => all,
    }
}

/// A bucket's variant and weight, which is 1 where it isn't said. flagd's weights are 32-bit.
fn weighed(bucket: &Value) -> Option<(&str, u64)> {
    match bucket.as_array()?.as_slice() {
        [variant] => Some((variant.as_str()?, 1)),
        [variant, weight] => Some((variant.as_str()?, weight.as_u64().filter(|weight| *weight <= u32::MAX.into())?)),
        _ => None,
    }
}

/// The targeting that gives `on` to a share, dealing callers out by what the present targeting deals them out by.
pub(crate) fn targeting(percent: u8, present: Option<&str>) -> String {
    #[derive(Deserialize)]
    struct Fractional<'a> {
        #[serde(borrow)]
        fractional: Vec<&'a RawValue>,
    }
    let present = present.and_then(|text| serde_json::from_str::<Fractional<'_>>(text).ok());
    let first = present.and_then(|present| present.fractional.first().map(|first| first.get()));
    let by = first.filter(|text| !text.starts_with('[')).map(|text| format!("{text}, ")).unwrap_or_default();
    let rest = 100_u8.saturating_sub(percent);
    format!(r#"{{"fractional": [{by}["on", {percent}], ["off", {rest}]]}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn percent(targeting: &Value) -> Option<u8> {
        let variants = json!({"on": true, "off": false});
        match Shape::of(variants.as_object().unwrap(), targeting) {
            Shape::Share(percent) => Some(percent),
            Shape::Other | Shape::Everybody => None,
        }
    }

    #[test]
    fn a_share_is_read_where_it_is_a_whole_percentage() {
        for (buckets, expected) in [
            (json!([["on", 25], ["off", 75]]), Some(25)),
            (json!([["off", 3], ["on", 1]]), Some(25)),
            (json!([{"var": "email"}, ["on", 0], ["off", 100]]), Some(0)),
            (json!([["on"], ["off"]]), Some(50)),
            (json!([["on", 1]]), Some(100)),
            (json!([["on", 1], ["off", 2]]), None),
            (json!([["on", 0], ["off", 0]]), None),
            (json!([["on", 25], ["on", 75]]), None),
            (json!([["on", 25], ["new", 75]]), None),
            (json!([["on", 0.5], ["off", 0.5]]), None),
            (json!([["on", 18_446_744_073_709_551_615_u64], ["off", 1]]), None),
            (json!([]), None),
        ] {
            assert_eq!(percent(&json!({"fractional": buckets})), expected, "{buckets}");
        }
        assert_eq!(percent(&json!({"if": [true, "on"]})), None);
        assert_eq!(percent(&json!({"fractional": [["on", 1]], "if": []})), None);
    }

    #[test]
    fn what_is_written_is_read_back_and_keeps_what_it_is_dealt_by() {
        for by in ["", r#"{"var":"email"}, "#] {
            let present = format!(r#"{{ "fractional":[{by}["on",50],["off",50]] }}"#);
            for share in [0, 1, 99, 100] {
                let text = targeting(share, Some(&present));
                assert!(text.contains(by), "{text}");
                assert_eq!(percent(&serde_json::from_str(&text).unwrap()), Some(share), "{text}");
            }
        }
    }
}
