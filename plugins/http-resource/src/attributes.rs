//! What a step sets: members of the content, as far as the configuration lets steps set them.

use std::collections::BTreeMap;

use belay_sdk::Fault;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

use crate::config::Kind;
use crate::recipe::Recipe;
use crate::tree::Tree;

/// Values by name. Which names there are is each configuration's own.
#[derive(Clone, Debug, Deserialize)]
pub struct Attributes(BTreeMap<String, Value>);

impl JsonSchema for Attributes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Attributes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "description": "The names under `attributes` of the resource's configuration." })
    }
}

/// The attributes with the types that the configuration gives them; one that it doesn't have is refused.
pub(crate) fn checked(recipe: &Recipe, set: &Attributes) -> Result<BTreeMap<String, Tree>, Fault> {
    let one = |(name, value): (&String, &Value)| {
        let Some(kind) = recipe.attributes.get(name) else {
            let known: Vec<&str> = recipe.attributes.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Fault::Invalid(format!("`{name}` can't be set: the configuration's `attributes` are {known}")));
        };
        let value = typed(*kind, value).map_err(|wrong| Fault::Invalid(format!("`{name}` {wrong}")))?;
        Ok((name.clone(), value))
    };
    set.0.iter().map(one).collect()
}

fn typed(kind: Kind, value: &Value) -> Result<Tree, String> {
    match (kind, value) {
        (Kind::Number, Value::String(digits)) => match Tree::parse(digits.as_bytes()) {
            Ok(Tree::Number(_)) if Tree::is_plain(digits) => {
                Err(format!("is a whole number: {digits}, without quotes"))
            }
            Ok(number @ Tree::Number(_)) => Ok(number),
            Ok(_) | Err(_) => Err(format!("is a number, not `{digits}`")),
        },
        (Kind::Boolean, Value::Bool(_))
        | (Kind::Integer | Kind::Number, Value::Number(_))
        | (Kind::String, Value::String(_))
        | (Kind::Any, _) => Ok(value.into()),
        (Kind::Boolean, _) => Err(format!("is true or false, not {value}")),
        (Kind::Integer, _) => Err(format!("is a whole number, not {value}")),
        (Kind::Number, _) => Err(format!("is a number, not {value}")),
        (Kind::String, _) => Err(format!("is text, not {value}")),
    }
}
