//! JSON that has one digest: RFC 8785, no floats, no duplicate keys, integers within ±(2⁵³ − 1).

use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Number, Value};

use crate::digest::Digest;

/// The largest integer that canonical JSON holds: 2⁵³ − 1.
pub const MAX_INTEGER: i64 = (1 << 53) - 1;
/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 64;

/// A JSON value that canonical form can hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Json(Value);

/// Why a text or a value has no canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotCanonical(String);

impl Json {
    /// `null`: the content of an absent resource.
    pub const NULL: Self = Self(Value::Null);

    /// Reads JSON text; refuses floats, duplicate keys, lone surrogates, large integers, deep nesting and trailing
    /// text.
    pub fn parse(text: &str) -> Result<Self, NotCanonical> {
        serde_json::from_str(text).map_err(|error| NotCanonical(error.to_string()))
    }

    /// Like [`Json::parse`], for bytes that must be UTF-8.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, NotCanonical> {
        serde_json::from_slice(bytes).map_err(|error| NotCanonical(error.to_string()))
    }

    /// Takes a value from elsewhere, if it is canonical.
    pub fn new(value: Value) -> Result<Self, NotCanonical> {
        check(&value, 0)?;
        Ok(Self(value))
    }

    /// Any serialisable value, if what it becomes is canonical.
    pub fn from(value: &impl Serialize) -> Result<Self, NotCanonical> {
        Self::new(serde_json::to_value(value).map_err(|error| NotCanonical(error.to_string()))?)
    }

    /// The value as a typed one.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, NotCanonical> {
        T::deserialize(&self.0).map_err(|error| NotCanonical(error.to_string()))
    }

    /// The value.
    pub const fn value(&self) -> &Value {
        &self.0
    }

    /// RFC 8785 text.
    pub fn canonical(&self) -> String {
        // Writing a `Value` to a string fails only for floats and depth, which `Json` excludes.
        if is_written_in_order(&self.0) {
            return serde_json::to_string(&self.0).unwrap_or_default();
        }
        serde_json_canonicalizer::to_string(&self.0).unwrap_or_default()
    }

    /// The SHA-256 of the canonical text.
    pub fn digest(&self) -> Digest {
        Digest::of(self.canonical().as_bytes())
    }

    /// Whether this object has every attribute of that one, with equal values.
    pub fn contains(&self, attributes: &Self) -> bool {
        match (&self.0, &attributes.0) {
            (Value::Object(content), Value::Object(wanted)) => {
                wanted.iter().all(|(key, value)| content.get(key) == Some(value))
            }
            _ => false,
        }
    }
}

/// Reads JSON that another system wrote or will read: floats and large integers are allowed, duplicate keys (of which
/// two readers may take different ones), deep nesting and trailing text are not.
pub fn parse_foreign(bytes: &[u8]) -> Result<Value, NotCanonical> {
    let refused = |error: serde_json::Error| NotCanonical(error.to_string());
    let mut text = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0, exact: false }.deserialize(&mut text).map_err(refused)?;
    text.end().map_err(refused)?;
    Ok(value)
}

/// The digest of a value's canonical JSON. Fails only for values that canonical JSON can't hold.
pub fn digest_of(value: &impl Serialize) -> Result<Digest, NotCanonical> {
    Ok(Json::from(value)?.digest())
}

fn check(value: &Value, depth: usize) -> Result<(), NotCanonical> {
    if depth > MAX_DEPTH {
        return Err(NotCanonical(format!("nested deeper than {MAX_DEPTH}")));
    }
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(integer) if integer.unsigned_abs() <= MAX_INTEGER.unsigned_abs() => Ok(()),
            _ => Err(NotCanonical(format!(
                "the number {number} is not an integer within ±(2⁵³ − 1); write it as a string"
            ))),
        },
        Value::Array(items) => items.iter().try_for_each(|item| check(item, depth + 1)),
        Value::Object(members) => members.values().try_for_each(|member| check(member, depth + 1)),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// Whether plain writing is canonical: escapes and integers are RFC 8785's already, and so is the order of keys that are
/// ASCII and sorted. Almost all are, and sorting again takes twenty times as long.
fn is_written_in_order(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_written_in_order),
        Value::Object(members) => {
            members.keys().is_sorted()
                && members.iter().all(|(key, member)| key.is_ascii() && is_written_in_order(member))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.canonical())
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.canonical())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Strict { depth: 0, exact: true }.deserialize(deserializer).map(Self)
    }
}

/// Reads a value and refuses what canonical JSON excludes while the text's position is still known.
struct Strict {
    depth: usize,
    /// Refuses numbers that canonical JSON can't hold.
    exact: bool,
}

impl Strict {
    fn below<E: de::Error>(&self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format!("nested deeper than {MAX_DEPTH}")));
        }
        Ok(Self { depth: self.depth + 1, exact: self.exact })
    }

    fn number<E: de::Error>(&self, number: Number) -> Result<Value, E> {
        let value = Value::Number(number);
        if self.exact {
            check(&value, 0).map_err(E::custom)?;
        }
        Ok(value)
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without floats")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.number(Number::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.number(Number::from(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).filter(|_| !self.exact);
        let refused = || E::custom(format!("the number {value} is a float; write it as a string"));
        number.map(Value::Number).ok_or_else(refused)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self.below()?)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let member = members.next_value_seed(self.below()?)?;
            if object.contains_key(&key) {
                return Err(de::Error::custom(format!("the key `{key}` is there twice")));
            }
            object.insert(key, member);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_sorts_keys_by_utf16_units() {
        // RFC 8785, section 3.2.3.
        let json =
            Json::parse(r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#).unwrap();
        assert_eq!(json.canonical(), "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}");
    }

    /// From <https://github.com/cyberphone/json-canonicalization/tree/master/testdata>, by an author of RFC 8785.
    #[test]
    fn the_published_vectors_come_out_as_published_but_for_floats_which_are_refused() {
        for (text, expected) in [
            (r#"[ 56, { "d": true, "10": null, "1": [ ] } ]"#, r#"[56,{"1":[],"10":null,"d":true}]"#),
            (
                r#"{ "peach": "This sorting order", "p\u00e9ch\u00e9": "is wrong according to French",
                     "p\u00eache": "but canonicalization MUST", "sin":   "ignore locale" }"#,
                "{\"peach\":\"This sorting order\",\"p\u{e9}ch\u{e9}\":\"is wrong according to French\",\
                 \"p\u{ea}che\":\"but canonicalization MUST\",\"sin\":\"ignore locale\"}",
            ),
            (
                r#"{ "1": {"f": {"f": "hi","F": 5} ,"\n": 56}, "10": { }, "": "empty", "a": { }, "111": [ { } ], "A": { } }"#,
                r#"{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}"#,
            ),
            (r#"{ "Unnormalized Unicode":"\u1e0d\u0307" }"#, "{\"Unnormalized Unicode\":\"\u{1e0d}\u{307}\"}"),
            (
                r#"{ "escaping": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false] }"#,
                "{\"escaping\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\",\"literals\":[null,true,false]}",
            ),
            (
                r#"{ "\u20ac": "Euro Sign", "1": "One", "\u0080": "Control\u007f", "\ud83d\ude02": "Smiley",
                     "\u00f6": "Latin Small Letter O With Diaeresis", "\ufb33": "Hebrew Letter Dalet With Dagesh",
                     "</script>": "Browser Challenge" }"#,
                "{\"1\":\"One\",\"</script>\":\"Browser Challenge\",\"\u{80}\":\"Control\u{7f}\",\
                 \"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20ac}\":\"Euro Sign\",\"\u{1f602}\":\"Smiley\",\
                 \"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
            ),
        ] {
            assert_eq!(Json::parse(text).unwrap().canonical(), expected);
        }
        for float in ["56.0", "1E30", "4.50", "333333333.33333329", "2e-3", "0.000000000000000000000000001"] {
            assert!(Json::parse(float).is_err(), "{float}");
        }
    }

    #[test]
    fn the_short_way_writes_what_the_long_way_writes() {
        let every_ascii: String = (0..=0x7f_u8).map(char::from).collect();
        let keys: Map<_, _> = every_ascii.chars().map(|key| (key.to_string(), Value::Null)).collect();
        let integers = Value::from(vec![0, -1, MAX_INTEGER, -MAX_INTEGER, 100_000_000_000_000]);
        let text = Value::from(format!("{every_ascii}é€😀\u{2028}\u{fb33}"));
        for value in [Value::Object(keys), integers, text, Value::Null, Value::from(vec![true, false])] {
            assert!(is_written_in_order(&value));
            let json = Json::new(value).unwrap();
            assert_eq!(json.canonical(), serde_json_canonicalizer::to_string(json.value()).unwrap());
        }
        assert!(!is_written_in_order(Json::parse(r#"{"é":1}"#).unwrap().value()));
    }

    #[test]
    fn what_has_no_single_form_is_refused() {
        for (text, reason) in [
            ("1.0", "float"),
            ("1e3", "float"),
            ("9007199254740992", "2⁵³"),
            ("-9007199254740992", "2⁵³"),
            (r#"{"a":1,"a":2}"#, "twice"),
            (r#""\ud800""#, "hex escape"),
            ("{} x", "trailing"),
        ] {
            let error = Json::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(Json::parse(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn foreign_json_may_hold_other_numbers_but_not_two_meanings() {
        let value = parse_foreign(br#"{"a":0.5,"b":18446744073709551615,"c":[{"d":-1e3}]}"#).unwrap();
        assert_eq!(value["a"], 0.5);
        for text in [r#"{"a":1,"a":2}"#, r#"[{"a":1,"a":1}]"#, "{} x", "", &"[".repeat(100_000)] {
            assert!(parse_foreign(text.as_bytes()).is_err(), "{text:.20}");
        }
    }

    #[test]
    fn an_object_contains_its_attributes() {
        let content = Json::parse(r#"{"enabled":true,"rollout":25}"#).unwrap();
        assert!(content.contains(&Json::parse(r#"{"rollout":25}"#).unwrap()));
        assert!(!content.contains(&Json::parse(r#"{"rollout":26}"#).unwrap()));
        assert!(!Json::NULL.contains(&Json::parse("{}").unwrap()));
    }
}
