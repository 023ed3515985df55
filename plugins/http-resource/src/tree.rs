//! JSON as a system wrote it: numbers keep their digits. Never rounds, and refuses what two readers could read
//! differently.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::{Error as _, SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// How deep arrays and objects may nest, as in the host's JSON.
const MAX_DEPTH: usize = 64;
/// The largest integer that canonical JSON holds: 2⁵³ − 1.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    /// Its digits, as they came.
    Number(String),
    Text(String),
    List(Vec<Tree>),
    Record(BTreeMap<String, Tree>),
}

impl Tree {
    /// Reads JSON; the error says what it is not.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let raw: &RawValue = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        read(raw, 0)
    }

    /// Whether canonical JSON holds this number as it is: a whole one, not too large, written plainly.
    pub(crate) fn is_plain(digits: &str) -> bool {
        let magnitude = digits.strip_prefix('-').unwrap_or(digits);
        digits != "-0" && magnitude.parse::<u64>().is_ok_and(|number| number <= MAX_INTEGER)
    }

    /// What a person reads: texts without quotes, lists and records as JSON. Nothing for `null`.
    pub(crate) fn shown(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(text.clone()),
            Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Record(_) => serde_json::to_string(self).ok(),
        }
    }

    /// Whether it is text, a number or a truth value.
    pub(crate) const fn is_scalar(&self) -> bool {
        matches!(self, Self::Bool(_) | Self::Number(_) | Self::Text(_))
    }
}

fn read(raw: &RawValue, depth: usize) -> Result<Tree, String> {
    if depth > MAX_DEPTH {
        return Err(format!("it nests deeper than {MAX_DEPTH}"));
    }
    let text = raw.get();
    let plain = |error: serde_json::Error| error.to_string();
    Ok(match text.bytes().next() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(text).map_err(plain)?;
            let members = members.into_iter().map(|(name, value)| Ok((name, read(value, depth + 1)?)));
            Tree::Record(members.collect::<Result<_, String>>()?)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(plain)?;
            Tree::List(items.into_iter().map(|item| read(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Tree::Text(serde_json::from_str(text).map_err(plain)?),
        Some(b't' | b'f') => Tree::Bool(text == "true"),
        Some(b'n') => Tree::Null,
        Some(_) | None => Tree::Number(text.to_owned()),
    })
}

/// An object's members; one that is there twice is refused.
struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if let Some(_twice) = members.insert(name, value) {
                        return Err(serde::de::Error::custom("a name stands twice in one object"));
                    }
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Each)
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Number(digits) => RawValue::from_string(digits.clone()).map_err(S::Error::custom)?.serialize(to),
            Self::Text(text) => to.serialize_str(text),
            Self::List(items) => {
                let mut list = to.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Self::Record(members) => {
                let mut record = to.serialize_map(Some(members.len()))?;
                members.iter().try_for_each(|(name, value)| record.serialize_entry(name, value))?;
                record.end()
            }
        }
    }
}

impl From<&serde_json::Value> for Tree {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Record(members.iter().map(|(name, value)| (name.clone(), Self::from(value))).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_there_and_back() {
        let text = r#"{"a":0.10,"b":[1e3,-0,123456789012345678901234567890],"c":"0.10","d":null,"e":true}"#;
        let tree = Tree::parse(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&tree).unwrap(), text);
    }

    #[test]
    fn only_plain_whole_numbers_are_canonical() {
        for (digits, plain) in [
            ("0", true),
            ("-7", true),
            ("9007199254740991", true),
            ("-9007199254740991", true),
            ("9007199254740992", false),
            ("1.0", false),
            ("1e3", false),
            ("-0", false),
        ] {
            assert_eq!(Tree::is_plain(digits), plain, "{digits}");
        }
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        let deep = "[".repeat(70) + &"]".repeat(70);
        for text in [r#"{"a":1,"a":2}"#, "{", "<html>", "", r#""\ud800""#, "1 2", deep.as_str()] {
            assert!(Tree::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
