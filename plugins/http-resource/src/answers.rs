//! Answers as an author writes them: `200`, `409 /detail contains exists`, `404 /errno is 110`. Never takes a page of
//! HTML for an answer: without a test the body must be empty or JSON.

use belay_sdk::{Answer, BodyTest};

use crate::pointer::Pointer;
use crate::tree::Tree;

/// A test of what a pointer finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pointer: Pointer,
    must: Must,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Must {
    BeThere,
    Be(Tree),
    Contain(String),
}

/// A status, and a test of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sign {
    pub(crate) status: u16,
    pub(crate) test: Option<Test>,
}

impl Test {
    /// `POINTER`, `POINTER is VALUE`, `POINTER contains TEXT`. A value that is no JSON is text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (pointer, said) = text.split_once(' ').map_or((text, None), |(pointer, said)| (pointer, Some(said)));
        let pointer = Pointer::parse(pointer)?;
        let must = match said.map(|said| said.split_once(' ').unwrap_or((said, ""))) {
            None => Must::BeThere,
            Some(("is", value)) => {
                Must::Be(Tree::parse(value.as_bytes()).unwrap_or_else(|_| Tree::Text(value.to_owned())))
            }
            Some(("contains", part)) if !part.is_empty() => Must::Contain(part.to_owned()),
            Some(_) => {
                return Err(format!("`{text}`: after the pointer comes nothing, `is VALUE` or `contains TEXT`"));
            }
        };
        Ok(Self { pointer, must })
    }

    /// Whether a value passes.
    pub(crate) fn passes(&self, tree: &Tree) -> bool {
        self.pointer.find(tree).is_some_and(|found| match (&self.must, found) {
            (Must::BeThere, _) => true,
            (Must::Be(value), found) => value == found,
            (Must::Contain(part), Tree::Text(text)) => text.contains(part),
            (Must::Contain(_), _) => false,
        })
    }

    fn for_host(&self) -> (String, BodyTest) {
        let test = match &self.must {
            Must::BeThere => BodyTest::Present,
            Must::Be(value) => BodyTest::Equals(serde_json::to_string(value).unwrap_or_default()),
            Must::Contain(part) => BodyTest::Contains(part.clone()),
        };
        (self.pointer.to_string(), test)
    }
}

impl Sign {
    /// `STATUS`, or `STATUS TEST`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (status, test) = text.split_once(' ').map_or((text, None), |(status, test)| (status, Some(test)));
        let number = status.parse().ok().filter(|number| (200..600).contains(number));
        let status = number.ok_or_else(|| format!("`{text}`: an answer starts with its status, as in `200`"))?;
        Ok(Self { status, test: test.map(Test::parse).transpose()? })
    }

    /// Whether an answer is this one. `None` is a body without JSON.
    pub(crate) fn is(&self, status: u16, body: Option<&Tree>) -> bool {
        self.status == status
            && match (&self.test, body) {
                (None, Some(_)) => true,
                (Some(test), Some(tree)) => test.passes(tree),
                (None | Some(_), None) => false,
            }
    }

    /// As the host takes it.
    pub(crate) fn for_host(&self) -> Answer {
        Answer { status: self.status, body: self.test.as_ref().map(Test::for_host) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_status_and_what_the_body_says() {
        let body = Tree::parse(br#"{"errno":110,"detail":"it exists already","gone":null}"#).unwrap();
        for (sign, status, expected) in [
            ("404", 404, true),
            ("404", 200, false),
            ("404 /errno is 110", 404, true),
            ("404 /errno is 111", 404, false),
            ("404 /errno is \"110\"", 404, false),
            ("409 /detail contains exists already", 409, true),
            ("409 /detail is it exists already", 409, true),
            ("409 /errno contains 110", 409, false),
            ("404 /gone", 404, true),
            ("404 /gone is null", 404, true),
            ("404 /nothing", 404, false),
        ] {
            let sign = Sign::parse(sign).unwrap();
            assert_eq!(sign.is(status, Some(&body)), expected, "{sign:?}");
            assert!(!sign.is(status, None), "no JSON: {sign:?}");
        }
        for wrong in ["", "ok", "99", "700", "200 errno is 1", "200 /errno equals 1", "200 /x contains "] {
            assert!(Sign::parse(wrong).is_err(), "{wrong}");
        }
    }
}
