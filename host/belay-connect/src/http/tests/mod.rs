//! Claims about HTTP connections, made against a server that misbehaves.

mod patience;
mod reads;
mod secrets;
pub(crate) mod server;
mod tls;
mod tokens;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use belay_domain::connection::{ConnectionKind, ConnectionRules, Criticality, WriteRule};
use belay_domain::id::Millis;
use belay_domain::json::{self, Json};
use belay_domain::operation::{Answer, Body, HttpWrite, Operation, Reversibility, Write};

use crate::{Allow, Clock, ConnectionSpec, Connections, HttpRead, HttpTarget, Performed, Permit, Retry, Target};

/// A connection `c` to a server on this host, with one write and one query.
fn connect(url: &str, adjust: impl FnOnce(&mut HttpTarget)) -> Connections {
    let mut target = HttpTarget::new(url);
    target.allow = vec![Allow::Loopback];
    target.retry = Retry::never();
    target.queries = vec!["POST /search".to_owned().try_into().unwrap(), "POST /al*".to_owned().try_into().unwrap()];
    adjust(&mut target);
    Connections::open(vec![ConnectionSpec { rules: rules(), target: Target::Http(target), confirm_within_ms: 0 }])
        .unwrap()
}

fn rules() -> ConnectionRules {
    ConnectionRules {
        name: "c".parse().unwrap(),
        kind: ConnectionKind::Http,
        criticality: Criticality::Medium,
        writes: vec![WriteRule {
            pattern: "POST /alias".to_owned().try_into().unwrap(),
            object: Vec::new(),
            at_best: Reversibility::Reversible,
            repeatable: true,
            guarded: false,
        }],
        settle_ms: 0,
    }
}

/// Short enough for a test, long enough for this host under load.
fn impatient(target: &mut HttpTarget) {
    target.timeout = Duration::from_millis(700);
}

fn read(method: &str, path: &str) -> HttpRead {
    HttpRead {
        connection: "c".parse().unwrap(),
        method: method.to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    }
}

fn alias() -> HttpWrite {
    HttpWrite {
        connection: "c".parse().unwrap(),
        method: "POST".to_owned(),
        path: "/alias".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Body(br#"{"alias":  "champion"}"#.to_vec()),
        applied: vec![Answer { status: 200, body: None }],
        refused: vec![Answer { status: 404, body: None }],
    }
}

fn permit(write: HttpWrite, act_by: u64) -> Permit {
    let operation = Operation {
        summary: "alias champion: 9 → 8".to_owned(),
        write: Write::Http(write),
        yields: Json::NULL,
        reversibility: Reversibility::Reversible,
        touches: 1,
    };
    let digest = json::digest_of(&operation).unwrap();
    Permit::new(operation, digest, Millis(act_by)).unwrap()
}

/// A clock that stands still.
fn at(moment: u64) -> Clock {
    Arc::new(move || Millis(moment))
}

async fn perform(connections: &Connections, write: HttpWrite) -> Performed {
    connections.perform(permit(write, 10), at(10)).await
}
