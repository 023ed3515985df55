//! Claims about Redis connections, made against a server that misbehaves.

mod reads;
mod server;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use belay_domain::connection::{ConnectionKind, ConnectionRules, Criticality, WriteRule};
use belay_domain::digest::Digest;
use belay_domain::id::{ConnectionName, Millis};
use belay_domain::json::{self, Json};
use belay_domain::operation::{
    Body, Expectation, Expiry, KeyvalueChange, KeyvalueWrite, Operation, Outcome, Reversibility, Write,
};

use self::server::{Act, Server, bulk, page, say};
use crate::{Allow, ConnectionSpec, Connections, Permit, RedisAuth, RedisTarget, SecretSource, Target};

fn name() -> ConnectionName {
    "cache".parse().unwrap()
}

fn connect(server: &Server, adjust: impl FnOnce(&mut RedisTarget)) -> Connections {
    let mut target = RedisTarget::new(format!("redis://{}", server.address));
    target.allow = vec![Allow::Loopback];
    // Short enough for a test, long enough for this host under load.
    target.timeout = Duration::from_millis(700);
    adjust(&mut target);
    let rule = |pattern: &str| WriteRule {
        pattern: pattern.to_owned().try_into().unwrap(),
        object: Vec::new(),
        at_best: Reversibility::Reversible,
        repeatable: true,
        guarded: false,
    };
    let rules = ConnectionRules {
        name: name(),
        kind: ConnectionKind::Redis,
        criticality: Criticality::Medium,
        writes: ["SET k*", "DEL k", "UNLINK v9:*"].map(rule).to_vec(),
        settle_ms: 0,
    };
    Connections::open(vec![ConnectionSpec { rules, target: Target::Redis(target), confirm_within_ms: 0 }]).unwrap()
}

fn with_password(target: &mut RedisTarget) {
    let print = ["printf", "%s", "canary-s3cret"].map(str::to_owned).to_vec();
    target.auth = Some(RedisAuth { user: Some("ana".to_owned()), password: SecretSource::Command(print) });
}

/// Sets `k` to 8 where it holds 9.
fn set() -> KeyvalueWrite {
    KeyvalueWrite {
        connection: name(),
        change: KeyvalueChange::Set { key: Body(b"k".to_vec()), value: Body(b"8".to_vec()), expiry: Expiry::Kept },
        expect: Expectation::Bytes(Digest::of(b"9")),
    }
}

fn sweep(most: u64) -> KeyvalueWrite {
    let change = KeyvalueChange::DeletePrefix { prefix: Body(b"v9:".to_vec()), most };
    KeyvalueWrite { connection: name(), change, expect: Expectation::Anything }
}

async fn perform_by(connections: &Connections, write: KeyvalueWrite, act_by: u64) -> Outcome {
    let operation = Operation {
        summary: "generation: 9 → 8".to_owned(),
        write: Write::Keyvalue(write),
        yields: Json::NULL,
        reversibility: Reversibility::Reversible,
        touches: 1,
    };
    let digest = json::digest_of(&operation).unwrap();
    let permit = Permit::new(operation, digest, Millis(act_by)).unwrap();
    connections.perform(permit, Arc::new(|| Millis(10))).await.outcome
}

async fn perform(connections: &Connections, write: KeyvalueWrite) -> Outcome {
    perform_by(connections, write, 10).await
}

/// `applied`, `not applied` or `unknown`, and what is said of it.
fn told(outcome: Outcome) -> (&'static str, String) {
    match outcome {
        Outcome::Applied { detail } => ("applied", detail),
        Outcome::NotApplied { reason } => ("not applied", reason),
        Outcome::Unknown { reason } => ("unknown", reason),
    }
}
