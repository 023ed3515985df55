//! Texts with holes: `/deployments/{id}`, `rev {/revision}`. What may stand in a hole is checked when the configuration
//! is read. Never evaluates anything: a hole is a name and a JSON pointer.

use belay_sdk::Fault;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::pointer::Pointer;
use crate::scope::{Root, Scope, Values};
use crate::tree::Tree;

/// RFC 3986: all but unreserved characters.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text with holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole(Hole),
}

/// `{desired/paused?}`: what is meant, and whether it may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    pub(crate) root: Root,
    pub(crate) pointer: Pointer,
    pub(crate) optional: bool,
}

impl Template {
    /// Reads a template; the error says what is wrong with it, and what could stand there.
    pub(crate) fn parse(text: &str, scope: &Scope) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let (brace, after) = (&rest[at..=at], &rest[at + 1..]);
            if let Some(after) = after.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            let Some((inner, after)) = after.split_once('}').filter(|_| brace == "{") else {
                return Err(format!("`{text}`: a brace that is no hole is written twice"));
            };
            let hole = Hole::parse(inner, scope).map_err(|error| format!("`{{{inner}}}`: {error}"))?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Hole(hole));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self { source: text.to_owned(), pieces })
    }

    /// Its holes.
    pub(crate) fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(hole),
            Piece::Text(_) => None,
        })
    }

    /// The only hole, where the text is nothing else.
    pub(crate) fn whole(&self) -> Option<&Hole> {
        match self.pieces.as_slice() {
            [Piece::Hole(hole)] => Some(hole),
            _ => None,
        }
    }

    /// The text with its holes filled; an optional hole whose value is missing is left empty.
    pub(crate) fn fill(&self, values: &Values<'_>) -> Result<String, Fault> {
        self.filled(values, |_, value| Ok(value.shown().unwrap_or_default()))
    }

    /// Whether each of its holes has something to stand in it.
    pub(crate) fn is_filled_by(&self, values: &Values<'_>) -> bool {
        self.holes().all(|hole| values.find(hole).and_then(Tree::shown).is_some_and(|text| !text.is_empty()))
    }

    /// A path with query: each value is percent-encoded, and can't reach beyond the part that it stands in.
    pub(crate) fn path(&self, values: &Values<'_>) -> Result<String, Fault> {
        self.filled(values, |before, value| {
            let text = value.shown().filter(|_| value.is_scalar());
            let Some(text) = text else {
                return Err(Fault::Unexpected(format!("`{}`: a value for it is no text", self.source)));
            };
            let in_query = before.contains('?');
            if !in_query && (text.is_empty() || text == "." || text == ".." || text.contains(['/', '\\'])) {
                return Err(Fault::Invalid(format!("`{}`: `{text}` can't stand in a path", self.source)));
            }
            Ok(utf8_percent_encode(&text, &RESERVED).to_string())
        })
    }

    fn filled(
        &self,
        values: &Values<'_>,
        write: impl Fn(&str, &Tree) -> Result<String, Fault>,
    ) -> Result<String, Fault> {
        self.pieces.iter().try_fold(String::new(), |mut text, piece| {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Hole(hole) => match values.find_said(hole) {
                    Some(value) => text.push_str(&write(&text, value)?),
                    None if hole.optional => {}
                    None => return Err(nothing(&self.source, hole)),
                },
            }
            Ok(text)
        })
    }

    /// As it was written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }
}

/// That a hole can't be filled.
pub(crate) fn nothing(source: &str, hole: &Hole) -> Fault {
    Fault::Unexpected(format!("`{source}`: there is nothing at `{}{}`", hole.root, hole.pointer))
}

impl Hole {
    fn parse(inner: &str, scope: &Scope) -> Result<Self, String> {
        let (inner, optional) = inner.strip_suffix('?').map_or((inner, false), |inner| (inner, true));
        let (name, pointer) = inner.find('/').map_or((inner, ""), |at| inner.split_at(at));
        let (root, pointer) = (scope.root(name)?, Pointer::parse(pointer)?);
        scope.check(&root, &pointer)?;
        Ok(Self { root, pointer, optional })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(template: &str, value: &str) -> Result<String, Fault> {
        let scope = Scope::of_parts(&["id".to_owned()]);
        let values = Values::of_parts(vec![("id".to_owned(), value.to_owned())]);
        Template::parse(template, &scope).unwrap().path(&values)
    }

    #[test]
    fn a_value_stays_in_its_part_of_the_path() {
        assert_eq!(path("/x/{id}", "a b?c&d#é"), Ok("/x/a%20b%3Fc%26d%23%C3%A9".to_owned()));
        assert_eq!(path("/x?of={id}", "../a"), Ok("/x?of=..%2Fa".to_owned()));
        for value in ["", ".", "..", "a/b", "a\\b"] {
            assert!(matches!(path("/x/{id}", value), Err(Fault::Invalid(_))), "{value}");
        }
    }

    #[test]
    fn braces_are_holes_unless_doubled() {
        assert_eq!(path("/{{x}}/{id}", "7"), Ok("/{x}/7".to_owned()));
        let scope = Scope::of_parts(&["id".to_owned()]);
        for wrong in ["{", "}", "a{id", "a}b", "{}", "{idd}", "{id/x}", "{desired/x}", "{ id}"] {
            assert!(Template::parse(wrong, &scope).is_err(), "{wrong}");
        }
    }
}
