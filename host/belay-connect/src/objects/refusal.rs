//! What a store's answer means. Never takes a proxy's word for the store's: what is not in the store's form tells
//! nothing of the object.

use std::time::Duration;

use belay_domain::operation::{Expectation, Outcome};
use serde::Deserialize;

use crate::http::failed::Failed;
use crate::read::ObjectError;

/// How much of an answer a person is shown, in characters.
const EXCERPT: usize = 200;

/// What became of a request.
#[derive(Debug)]
pub(super) enum Fate {
    /// Nothing of it was sent, or, for a read, no answer came.
    Failed(Failed),
    /// It was too late to send it.
    Stopped(Outcome),
    /// It was sent, and nobody knows more.
    Unanswered(String),
    /// It was answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// Whether an entity tag came with it, as with each write that was made.
        tagged: bool,
        /// What it said.
        body: Vec<u8>,
        /// How long the store asks to be left alone.
        wait: Option<Duration>,
    },
}

/// An answer that is no success.
#[derive(Debug)]
pub(super) struct Refusal<'a> {
    status: u16,
    body: &'a [u8],
    said: Option<Said>,
}

/// What a store says: `<Error><Code>NoSuchKey</Code><Message>…</Message></Error>`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Said {
    code: String,
    #[serde(default)]
    message: String,
}

impl<'a> Refusal<'a> {
    pub(super) fn of(status: u16, body: &'a [u8]) -> Self {
        let said = std::str::from_utf8(body).ok().and_then(|text| quick_xml::de::from_str(text).ok());
        Self { status, body, said }
    }

    /// What it says, for people.
    fn told(&self, shown: impl Fn(&str) -> String) -> String {
        let text = match &self.said {
            Some(said) if said.code == "RequestTimeTooSkewed" => {
                format!("{}: this host's clock and the store's are apart: {}", said.code, said.message)
            }
            Some(said) => format!("{} {}", said.code, said.message),
            None => String::from_utf8_lossy(self.body).into_owned(),
        };
        let line = shown(&text.split_whitespace().collect::<Vec<_>>().join(" "));
        let line: String = line.chars().filter(|c| !c.is_control()).take(EXCERPT).collect();
        format!("{} {line}", self.status).trim_end().to_owned()
    }

    /// What a read's refusal means. That nothing has the name only the store can say, in its own words.
    pub(super) fn for_read(&self, bucket: &str, shown: impl Fn(&str) -> String) -> ObjectError {
        let code = self.said.as_ref().map(|said| said.code.as_str());
        match (self.status, code) {
            (404, Some("NoSuchKey")) => ObjectError::Missing,
            (404, Some("NoSuchBucket")) => ObjectError::Denied(format!("the store has no bucket `{bucket}`")),
            (_, Some(_)) if self.is_for_good() => {
                ObjectError::Denied(format!("the store refused it: {}", self.told(shown)))
            }
            (_, Some(_)) => ObjectError::Unreachable(format!("the store answered {}", self.told(shown))),
            (_, None) => {
                let told = self.told(shown);
                let reason =
                    format!("it answered {told}, which is no store's answer: a proxy may have answered in its place");
                if self.is_for_good() { ObjectError::Denied(reason) } else { ObjectError::Unreachable(reason) }
            }
        }
    }

    /// Whether somebody has to change something before the answer will be another one: a store answers an expired token
    /// with 400. The others say that the store, or the way to it, is in trouble (RFC 9110, RFC 6585).
    const fn is_for_good(&self) -> bool {
        !matches!(self.status, 408 | 429 | 500..)
    }

    /// What a write's refusal means. The two conditional statuses are the store's own; of the others only what a store
    /// says before it does anything.
    pub(super) fn for_write(&self, expect: &Expectation, shown: impl Fn(&str) -> String) -> Outcome {
        let not_applied = |reason: String| Outcome::NotApplied { reason };
        let plausible = self.body.is_empty() || self.said.is_some();
        match self.status {
            412 if plausible => not_applied(match expect {
                Expectation::Absent => "already exists".to_owned(),
                Expectation::Bytes(_) | Expectation::Anything => "somebody changed it meanwhile".to_owned(),
            }),
            409 if plausible => not_applied(format!("the store refused it: {}", self.told(shown))),
            501 if self.said.is_some() => {
                not_applied(format!("the store does not know conditional writes: {}", self.told(shown)))
            }
            400 | 401 | 403 | 404 | 405 | 411 | 413 if self.said.is_some() => {
                not_applied(format!("the store refused it: {}", self.told(shown)))
            }
            _ => Outcome::Unknown { reason: format!("no rule recognises the answer: {}", self.told(shown)) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use belay_domain::digest::Digest;

    const PAGE: &str = "<html><body>Sign in</body></html>";

    fn xml(code: &str) -> String {
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>m</Message></Error>")
    }

    #[test]
    fn only_the_store_itself_says_that_nothing_is_there() {
        let read = |status, body: &str| Refusal::of(status, body.as_bytes()).for_read("lake", str::to_owned);
        assert_eq!(read(404, &xml("NoSuchKey")), ObjectError::Missing);
        for (status, body, part) in [
            (404, xml("NoSuchBucket"), "no bucket `lake`"),
            (404, PAGE.to_owned(), "no store's answer"),
            (404, String::new(), "no store's answer"),
            (403, xml("InvalidAccessKeyId"), "denied: the store refused it: 403 InvalidAccessKeyId m"),
            (403, PAGE.to_owned(), "no store's answer"),
            (
                403,
                xml("RequestTimeTooSkewed"),
                "denied: the store refused it: 403 RequestTimeTooSkewed: this host's clock",
            ),
            (400, xml("ExpiredToken"), "denied: the store refused it: 400 ExpiredToken m"),
            (404, xml("NoSuchBucket"), "denied: "),
            (403, PAGE.to_owned(), "denied: "),
            (500, xml("InternalError"), "unreachable: the store answered 500 InternalError m"),
            (503, xml("SlowDown"), "unreachable: "),
            (502, PAGE.to_owned(), "unreachable: "),
        ] {
            let error = read(status, &body).to_string();
            assert!(error.contains(part), "{status} {body}: {error}");
        }
    }

    #[test]
    fn a_write_was_not_made_only_where_a_store_says_so() {
        let absent = Expectation::Absent;
        let bytes = Expectation::Bytes(Digest::of(b"x"));
        for (status, body, expect, expected) in [
            (412, xml("PreconditionFailed"), &absent, Some("already exists")),
            (412, String::new(), &bytes, Some("somebody changed it meanwhile")),
            (409, xml("ConditionalRequestConflict"), &bytes, Some("409 ConditionalRequestConflict")),
            (404, xml("NoSuchKey"), &bytes, Some("404 NoSuchKey")),
            (403, xml("AccessDenied"), &absent, Some("403 AccessDenied")),
            (501, xml("NotImplemented"), &absent, Some("conditional writes")),
            (412, PAGE.to_owned(), &absent, None),
            (403, PAGE.to_owned(), &absent, None),
            (404, String::new(), &absent, None),
            (500, xml("InternalError"), &absent, None),
            (503, xml("SlowDown"), &absent, None),
            (200, PAGE.to_owned(), &absent, None),
        ] {
            match (Refusal::of(status, body.as_bytes()).for_write(expect, str::to_owned), expected) {
                (Outcome::NotApplied { reason }, Some(part)) => assert!(reason.contains(part), "{status}: {reason}"),
                (Outcome::Unknown { .. }, None) => {}
                (outcome, _) => panic!("{status} {body}: {outcome:?}"),
            }
        }
    }
}
