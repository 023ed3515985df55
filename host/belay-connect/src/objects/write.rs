//! Writes of objects: compared first, then put in one request whose condition the store itself holds. Sent once. What
//! fails before its first byte is not applied; what was sent and not answered as a store answers is unknown.

use belay_domain::operation::{Expectation, ObjectWrite, Outcome};
use object_store::path::Path;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, UpdateVersion};

use super::StoreConnection;
use super::refusal::{Fate, Refusal};
use super::service::Act;
use super::session::Session;
use crate::key;
use crate::permit::Deadline;
use crate::read::ObjectError;

impl StoreConnection {
    /// Why a write makes no sense here, apart from the list of writes.
    pub(crate) fn admit_write(&self, write: &ObjectWrite) -> Result<(), String> {
        key::admit(write)
    }

    /// Performs a write that was admitted.
    pub(crate) async fn perform(&self, write: ObjectWrite, deadline: Deadline) -> Outcome {
        let path = match self.path(&write.key) {
            Ok(path) => path,
            Err(error) => return not_applied(error.to_string()),
        };
        let etag = match self.compare(&write).await {
            Ok(etag) => etag,
            Err(reason) => return not_applied(reason),
        };
        let act = Act { deadline, if_match: etag.clone() };
        let session = match self.session(Some(act)).await {
            Ok(session) => session,
            Err(failed) => return not_applied(failed.error.to_string()),
        };
        tracing::debug!(connection = %self.rules.name, key = %write.key, "write");
        let trouble = send(&session, &path, &write, etag).await;
        outcome(&session, &write, trouble)
    }

    /// Holds what is expected against what is there, and gives the tag of the bytes that were compared. The store
    /// compares again; one that ignores conditions is at least not written blindly.
    async fn compare(&self, write: &ObjectWrite) -> Result<Option<String>, String> {
        match (&write.expect, &write.content) {
            (Expectation::Anything, Some(_)) => Ok(None),
            (Expectation::Absent, _) => match self.head(&write.key).await {
                Err(ObjectError::Missing) => Ok(None),
                Ok(_) => Err("already exists".to_owned()),
                Err(error) => Err(format!("what is there can't be looked at: {error}")),
            },
            (Expectation::Anything, None) => self.present(write).await.map(|(_, etag)| Some(etag)),
            (Expectation::Bytes(expected), _) => match self.present(write).await? {
                (found, etag) if found == *expected => Ok(Some(etag)),
                (found, _) => Err(format!(
                    "the present bytes have the digest {}, not {}: somebody changed them",
                    found.short(),
                    expected.short()
                )),
            },
        }
    }

    async fn present(&self, write: &ObjectWrite) -> Result<(belay_domain::digest::Digest, String), String> {
        match self.tagged(&write.key).await {
            Ok(found) => Ok((found.sha256, found.etag)),
            Err(ObjectError::Missing) => Err("nothing has this name any more".to_owned()),
            Err(error) => Err(format!("the present bytes can't be read: {error}")),
        }
    }
}

/// Sends the write. What became of it the session knows; the text is for where nothing was even tried.
async fn send(session: &Session, path: &Path, write: &ObjectWrite, etag: Option<String>) -> String {
    let sent = match &write.content {
        None => session.store.delete(path).await,
        Some(body) => {
            let mode = match (&write.expect, etag) {
                (Expectation::Absent, _) => PutMode::Create,
                (Expectation::Bytes(_), etag) => PutMode::Update(UpdateVersion { e_tag: etag, version: None }),
                (Expectation::Anything, _) => PutMode::Overwrite,
            };
            let payload = PutPayload::from(body.0.clone());
            session.store.put_opts(path, payload, PutOptions::from(mode)).await.map(drop)
        }
    };
    sent.err().map_or_else(String::new, |error| error.to_string())
}

fn outcome(session: &Session, write: &ObjectWrite, trouble: String) -> Outcome {
    match session.fate() {
        None => not_applied(format!("nothing was sent: {}", session.shown(&trouble))),
        Some(Fate::Failed(failed)) => not_applied(failed.error.to_string()),
        Some(Fate::Stopped(outcome)) => outcome,
        Some(Fate::Unanswered(reason)) => Outcome::Unknown { reason },
        Some(Fate::Answered { status, tagged, body, .. }) => {
            // A store says nothing more to a write that it made, and tags what it put.
            if (200..300).contains(&status) && body.is_empty() && (tagged || write.content.is_none()) {
                return Outcome::Applied { detail: done(write).to_owned() };
            }
            Refusal::of(status, &body).for_write(&write.expect, |text| session.shown(text))
        }
    }
}

const fn done(write: &ObjectWrite) -> &'static str {
    match (&write.content, &write.expect) {
        (None, _) => "deleted",
        (Some(_), Expectation::Absent) => "created",
        (Some(_), Expectation::Bytes(_)) => "replaced",
        (Some(_), Expectation::Anything) => "put",
    }
}

fn not_applied(reason: String) -> Outcome {
    Outcome::NotApplied { reason }
}
