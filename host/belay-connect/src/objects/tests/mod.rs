//! Claims about object stores, made against a server that says what a store would, and what none would. What a store
//! does is tested against one in `tests/`.

mod lists;
mod reads;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use belay_domain::connection::{ConnectionKind, ConnectionRules, Criticality, WriteRule};
use belay_domain::digest::Digest;
use belay_domain::id::{ConnectionName, Millis};
use belay_domain::json::{self, Json};
use belay_domain::operation::{Body, Expectation, ObjectWrite, Operation, Outcome, Reversibility, Write};

use crate::http::tests::server::{Act, answer};
use crate::{
    Allow, Clock, ConnectionSpec, Connections, ObjectsTarget, Permit, Retry, SecretSource, StoreCredentials, Target,
};

const KEY_ID: &str = "AKIACANARY";
const SECRET: &str = "canary/s3cret";

/// A connection `lake` to the part `shop` of the bucket `lake`.
fn connect(url: &str, adjust: impl FnOnce(&mut ObjectsTarget)) -> Connections {
    let rule = |pattern: &str| WriteRule {
        pattern: pattern.to_owned().try_into().unwrap(),
        object: Vec::new(),
        at_best: Reversibility::Reversible,
        repeatable: false,
        guarded: false,
    };
    let rules = ConnectionRules {
        name: name(),
        kind: ConnectionKind::Objects,
        criticality: Criticality::Medium,
        writes: vec![rule("PUT **"), rule("DELETE **")],
        settle_ms: 0,
    };
    let mut target = ObjectsTarget::new(url, "lake");
    target.prefix = "shop".to_owned();
    target.allow = vec![Allow::Loopback];
    target.retry = Retry::never();
    target.credentials = Some(StoreCredentials {
        access_key_id: printed(KEY_ID),
        secret_access_key: printed(SECRET),
        session_token: None,
    });
    adjust(&mut target);
    Connections::open(vec![ConnectionSpec { rules, target: Target::Objects(target), confirm_within_ms: 0 }]).unwrap()
}

fn printed(text: &str) -> SecretSource {
    SecretSource::Command(vec!["printf".to_owned(), "%s".to_owned(), text.to_owned()])
}

/// Short enough for a test, long enough for this host under load.
fn impatient(target: &mut ObjectsTarget) {
    target.timeout = Duration::from_millis(700);
}

fn name() -> ConnectionName {
    "lake".parse().unwrap()
}

fn clock() -> Clock {
    Arc::new(|| Millis(1))
}

fn permit(write: ObjectWrite) -> Permit {
    let operation = Operation {
        summary: "restore".to_owned(),
        write: Write::Object(write),
        yields: Json::NULL,
        reversibility: Reversibility::Reversible,
        touches: 1,
    };
    let digest = json::digest_of(&operation).unwrap();
    Permit::new(operation, digest, Millis(1)).unwrap()
}

async fn perform(connections: &Connections, write: ObjectWrite) -> Outcome {
    connections.perform(permit(write), clock()).await.outcome
}

fn put(key: &str, content: &str, expect: Expectation) -> ObjectWrite {
    ObjectWrite { connection: name(), key: key.to_owned(), content: Some(Body(content.into())), expect }
}

fn delete(key: &str, expect: Expectation) -> ObjectWrite {
    ObjectWrite { connection: name(), key: key.to_owned(), content: None, expect }
}

fn bytes(content: &str) -> Expectation {
    Expectation::Bytes(Digest::of(content.as_bytes()))
}

/// An object as a store gives it.
fn object(body: &str) -> Act {
    Act::Say(answer("200 OK", "etag: \"7\"\r\nlast-modified: Sun, 22 Nov 2026 18:00:00 GMT\r\n", body))
}

/// What a store says of an object that it made, or does not have.
fn said(status: &str, code: &str) -> Act {
    Act::Say(answer(status, "", &format!("<Error><Code>{code}</Code><Message>for {KEY_ID}</Message></Error>")))
}

fn done() -> Act {
    Act::Say(answer("200 OK", "etag: \"8\"\r\n", ""))
}

/// Nothing has the name: a HEAD is refused without a word, and a GET says why.
fn nothing() -> [Act; 2] {
    [Act::Say(b"HTTP/1.1 404 Not Found\r\n\r\n".to_vec()), said("404 Not Found", "NoSuchKey")]
}

/// What a proxy says in a store's place.
fn page(status: &str) -> Act {
    Act::Say(answer(status, "content-type: text/html\r\n", "<html><body>Sign in</body></html>"))
}
