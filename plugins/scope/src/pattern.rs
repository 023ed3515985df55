//! Names with `*`.

use schemars::JsonSchema;
use serde::Deserialize;

/// Some names; `*` in one stands for any text, none included.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct Patterns(Vec<String>);

impl Patterns {
    /// Whether one of them is this name. An empty list has none.
    pub(crate) fn match_any(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| matches(pattern, name))
    }
}

/// The pieces between the stars must come in order, the first at the start and the last at the end. Taking each where
/// it first occurs leaves the most for those after it.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut pieces = rest.split('*');
    let last = pieces.next_back().unwrap_or_default();
    for piece in pieces {
        let Some(at) = left.find(piece) else { return false };
        left = left.get(at + piece.len()..).unwrap_or_default();
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name, fits) in [
            ("flag", "flag", true),
            ("flag", "flags", false),
            ("", "", true),
            ("*", "", true),
            ("*", "anything", true),
            ("contain-*", "contain-", true),
            ("contain-*", "contain", false),
            ("*-ranker", "checkout-ranker", true),
            ("*-ranker", "checkout-ranker-2", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("a**a", "aa", true),
            ("*é*", "café au lait", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
