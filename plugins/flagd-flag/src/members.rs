//! JSON objects by the places of their members, so that one is changed and every other byte stays.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Where an object's members stand in a text.
#[derive(Debug)]
pub(crate) struct Members {
    /// The text's bytes between the braces.
    inside: Range<usize>,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    name: String,
    /// From the name's opening quote to the value's end.
    whole: Range<usize>,
    value: Range<usize>,
}

impl Members {
    /// Finds the members of the object at `place` in `text`. Refuses other values and names that come twice: which of
    /// the two counts is anybody's guess.
    pub(crate) fn find(text: &str, place: Range<usize>) -> Result<Self, String> {
        let object = text.get(place.clone()).unwrap_or_default();
        let Found(found) = serde_json::from_str(object).map_err(|error| error.to_string())?;
        let mut members: Vec<Member> = Vec::new();
        let inside = place.start + 1..place.end.saturating_sub(1);
        let mut from = inside.start;
        for (name, value) in found {
            if members.iter().any(|member| member.name == name) {
                return Err(format!("`{name}` is there twice"));
            }
            // `value` is a part of `text`, so the distance of their starts is its place.
            let start = value.get().as_ptr().addr() - text.as_ptr().addr();
            let end = start + value.get().len();
            members.push(Member { name, whole: from + gap(text, from)..end, value: start..end });
            from = end;
        }
        Ok(Self { inside, members })
    }

    /// Finds the members of the object that a text is.
    pub(crate) fn of(text: &str) -> Result<Self, String> {
        let start = text.len() - text.trim_start_matches(WHITE).len();
        Self::find(text, start..text.trim_end_matches(WHITE).len())
    }

    /// The place of a member's value.
    pub(crate) fn value(&self, name: &str) -> Option<Range<usize>> {
        self.position(name).and_then(|at| self.members.get(at)).map(|member| member.value.clone())
    }

    /// The text with a member's value replaced, or with the member added as the last one, spaced as the others are.
    pub(crate) fn with(&self, text: &str, name: &str, value: &str) -> String {
        if let Some(place) = self.value(name) {
            return replaced(text, place, value);
        }
        let name = serde_json::Value::from(name);
        match (self.members.first(), self.members.last()) {
            (Some(first), Some(last)) => {
                let space = text.get(self.inside.start..first.whole.start).unwrap_or_default();
                replaced(text, last.value.end..last.value.end, &format!(",{space}{name}: {value}"))
            }
            _ => replaced(text, self.inside.clone(), &format!("{name}: {value}")),
        }
    }

    /// The text without a member and the comma that goes with it.
    pub(crate) fn without(&self, text: &str, name: &str) -> String {
        let Some(at) = self.position(name) else { return text.to_owned() };
        let before = at.checked_sub(1).and_then(|before| self.members.get(before));
        match (before, self.members.get(at), self.members.get(at + 1)) {
            (Some(before), Some(gone), _) => replaced(text, before.whole.end..gone.whole.end, ""),
            (None, Some(gone), Some(next)) => replaced(text, gone.whole.start..next.whole.start, ""),
            (None, Some(_), None) => replaced(text, self.inside.clone(), ""),
            (_, None, _) => text.to_owned(),
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| member.name == name)
    }
}

/// JSON's white space.
const WHITE: [char; 4] = [' ', '\t', '\n', '\r'];

/// How many bytes lie between a value's end, or the opening brace, and the next name.
fn gap(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r', ',']).len()
}

fn replaced(text: &str, place: Range<usize>, with: &str) -> String {
    let before = text.get(..place.start).unwrap_or_default();
    let after = text.get(place.end..).unwrap_or_default();
    [before, with, after].concat()
}

/// Members in the order of the text, doubles included.
struct Found<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Found<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Found(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_replaced_and_nothing_else() {
        let text = "\n{ \"a\" : 1,\n\t\"ä\":{\"a\":2} ,\"c\":\"}\" }\n";
        let members = Members::of(text).unwrap();
        assert_eq!(members.with(text, "ä", "[]"), "\n{ \"a\" : 1,\n\t\"ä\":[] ,\"c\":\"}\" }\n");
        assert_eq!(members.with(text, "a", "2"), "\n{ \"a\" : 2,\n\t\"ä\":{\"a\":2} ,\"c\":\"}\" }\n");
    }

    #[test]
    fn a_member_is_added_last_and_spaced_as_the_first_is() {
        for (text, expected) in [
            ("{}", "{\"x\": 1}"),
            ("{ \n}", "{\"x\": 1}"),
            ("{\"a\":0}", "{\"a\":0,\"x\": 1}"),
            ("{\n  \"a\": 0\n}\n", "{\n  \"a\": 0,\n  \"x\": 1\n}\n"),
        ] {
            assert_eq!(Members::of(text).unwrap().with(text, "x", "1"), expected);
        }
    }

    #[test]
    fn a_member_goes_with_its_comma() {
        let text = "{ \"a\": 1 , \"b\": 2, \"c\": 3 }";
        let members = Members::of(text).unwrap();
        for (name, expected) in [
            ("a", "{ \"b\": 2, \"c\": 3 }"),
            ("b", "{ \"a\": 1, \"c\": 3 }"),
            ("c", "{ \"a\": 1 , \"b\": 2 }"),
            ("d", text),
        ] {
            assert_eq!(members.without(text, name), expected);
        }
        assert_eq!(Members::of("{ \"a\": 1 }").unwrap().without("{ \"a\": 1 }", "a"), "{}");
    }

    #[test]
    fn doubles_and_other_values_are_refused() {
        for (text, why) in
            [("{\"a\":1,\"\\u0061\":2}", "twice"), ("[1]", "object"), ("{\"a\":1,}", "trailing"), ("", "EOF")]
        {
            let error = Members::of(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
