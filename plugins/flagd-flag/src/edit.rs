//! Setting attributes of a flag in its own text.

use belay_sdk::Fault;

use crate::Attributes;
use crate::flag::Flag;
use crate::members::Members;
use crate::rollout::{Shape, targeting};

/// The flag's text with the attributes set. Whatever they don't concern stays byte for byte; where they are set
/// already, all of it.
pub(crate) fn set(flag: &Flag, attributes: &Attributes) -> Result<String, Fault> {
    let mut flag = flag.clone();
    if let Some(enabled) = attributes.enabled.filter(|enabled| *enabled != flag.enabled) {
        flag = with(&flag, "state", if enabled { "\"ENABLED\"" } else { "\"DISABLED\"" })?;
    }
    if let Some(variant) = attributes.default_variant.as_ref() {
        flag = with_default(&flag, variant)?;
    }
    if let Some(percent) = attributes.rollout {
        flag = with_rollout(&flag, percent)?;
    }
    if is_met(&flag, attributes) {
        return Ok(flag.source);
    }
    Err(Fault::Invalid("the attributes contradict each other: `rollout` 0 and 100 set the default variant".to_owned()))
}

fn with_default(flag: &Flag, variant: &str) -> Result<Flag, Fault> {
    if flag.default_variant.as_deref() == Some(variant) {
        return Ok(flag.clone());
    }
    if !flag.variants.contains_key(variant) {
        let known: Vec<&str> = flag.variants.keys().map(String::as_str).collect();
        return Err(Fault::Missing(format!("the flag has no variant `{variant}`; it has {}", known.join(", "))));
    }
    with(flag, "defaultVariant", &serde_json::Value::from(variant).to_string())
}

fn with_rollout(flag: &Flag, percent: u8) -> Result<Flag, Fault> {
    if percent > 100 {
        return Err(Fault::Invalid(format!("a rollout is 0 to 100 percent, not {percent}")));
    }
    if flag.rollout == Some(percent) {
        return Ok(flag.clone());
    }
    let members = members(flag)?;
    let present = members.value("targeting").and_then(|place| flag.source.get(place));
    match (Shape::of(&flag.variants, &flag.targeting), percent) {
        (Shape::Other, _) => Err(Fault::Unsupported(
            "`rollout` is for flags with the variants on: true and off: false and at most a `fractional` over them"
                .to_owned(),
        )),
        (Shape::Everybody, 0) => with_default(flag, "off"),
        (Shape::Everybody, 100) => with_default(flag, "on"),
        (Shape::Everybody | Shape::Share(_), _) => with(flag, "targeting", &targeting(percent, present)),
    }
}

fn with(flag: &Flag, name: &str, value: &str) -> Result<Flag, Fault> {
    Flag::read(&members(flag)?.with(&flag.source, name, value))
}

fn members(flag: &Flag) -> Result<Members, Fault> {
    Members::of(&flag.source).map_err(|why| Fault::Unexpected(format!("the flag: {why}")))
}

fn is_met(flag: &Flag, attributes: &Attributes) -> bool {
    attributes.enabled.is_none_or(|enabled| flag.enabled == enabled)
        && attributes.default_variant.as_ref().is_none_or(|variant| flag.default_variant.as_ref() == Some(variant))
        && attributes.rollout.is_none_or(|percent| flag.rollout == Some(percent))
}
