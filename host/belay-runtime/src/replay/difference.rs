//! Where two answers begin to differ, in words that fit a line.

use serde::Serialize;
use serde_json::Value;

use crate::api::Difference;

/// The most that is shown of a value, in characters.
const MAX_SHOWN: usize = 120;

/// The first place where two outputs differ: a JSON pointer, or a byte where they are no JSON.
pub(super) fn first(recorded: &[u8], replayed: &[u8]) -> Difference {
    let values = (serde_json::from_slice(recorded), serde_json::from_slice(replayed));
    if let (Ok(before), Ok(now)) = &values
        && let Some((pointer, before, now)) = apart(before, now, String::new())
    {
        let at = format!("output {pointer}").trim_end().to_owned();
        return Difference { at, recorded: before.map(short), replayed: now.map(short) };
    }
    let same = recorded.iter().zip(replayed).take_while(|(before, now)| before == now).count();
    let rest = |bytes: &[u8]| Some(cut(&String::from_utf8_lossy(bytes.get(same..)?)));
    Difference { at: format!("output byte {same}"), recorded: rest(recorded), replayed: rest(replayed) }
}

/// A value as one line of JSON, cut short.
pub(super) fn short(value: &impl Serialize) -> String {
    cut(&serde_json::to_string(value).unwrap_or_default())
}

fn cut(text: &str) -> String {
    let mut kept: String = text.chars().take(MAX_SHOWN).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

/// Where two values differ first, with what is there in each.
type Apart<'v> = (String, Option<&'v Value>, Option<&'v Value>);

fn apart<'v>(before: &'v Value, now: &'v Value, pointer: String) -> Option<Apart<'v>> {
    let within = |name: &str, before: Option<&'v Value>, now: Option<&'v Value>| {
        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        match (before, now) {
            (Some(before), Some(now)) => apart(before, now, pointer),
            (before, now) => Some((pointer, before, now)),
        }
    };
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            let mut names: Vec<_> = before.keys().chain(now.keys()).collect();
            names.sort_unstable();
            names.dedup();
            names.into_iter().find_map(|name| within(name, before.get(name), now.get(name)))
        }
        (Value::Array(before), Value::Array(now)) => {
            (0..before.len().max(now.len())).find_map(|n| within(&n.to_string(), before.get(n), now.get(n)))
        }
        _ if before == now => None,
        _ => Some((pointer, Some(before), Some(now))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(recorded: &str, replayed: &str, expected: [&str; 3]) {
        let found = first(recorded.as_bytes(), replayed.as_bytes());
        let part = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
        assert_eq!([found.at.clone(), part(found.recorded), part(found.replayed)], expected.map(str::to_owned));
    }

    #[test]
    fn the_first_difference_is_named() {
        check(r#"{"a":[1,2]}"#, r#"{"a":[1,3]}"#, ["output /a/1", "2", "3"]);
        check(r#"{"a":{"b/c":1}}"#, r#"{"a":{}}"#, ["output /a/b~1c", "1", "-"]);
        check("[1]", "[1,2]", ["output /1", "-", "2"]);
        check("1", "\"1\"", ["output", "1", "\"1\""]);
        check("abc", "abd", ["output byte 2", "c", "d"]);
        check("1 ", "1", ["output byte 1", " ", ""]);
    }

    #[test]
    fn what_is_long_is_cut() {
        let long = format!("\"{}\"", "é".repeat(500));
        let found = first(long.as_bytes(), b"1");
        assert_eq!(found.recorded.map(|text| text.chars().count()), Some(MAX_SHOWN + 1));
    }
}
