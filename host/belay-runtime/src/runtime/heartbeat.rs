//! Heartbeats: entries that say only that belay could record. Between two entries whose numbers follow each other nothing
//! was recorded; a heartbeat shows that something could have been.

use belay_domain::id::Millis;
use belay_ledger::kind::HEARTBEAT;
use serde_json::json;

use super::Runtime;
use crate::api::{Error, Heartbeat};
use crate::clock;
use crate::ledger;
use crate::record::Cause;

impl Runtime {
    /// Records a heartbeat and publishes the log with it. `every_ms` promises that another entry follows within that
    /// time, so that a reader can tell where one is missing.
    pub async fn heartbeat(&self, every_ms: Option<u64>) -> Result<Heartbeat, Error> {
        let store = &self.host.ledger;
        let quiet_ms = self.quiet_ms()?;
        let mut body = json!({});
        if let (Some(members), Some(every_ms)) = (body.as_object_mut(), every_ms) {
            members.insert("every_ms".to_owned(), json!(every_ms));
        }
        let draft = Cause::of(&self.host.requester).draft(HEARTBEAT, body)?;
        let at = draft.at;
        let appended = ledger::append(store, draft.into()).await.map_err(|error| ledger::error(&error))?;
        store.publish().map_err(|error| ledger::error(&error))?;
        let head = appended.head;
        Ok(Heartbeat { entry: appended.seqs.start, at, quiet_ms, size: head.size, root: head.root })
    }

    /// How long ago the last entry was, in milliseconds, by the host's clock.
    pub fn quiet_ms(&self) -> Result<u64, Error> {
        let store = &self.host.ledger;
        let last = store.size().and_then(|size| size.checked_sub(1).map_or(Ok(None), |last| store.entry(last)));
        let last = last.map_err(|error| ledger::error(&error))?;
        Ok(last.map_or(0, |entry| since(clock::now(), entry.at)))
    }
}

const fn since(now: Millis, then: Millis) -> u64 {
    now.0.saturating_sub(then.0)
}
