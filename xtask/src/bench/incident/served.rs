//! How long Unleash itself takes until it serves its clients that the flag is off: it looks once a second what was written. Seen by
//! a bystander, since whoever rolls back can't tell before it asks again. Each rollback meets another part of that second.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use belay_tests::lab::unleash;
use jiff::Timestamp;
use serde_json::Value;

use crate::demo::Error;
use crate::lab::Stack;

/// Between two looks: what the figure may be too high by.
const PAUSE: Duration = Duration::from_millis(10);

/// A bystander.
pub(super) struct Bystander {
    over: Arc<AtomicBool>,
    looks: JoinHandle<Result<Duration, String>>,
}

impl Bystander {
    /// Looks on from now on. The flag must be on.
    pub(super) fn of(stack: &Stack) -> Result<Self, Error> {
        let (server, flag) = (stack.address("unleash").map_err(Error::Untrue)?, stack.named("ranker-v9"));
        let (client, admin) = (stack.secret("unleash", "client_token"), stack.secret("unleash", "admin_token"));
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        let looks = thread::spawn(move || {
            let served = until_served(server, &client, &flag, &ends)?;
            Ok(Duration::from_millis(served.saturating_sub(written(server, &admin, &flag)?)))
        });
        Ok(Self { over, looks })
    }

    /// What it saw, once the rollback is over.
    pub(super) fn tells(self) -> Result<Duration, Error> {
        self.over.store(true, Ordering::Relaxed);
        let seen = self.looks.join().unwrap_or_else(|_| Err("who looks on panicked".to_owned()));
        seen.map_err(Error::Untrue)
    }
}

/// The moment at which clients are served the flag off, by an answer that names a later event than before.
fn until_served(server: SocketAddr, client: &str, flag: &str, over: &AtomicBool) -> Result<u64, String> {
    let target = format!("/api/client/features?namePrefix={flag}");
    let mut before = None;
    loop {
        let answer = answer(server, client, &target)?;
        let revision = answer["meta"]["revisionId"].as_u64().unwrap_or_default();
        let before = *before.get_or_insert(revision);
        if answer["features"][0]["enabled"] == false && revision > before {
            return Ok(now());
        }
        if over.load(Ordering::Relaxed) {
            return Err(format!("the rollback is over, and clients are not served {flag} off"));
        }
        thread::sleep(PAUSE);
    }
}

/// The moment of the flag's last event, by the server's clock, which is this machine's.
fn written(server: SocketAddr, admin: &str, flag: &str) -> Result<u64, String> {
    let target = format!("/api/admin/search/events?feature=IS%3A{flag}&environment=IS%3Aproduction&limit=1");
    let answer = answer(server, admin, &target)?;
    let at = answer["events"][0]["createdAt"].as_str().unwrap_or_default();
    let at: Timestamp = at.parse().map_err(|error| format!("{at}: {error}"))?;
    Ok(u64::try_from(at.as_millisecond()).unwrap_or_default())
}

fn answer(server: SocketAddr, token: &str, target: &str) -> Result<Value, String> {
    let answer = unleash::ask(server, token, "GET", target, &Value::Null);
    serde_json::from_slice(&answer.body).map_err(|error| format!("GET {target}: {error}"))
}

fn now() -> u64 {
    u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default()
}
