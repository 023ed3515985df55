//! Looks at what an unknown write left. Changes nothing.

use belay_domain::operation::{KeyvalueChange, KeyvalueWrite};
use redis::cmd;
use tokio::time::timeout;

use super::RedisConnection;
use super::find::Found;
use super::read::{field_of, value_of};
use super::refusal::Failure;
use super::reply::Reply;
use super::session::Session;
use crate::permit::Look;

impl RedisConnection {
    pub(crate) async fn look(&self, write: &KeyvalueWrite) -> Look {
        let mut session = match self.enter().await {
            Ok(session) => session,
            Err(error) => return Look::CannotTell(error.to_string()),
        };
        match timeout(self.scan_timeout, self.seen(&mut session, &write.change)).await {
            Ok(Ok(look)) => look,
            // A value that the write would have replaced.
            Ok(Err(Failure::Refused { wrong_kind: true, .. })) => Look::HoldsOther,
            Ok(Err(failure)) => Look::CannotTell(failure.reason()),
            Err(_) => Look::CannotTell(Failure::TimedOut.reason()),
        }
    }

    async fn seen(&self, session: &mut Session, change: &KeyvalueChange) -> Result<Look, Failure> {
        Ok(match change {
            KeyvalueChange::Set { key, value, .. } => {
                held(self.within(value_of(session, &key.0)).await?.as_deref(), Some(&value.0))
            }
            KeyvalueChange::SetField { key, field, value } => {
                held(self.within(field_of(session, &key.0, &field.0)).await?.as_deref(), Some(&value.0))
            }
            KeyvalueChange::DeleteField { key, field } => {
                held(self.within(field_of(session, &key.0, &field.0)).await?.as_deref(), None)
            }
            KeyvalueChange::Delete { key } => {
                let gone = self.within(session.ask(cmd("EXISTS").arg(&key.0))).await? == Reply::Number(0);
                if gone { Look::HoldsOperationsBytes } else { Look::HoldsOther }
            }
            KeyvalueChange::DeletePrefix { prefix, .. } => match self.find(session, &prefix.0, 0).await? {
                Found::All(_) => Look::HoldsOperationsBytes,
                Found::MoreThan(_) => Look::HoldsOther,
            },
        })
    }
}

/// `leaves`: what the write leaves there; a deletion leaves nothing.
fn held(found: Option<&[u8]>, leaves: Option<&Vec<u8>>) -> Look {
    match (found, leaves) {
        (Some(found), Some(leaves)) if found == leaves => Look::HoldsOperationsBytes,
        (None, None) => Look::HoldsOperationsBytes,
        (None, Some(_)) => Look::Absent,
        (Some(_), Some(_) | None) => Look::HoldsOther,
    }
}
