//! Writes. Sent once, over a session of their own; never sent again. What fails before the command that writes is not
//! applied; what fails after it is unknown, unless the server said that it did nothing.

use belay_domain::digest::Digest;
use belay_domain::operation::{Expectation, KeyvalueChange, KeyvalueWrite, Outcome};

use super::RedisConnection;
use super::read::{field_of, value_of};
use super::refusal::Failure;
use super::reply::Reply;
use super::script::{self, Expected};
use super::session::Session;
use crate::permit::Deadline;

impl RedisConnection {
    /// Why a write makes no sense here, apart from the list of writes.
    pub(crate) fn admit_write(&self, write: &KeyvalueWrite) -> Result<(), String> {
        let empty = match &write.change {
            KeyvalueChange::Set { key, .. } | KeyvalueChange::Delete { key } => key.0.is_empty(),
            KeyvalueChange::SetField { key, field, .. } | KeyvalueChange::DeleteField { key, field } => {
                key.0.is_empty() || field.0.is_empty()
            }
            KeyvalueChange::DeletePrefix { prefix, .. } => prefix.0.is_empty(),
        };
        if empty {
            return Err("a key, a field or a prefix is empty".to_owned());
        }
        match (&write.change, &write.expect) {
            (KeyvalueChange::Delete { .. } | KeyvalueChange::DeleteField { .. }, Expectation::Absent) => {
                Err("a deletion can't expect that nothing is there".to_owned())
            }
            (KeyvalueChange::DeletePrefix { .. }, Expectation::Absent | Expectation::Bytes(_)) => {
                Err("a prefix holds no bytes that could be expected".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Performs a write that was admitted.
    pub(crate) async fn perform(&self, write: &KeyvalueWrite, deadline: &Deadline) -> Outcome {
        let session = match self.enter().await {
            Ok(session) => session,
            Err(error) => return not_applied(error.to_string()),
        };
        let performed = match &write.change {
            KeyvalueChange::DeletePrefix { prefix, most } => self.sweep(session, &prefix.0, *most, deadline).await,
            KeyvalueChange::Set { .. }
            | KeyvalueChange::Delete { .. }
            | KeyvalueChange::SetField { .. }
            | KeyvalueChange::DeleteField { .. } => self.write_one(session, write, deadline).await,
        };
        performed.unwrap_or_else(|outcome| outcome)
    }

    async fn write_one(
        &self,
        mut session: Session,
        write: &KeyvalueWrite,
        deadline: &Deadline,
    ) -> Result<Outcome, Outcome> {
        let present = self.compared(&mut session, write).await?;
        let expected = match (&write.expect, &present) {
            (Expectation::Absent, _) => Expected::Absent,
            (Expectation::Anything, _) => Expected::Anything,
            (Expectation::Bytes(_), Some(bytes)) => Expected::Bytes(bytes),
            (Expectation::Bytes(_), None) => return Err(gone()),
        };
        let Some(command) = script::write(&write.change, expected) else {
            return Err(not_applied("a prefix is not written as one key".to_owned()));
        };
        // Last thing before the first byte: dialling takes time, and the host may have slept.
        deadline.check()?;
        tracing::debug!(connection = %self.rules.name, line = %write.change.line(), "write");
        Ok(match self.within(session.ask(&command)).await {
            Ok(answer) => judged(&answer),
            Err(Failure::Refused { reason, before: true, .. }) => not_applied(reason),
            Err(failure) => Outcome::Unknown { reason: failure.reason() },
        })
    }

    /// The present bytes, if they are the expected ones. The server compares them again when it writes.
    async fn compared(&self, session: &mut Session, write: &KeyvalueWrite) -> Result<Option<Vec<u8>>, Outcome> {
        let Expectation::Bytes(expected) = &write.expect else { return Ok(None) };
        let found = match &write.change {
            KeyvalueChange::Set { key, .. } | KeyvalueChange::Delete { key } => {
                self.within(value_of(session, &key.0)).await
            }
            KeyvalueChange::SetField { key, field, .. } | KeyvalueChange::DeleteField { key, field } => {
                self.within(field_of(session, &key.0, &field.0)).await
            }
            KeyvalueChange::DeletePrefix { .. } => return Ok(None),
        };
        match found.map_err(|failure| not_applied(failure.reason()))? {
            None => Err(gone()),
            Some(bytes) if Digest::of(&bytes) == *expected => Ok(Some(bytes)),
            Some(bytes) => Err(not_applied(format!(
                "the present bytes have the digest {}, not {}: somebody changed them",
                Digest::of(&bytes).short(),
                expected.short()
            ))),
        }
    }
}

/// What the script answered.
fn judged(answer: &Reply) -> Outcome {
    let said = if let Reply::Bytes(said) = answer { said.as_slice() } else { b"" };
    match said {
        b"done" => Outcome::Applied { detail: "done".to_owned() },
        b"there" => not_applied("already exists".to_owned()),
        b"gone" => gone(),
        b"other" => not_applied("somebody changed the present bytes just before the write".to_owned()),
        _ => Outcome::Unknown { reason: Failure::nonsense().reason() },
    }
}

fn gone() -> Outcome {
    not_applied("nothing has this name any more".to_owned())
}

pub(super) const fn not_applied(reason: String) -> Outcome {
    Outcome::NotApplied { reason }
}
