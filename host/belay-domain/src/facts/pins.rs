//! The facts about what the run goes back to: what each pin is, and what its maker recorded about it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json::Json;
use crate::plan::Target;
use crate::state::{Desired, Pin};

/// The most that a member or a tag may hold, in bytes; a longer one is left out. Facts go to every guardrail.
const MOST: usize = 500;

/// A state that the run goes back to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PinFacts {
    /// The resource's name.
    pub resource: String,
    /// Where it lives: `registry/ranker@champion`.
    pub at: String,
    /// The plugin that knows it.
    pub plugin: String,
    /// The version's label.
    pub version: String,
    /// The SHA-256 of its content.
    pub content: String,
    /// The members of its content that are texts of at most 500 bytes, whole numbers, or true or false, as text.
    pub members: BTreeMap<String, String>,
    /// The datasets that it was made from, as its maker recorded them (`inputs` of its content); null where nothing was
    /// recorded.
    pub inputs: Option<Vec<InputFacts>>,
    /// What its maker wrote down (`tags` of its proof), each of at most 500 bytes; null where nothing was recorded.
    pub tags: Option<BTreeMap<String, String>>,
}

/// A dataset that something was made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct InputFacts {
    /// Its name, as the maker called it.
    pub name: String,
    /// Its digest, as the maker computed it.
    pub digest: String,
}

impl PinFacts {
    /// What a step's target goes back to; none where it sets attributes.
    pub fn of(target: &Target) -> Option<Self> {
        let pin = match &target.desired {
            Desired::Pinned(pin) => pin,
            Desired::Attributes(_) => return None,
        };
        Some(Self {
            resource: target.resource.to_string(),
            at: target.at.to_string(),
            plugin: target.plugin.to_string(),
            version: pin.state.version.clone(),
            content: pin.state.content_digest().to_string(),
            members: members(&pin.state.content),
            inputs: inputs(pin),
            tags: tags(pin),
        })
    }
}

fn members(content: &Json) -> BTreeMap<String, String> {
    let members = content.value().as_object().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.clone(), plain(value)?))).collect()
}

/// A value that reads the same as text; none where it has parts, is nothing, or is long.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| text.len() <= MOST),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A list of which one entry is not understood is not understood: what is left would pass for all of it.
fn inputs(pin: &Pin) -> Option<Vec<InputFacts>> {
    serde_json::from_value(pin.state.content.value().get("inputs")?.clone()).ok()?
}

fn tags(pin: &Pin) -> Option<BTreeMap<String, String>> {
    let tags = pin.proof.value().get("tags")?.as_object()?;
    Some(tags.iter().filter_map(|(name, value)| Some((name.clone(), plain(value)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn facts(content: Value, proof: Value) -> PinFacts {
        let plan = sample::restore();
        let mut target = plan.steps.iter().find_map(|step| step.subject.target()).unwrap().clone();
        let Desired::Pinned(pin) = &mut target.desired else { panic!("the sample's first step goes back to a pin") };
        pin.state.content = Json::new(content).unwrap();
        pin.proof = Json::new(proof).unwrap();
        PinFacts::of(&target).unwrap()
    }

    #[test]
    fn plain_members_are_told_and_what_has_parts_or_is_long_is_not() {
        let content = serde_json::json!({
            "version": "8", "files": 12, "live": true, "run": null, "artifacts": [{"path": "x"}], "astray": {},
            "long": "x".repeat(501),
        });
        let members = facts(content, Value::Null).members;
        let told: Vec<_> = members.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(told, [("files", "12"), ("live", "true"), ("version", "8")]);
    }

    #[test]
    fn what_was_recorded_is_told_and_what_was_not_is_null() {
        let content = serde_json::json!({"inputs": [{"name": "clicks", "digest": "d1"}]});
        let found = facts(content, serde_json::json!({"sha256": {}, "tags": {"view": "3"}}));
        assert_eq!(found.inputs.unwrap(), [InputFacts { name: "clicks".to_owned(), digest: "d1".to_owned() }]);
        assert_eq!(found.tags.unwrap(), BTreeMap::from([("view".to_owned(), "3".to_owned())]));
        for content in [
            serde_json::json!({"inputs": null}),
            serde_json::json!({"inputs": [{"name": "clicks"}]}),
            serde_json::json!({"inputs": "clicks"}),
            serde_json::json!({}),
            Value::Null,
        ] {
            let found = facts(content.clone(), Value::Null);
            assert_eq!((found.inputs, found.tags), (None, None), "{content}");
        }
    }

    #[test]
    fn a_step_that_sets_attributes_goes_back_to_no_pin() {
        let plan = sample::contain();
        assert!(
            plan.steps.iter().filter_map(|step| step.subject.target()).all(|target| PinFacts::of(target).is_none())
        );
    }
}
