//! Deletes the keys of a prefix. Finds all of them first: where there are more than the write allows itself, none goes.

use belay_domain::operation::Outcome;
use redis::cmd;

use super::RedisConnection;
use super::find::Found;
use super::refusal::Failure;
use super::reply::Reply;
use super::session::Session;
use super::write::not_applied;
use crate::permit::Deadline;

/// How many keys go with one command: the server does nothing else meanwhile.
const BATCH: usize = 5_000;

impl RedisConnection {
    /// Keys that come while it runs stay, unless they have the name of one that went. What breaks off half-way is
    /// unknown.
    pub(super) async fn sweep(
        &self,
        mut session: Session,
        prefix: &[u8],
        most: u64,
        deadline: &Deadline,
    ) -> Result<Outcome, Outcome> {
        let began = tokio::time::Instant::now();
        let finding = tokio::time::timeout(self.scan_timeout, self.find(&mut session, prefix, most));
        let keys = match finding.await {
            Ok(Ok(Found::All(keys))) => keys,
            Ok(Ok(Found::MoreThan(most))) => {
                return Err(not_applied(format!("more than {most} keys start with the prefix; none was deleted")));
            }
            Ok(Err(failure)) => return Err(not_applied(failure.reason())),
            Err(_) => return Err(not_applied(self.too_slow("looking for the keys"))),
        };
        // Last thing before the first deletion: looking takes time, and the host may have slept.
        deadline.check()?;
        tracing::debug!(connection = %self.rules.name, keys = keys.len(), "delete by prefix");
        let mut gone = 0;
        for batch in keys.chunks(BATCH) {
            if began.elapsed() > self.scan_timeout {
                return Err(stopped(gone, self.too_slow("deleting them"), true));
            }
            match self.within(session.ask(cmd("UNLINK").arg(batch))).await {
                Ok(Reply::Number(unlinked)) => gone += u64::try_from(unlinked).unwrap_or_default(),
                Ok(_) => return Err(stopped(gone, Failure::nonsense().reason(), false)),
                Err(failure) => {
                    let nothing = matches!(failure, Failure::Refused { before: true, .. });
                    return Err(stopped(gone, failure.reason(), nothing));
                }
            }
        }
        Ok(Outcome::Applied { detail: format!("{gone} keys deleted") })
    }

    fn too_slow(&self, what: &str) -> String {
        format!("{what} took longer than {} s (`scan_timeout`)", self.scan_timeout.as_secs())
    }
}

/// `nothing`: the last batch is known to have deleted nothing.
fn stopped(gone: u64, reason: String, nothing: bool) -> Outcome {
    if gone == 0 && nothing {
        not_applied(reason)
    } else {
        Outcome::Unknown { reason: format!("{reason}, after {gone} keys were deleted") }
    }
}
