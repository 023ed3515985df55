//! JSON in and out, with faults that say what could not be read. The host canonicalises what plugins return.

use serde::{Deserialize, Serialize};

use crate::Fault;

/// A value as JSON text. Fails only for what JSON can't hold, such as maps with keys that are not text.
pub fn text(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Unexpected(format!("this value has no JSON: {error}")))
}

/// Reads what the operator wrote; `what` names it. Nonsense is [`Fault::Invalid`].
pub fn configured<'a, T: Deserialize<'a>>(json: &'a str, what: &str) -> Result<T, Fault> {
    serde_json::from_str(json).map_err(|error| Fault::Invalid(format!("{what}: {error}")))
}

/// Reads what a system answered; `what` names it. Nonsense is [`Fault::Unexpected`].
pub fn answered<'a, T: Deserialize<'a>>(bytes: &'a [u8], what: &str) -> Result<T, Fault> {
    serde_json::from_slice(bytes).map_err(|error| Fault::Unexpected(format!("{what}: {error}")))
}

/// Whether two JSON texts are the same value.
pub fn same(one: &str, other: &str) -> bool {
    let value = |text| serde_json::from_str::<serde_json::Value>(text).ok();
    one == other || matches!((value(one), value(other)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spacing_and_order_make_no_difference_but_values_do() {
        for (one, other, equal) in [
            (r#"{"a":1,"b":[2]}"#, r#"{ "b": [2], "a": 1 }"#, true),
            ("null", " null", true),
            ("[1,2]", "[2,1]", false),
            ("{", "{ ", false),
        ] {
            assert_eq!(same(one, other), equal, "{one} {other}");
        }
    }

    #[test]
    fn faults_name_what_could_not_be_read() {
        let fault = configured::<u32>("\"x\"", "the limit").unwrap_err();
        assert!(matches!(&fault, Fault::Invalid(text) if text.starts_with("the limit: ")), "{fault:?}");
        let fault = answered::<u32>(b"<html>", "the registry's answer").unwrap_err();
        assert!(matches!(&fault, Fault::Unexpected(text) if text.starts_with("the registry")), "{fault:?}");
    }
}
