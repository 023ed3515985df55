//! The service: JSON documents, fixed answers, and effects of other writes.

use belay_domain::operation::{Answer as Recognised, BodyTest, HttpWrite};
use serde_json::Value;

use super::{Answer, Effect, Systems};

impl Systems {
    /// What a read is answered; 404 where nothing is known of it.
    pub(super) fn answer(&self, connection: &str, method: &str, path: &str, body: &[u8]) -> Answer {
        let line = format!("{method} {path}");
        let exact = format!("{line} {}", String::from_utf8_lossy(body));
        let known = |line: String| self.answers.get(&(connection.to_owned(), line));
        if let Some(answer) = known(exact).or_else(|| known(line)) {
            return answer.clone();
        }
        let document = self.documents.get(&(connection.to_owned(), path.to_owned()));
        match document.filter(|_| method == "GET" || method == "HEAD") {
            Some(json) => of_json(200, json),
            None => Answer { status: 404, headers: Vec::new(), body: Vec::new() },
        }
    }

    pub(super) fn perform_http(&mut self, write: &HttpWrite) -> Result<(), String> {
        let answer = self.write(write)?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let says = |recognised: &Recognised| {
            recognised.status == answer.status
                && recognised.body.as_ref().is_none_or(|(at, test)| holds(&body, at, test))
        };
        if write.applied.iter().any(says) && !write.refused.iter().any(says) {
            return Ok(());
        }
        Err(format!("the answer {} is none that it takes for applied", answer.status))
    }

    fn write(&mut self, write: &HttpWrite) -> Result<Answer, String> {
        let connection = write.connection.to_string();
        let line = format!("{} {}", write.method, write.path);
        let sent: Value = serde_json::from_slice(&write.body.0).unwrap_or_default();
        let fits =
            |effect: &&Effect| effect.connection == connection && effect.request == line && has(&sent, &effect.with);
        if let Some(effect) = self.effects.iter().find(fits).cloned() {
            self.documents.insert((connection, effect.document), effect.json);
            return Ok(Answer { status: effect.status, headers: Vec::new(), body: effect.body });
        }
        let place = (connection, write.path.clone());
        match (write.method.as_str(), self.documents.get_mut(&place)) {
            ("PUT", _) => {
                self.documents.insert(place, sent.clone());
                Ok(of_json(200, &sent))
            }
            ("PATCH", Some(document)) => {
                merge(document, &sent);
                Ok(of_json(200, document))
            }
            ("DELETE", Some(_)) => {
                self.documents.remove(&place);
                Ok(Answer { status: 204, headers: Vec::new(), body: Vec::new() })
            }
            _ => Err(format!("the fixture doesn't say what `{line}` does: give it a [[system.effect]]")),
        }
    }
}

fn of_json(status: u16, json: &Value) -> Answer {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Answer { status, headers, body: json.to_string().into_bytes() }
}

/// Whether an object has all of these members.
fn has(sent: &Value, members: &Value) -> bool {
    members.as_object().is_none_or(|members| members.iter().all(|(name, value)| sent.get(name) == Some(value)))
}

fn holds(body: &Value, pointer: &str, test: &BodyTest) -> bool {
    let found = body.pointer(pointer);
    match test {
        BodyTest::Present => found.is_some(),
        BodyTest::Equals(value) => found == Some(value.value()),
        BodyTest::Contains(text) => found.and_then(Value::as_str).is_some_and(|found| found.contains(text)),
    }
}

/// RFC 7396.
fn merge(document: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else {
        *document = patch.clone();
        return;
    };
    if !document.is_object() {
        *document = Value::Object(serde_json::Map::new());
    }
    let Some(object) = document.as_object_mut() else { return };
    for (name, value) in members {
        if value.is_null() {
            object.remove(name);
        } else {
            merge(object.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_7396() {
        for (document, patch, merged) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"["a","b"]"#, r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
        ] {
            let mut value: Value = serde_json::from_str(document).unwrap();
            merge(&mut value, &serde_json::from_str(patch).unwrap());
            assert_eq!(value, serde_json::from_str::<Value>(merged).unwrap(), "{document} {patch}");
        }
    }
}
