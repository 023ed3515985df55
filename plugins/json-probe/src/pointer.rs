//! JSON pointers (RFC 6901) over text, so that what they find keeps its digits.

use std::collections::HashMap;

use belay_sdk::Fault;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What the pointer finds; `None` where the document has no such place.
pub(crate) fn find<'a>(document: &'a RawValue, pointer: &str) -> Result<Option<&'a RawValue>, Fault> {
    if pointer.is_empty() {
        return Ok(Some(document));
    }
    let Some(path) = pointer.strip_prefix('/') else {
        return Err(Fault::Invalid(format!("the pointer `{pointer}` does not start with `/`")));
    };
    Ok(path.split('/').try_fold(document, |place, token| below(place, &token.replace("~1", "/").replace("~0", "~"))))
}

fn below<'a>(place: &'a RawValue, token: &str) -> Option<&'a RawValue> {
    #[derive(Deserialize)]
    struct Members<'a>(#[serde(borrow)] HashMap<String, &'a RawValue>);
    if place.get().starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(place.get()).ok()?;
        return items.get(index(token)?).copied();
    }
    let members: Members<'_> = serde_json::from_str(place.get()).ok()?;
    members.0.get(token).copied()
}

/// `0`, `7`, `12`; not `07`, `+7` or `-`.
fn index(token: &str) -> Option<usize> {
    let plain = token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    token.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_6901() {
        let text = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
        let document: &RawValue = serde_json::from_str(text).unwrap();
        for (pointer, expected) in [
            ("", Some(text)),
            ("/foo/0", Some("\"bar\"")),
            ("/", Some("0")),
            ("/a~1b", Some("1")),
            ("/i\\j", Some("5")),
            ("/k\"l", Some("6")),
            ("/ ", Some("7")),
            ("/m~0n", Some("8")),
            ("/foo/2", None),
            ("/foo/00", None),
            ("/foo/-", None),
            ("/nope", None),
            ("/foo/0/x", None),
        ] {
            let found = find(document, pointer).unwrap().map(RawValue::get);
            assert_eq!(found, expected, "{pointer}");
        }
        assert!(find(document, "foo").is_err());
    }
}
