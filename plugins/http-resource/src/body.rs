//! JSON with holes in its texts. A text that is one hole takes the value as it is, with its type; within a longer text
//! the value is written out.

use std::collections::BTreeMap;

use belay_sdk::Fault;
use serde_json::Value;

use crate::scope::{Scope, Values};
use crate::template::{Hole, Template, nothing};
use crate::tree::Tree;

/// A body with holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Plain(Tree),
    Text(Template),
    List(Vec<Body>),
    Record(BTreeMap<String, Body>),
}

impl Body {
    /// Reads a body; the error says where in it what is wrong.
    pub(crate) fn parse(value: &Value, scope: &Scope) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => {
                let template = Template::parse(text, scope)?;
                if template.holes().next().is_none() {
                    Self::Plain(Tree::Text(unbraced(text)))
                } else {
                    Self::Text(template)
                }
            }
            Value::Array(items) => Self::List(
                (0..)
                    .zip(items)
                    .map(|(index, item): (usize, _)| inside(&index.to_string(), item, scope))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Object(members) => Self::Record(
                members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), inside(name, member, scope)?)))
                    .collect::<Result<_, String>>()?,
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Plain(value.into()),
        })
    }

    /// The body with its holes filled. A member whose text is one optional hole is left out where its value is missing.
    pub(crate) fn fill(&self, values: &Values<'_>) -> Result<Tree, Fault> {
        self.filled(values).map(|tree| tree.unwrap_or(Tree::Null))
    }

    fn filled(&self, values: &Values<'_>) -> Result<Option<Tree>, Fault> {
        Ok(Some(match self {
            Self::Plain(tree) => tree.clone(),
            Self::Text(template) => match template.whole() {
                Some(hole) if hole.optional => return Ok(values.find_said(hole).cloned()),
                Some(hole) => values.find(hole).cloned().ok_or_else(|| nothing(template.source(), hole))?,
                None => Tree::Text(template.fill(values)?),
            },
            Self::List(items) => {
                let items = items.iter().map(|item| item.filled(values)).collect::<Result<Vec<_>, _>>()?;
                Tree::List(items.into_iter().flatten().collect())
            }
            Self::Record(members) => {
                let mut record = BTreeMap::new();
                for (name, member) in members {
                    record.extend(member.filled(values)?.map(|value| (name.clone(), value)));
                }
                Tree::Record(record)
            }
        }))
    }

    /// Its holes, wherever they are.
    pub(crate) fn holes(&self) -> Vec<&Hole> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Text(template) => template.holes().collect(),
            Self::List(items) => items.iter().flat_map(Self::holes).collect(),
            Self::Record(members) => members.values().flat_map(Self::holes).collect(),
        }
    }
}

fn inside(place: &str, value: &Value, scope: &Scope) -> Result<Body, String> {
    Body::parse(value, scope).map_err(|error| {
        let deeper = error.starts_with('/');
        if deeper { format!("/{place}{error}") } else { format!("/{place}: {error}") }
    })
}

/// A text without holes says a brace by two.
fn unbraced(text: &str) -> String {
    text.replace("{{", "{").replace("}}", "}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scope::Root;

    fn filled(body: &Value) -> Result<String, Fault> {
        let members = ["rate", "on", "none"].map(str::to_owned);
        let scope = Scope::of_parts(&["id".to_owned()]).with(&[Root::Desired], &members);
        let desired = Tree::parse(br#"{"rate":0.50,"on":true,"none":null}"#).unwrap();
        let values = Values { desired: Some(&desired), ..Values::of_parts(vec![("id".to_owned(), "7".to_owned())]) };
        Body::parse(body, &scope).unwrap().fill(&values).map(|tree| serde_json::to_string(&tree).unwrap())
    }

    #[test]
    fn values_keep_their_types_and_digits() {
        let body = json!({"id": "{id}", "rate": ["{desired/rate}", 1], "say": "at {desired/rate}: {{{desired/on}}}"});
        assert_eq!(filled(&body), Ok(r#"{"id":"7","rate":[0.50,1],"say":"at 0.50: {true}"}"#.to_owned()));
        assert_eq!(filled(&json!("{desired}")), Ok(r#"{"none":null,"on":true,"rate":0.50}"#.to_owned()));
    }

    #[test]
    fn an_optional_member_is_left_out_and_null_is_a_value() {
        let body = json!({"a": "{desired/none}", "b": "{desired/none?}", "c": "{desired/rate/x?}"});
        assert_eq!(filled(&body), Ok(r#"{"a":null}"#.to_owned()));
        assert!(filled(&json!({"c": "{desired/rate/x}"})).is_err());
    }
}
