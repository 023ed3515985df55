//! What an HTTP answer says of a write. Never guesses: an answer that no rule recognises leaves the outcome unknown.

use belay_domain::operation::{Answer, BodyTest, HttpWrite, Outcome};
use serde_json::Value;

/// How much of an answer a person is shown, in characters.
const EXCERPT: usize = 200;

/// An answer's body as the rules see it.
enum Content {
    Empty,
    Json(Value),
    /// A proxy's page, a login form, a cut answer.
    Other,
}

impl Content {
    fn of(body: &[u8]) -> Self {
        if body.is_empty() {
            return Self::Empty;
        }
        serde_json::from_slice(body).map_or(Self::Other, Self::Json)
    }
}

/// Looks for the answer among those that say it was applied, then among those that say it was not. `shown` is the body
/// without credentials.
pub(crate) fn judge(write: &HttpWrite, status: u16, body: &[u8], shown: &[u8]) -> Outcome {
    let content = Content::of(body);
    let says = |answers: &[Answer]| answers.iter().any(|answer| recognises(answer, status, &content));
    if says(&write.applied) {
        Outcome::Applied { detail: status.to_string() }
    } else if says(&write.refused) {
        Outcome::NotApplied { reason: format!("the system refused it: {}", excerpt(status, shown)) }
    } else {
        Outcome::Unknown { reason: format!("no rule recognises the answer: {}", excerpt(status, shown)) }
    }
}

fn recognises(answer: &Answer, status: u16, content: &Content) -> bool {
    answer.status == status
        && match (&answer.body, content) {
            (None, Content::Empty | Content::Json(_)) => true,
            (Some((pointer, test)), Content::Json(value)) => {
                value.pointer(pointer).is_some_and(|found| passes(test, found))
            }
            (None | Some(_), Content::Other) | (Some(_), Content::Empty) => false,
        }
}

fn passes(test: &BodyTest, found: &Value) -> bool {
    match test {
        BodyTest::Present => true,
        BodyTest::Equals(json) => json.value() == found,
        BodyTest::Contains(part) => found.as_str().is_some_and(|text| text.contains(part)),
    }
}

fn excerpt(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = line.chars().filter(|c| !c.is_control()).take(EXCERPT).collect();
    format!("{status} {shown}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use belay_domain::json::Json;
    use belay_domain::operation::Body;

    fn write() -> HttpWrite {
        let test = |pointer: &str, test| Some((pointer.to_owned(), test));
        HttpWrite {
            connection: "c".parse().unwrap(),
            method: "POST".to_owned(),
            path: "/x".to_owned(),
            headers: Vec::new(),
            body: Body(Vec::new()),
            applied: vec![
                Answer { status: 200, body: None },
                Answer { status: 409, body: test("/now/0", BodyTest::Equals(Json::parse("8").unwrap())) },
                Answer { status: 207, body: test("/id", BodyTest::Present) },
            ],
            refused: vec![
                Answer { status: 409, body: None },
                Answer { status: 500, body: test("/message", BodyTest::Contains("test op failed".to_owned())) },
            ],
        }
    }

    #[test]
    fn an_answer_is_what_a_rule_recognises() {
        for (status, body, expected) in [
            (200, "", "applied"),
            (200, "{}", "applied"),
            (200, " null ", "applied"),
            (200, "<html>Sign in</html>", "unknown"),
            (200, "{\"cut\":", "unknown"),
            (201, "{}", "unknown"),
            (207, r#"{"id":null}"#, "applied"),
            (207, "{}", "unknown"),
            (207, "", "unknown"),
            // Applied first, and only then refused.
            (409, r#"{"now":[8]}"#, "applied"),
            (409, r#"{"now":["8"]}"#, "not applied"),
            (409, "<html>", "unknown"),
            (500, r#"{"message":"JSON Patch: test op failed"}"#, "not applied"),
            (500, r#"{"message":["test op failed"]}"#, "unknown"),
            (500, "", "unknown"),
        ] {
            let outcome = match judge(&write(), status, body.as_bytes(), body.as_bytes()) {
                Outcome::Applied { .. } => "applied",
                Outcome::NotApplied { .. } => "not applied",
                Outcome::Unknown { .. } => "unknown",
            };
            assert_eq!(outcome, expected, "{status} {body}");
        }
    }

    #[test]
    fn people_see_a_short_line_without_credentials() {
        let shown = format!("<p>\n\t\u{1b}[31m[redacted]</p>{}", "x".repeat(1_000));
        let outcome = judge(&write(), 502, b"canary", shown.as_bytes());
        let Outcome::Unknown { reason } = outcome else { panic!("{outcome:?}") };
        assert!(reason.starts_with("no rule recognises the answer: 502 <p> [31m[redacted]</p>xxx"), "{reason}");
        assert!(reason.len() < 260 && !reason.contains("canary") && !reason.contains('\u{1b}'), "{reason}");
    }
}
