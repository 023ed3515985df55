//! One recorded call: put together from its parts, made again, compared.

use belay_ledger::{Entry, FoundBlob};
use belay_sandbox::{CallRecord, Divergence, RecordError, Replayed};

use super::components::Components;
use super::difference::{first, short};
use crate::api::{Difference, Error, RecordedCall, ReplayVerdict, ReplayedCall};
use crate::ledger;
use crate::record::CallBody;

/// Makes the call of an entry again.
///
/// # Errors
/// The ledger can't be read any more. What is wrong with this call alone is its verdict.
pub(super) async fn replay(components: &Components<'_>, entry: &Entry) -> Result<ReplayedCall, Error> {
    let body: CallBody = match entry.body.to() {
        Ok(body) => body,
        Err(error) => return Ok(ReplayedCall::unreadable(entry.seq, error.to_string())),
    };
    let verdict = judge(components, entry, &body).await?;
    Ok(ReplayedCall::of(entry.seq, &body.plugin, RecordedCall::of(&body.call), verdict))
}

async fn judge(components: &Components<'_>, entry: &Entry, body: &CallBody) -> Result<ReplayVerdict, Error> {
    if !body.call.status.is_reproducible() {
        return Ok(ReplayVerdict::NotReproducible);
    }
    let record = match record(components, entry, body)? {
        Ok(record) => record,
        Err(verdict) => return Ok(verdict),
    };
    let plugin = match components.of(&body.call) {
        Ok(found) => found,
        Err(why) => return Ok(ReplayVerdict::NoComponent { why }),
    };
    Ok(match plugin.replay(&record).await {
        Ok(Replayed::SameFuel) => ReplayVerdict::Same,
        Ok(Replayed::OtherEngine(_)) => ReplayVerdict::OtherEngine,
        Err(divergence) => diverged(divergence, &record),
    })
}

/// The record from its parts, or what keeps it from being one.
fn record(
    components: &Components<'_>,
    entry: &Entry,
    body: &CallBody,
) -> Result<Result<CallRecord, ReplayVerdict>, Error> {
    let (mut failed, mut lost) = (None, None);
    let record = CallRecord::from_parts(body.call.clone(), |name| {
        let commitment = body.parts.get(name)?;
        match components.host.ledger.blob(entry, commitment) {
            Ok(FoundBlob::Present(blob)) => Some(blob.bytes),
            Ok(FoundBlob::Redacted { .. }) => {
                lost = Some(ReplayVerdict::Redacted { part: name.to_owned() });
                None
            }
            // One damaged blob says nothing of the other calls.
            Ok(FoundBlob::Missing { problem }) => {
                lost = Some(ReplayVerdict::Missing { part: name.to_owned(), problem });
                None
            }
            Err(error) => {
                failed = Some(ledger::error(&error));
                None
            }
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    Ok(record.map_err(|error| {
        lost.unwrap_or(match error {
            RecordError::Missing(part) => {
                ReplayVerdict::Missing { part, problem: "the entry does not name it".to_owned() }
            }
            error @ RecordError::Unreadable { .. } => ReplayVerdict::Unreadable { why: error.to_string() },
        })
    }))
}

fn diverged(divergence: Divergence, record: &CallRecord) -> ReplayVerdict {
    let differs = |at: &str, recorded, replayed| {
        ReplayVerdict::Differs(Difference { at: at.to_owned(), recorded: Some(recorded), replayed: Some(replayed) })
    };
    match divergence {
        Divergence::NotReproducible(_) => ReplayVerdict::NotReproducible,
        Divergence::Output { replayed } => ReplayVerdict::Differs(first(&record.output, &replayed)),
        Divergence::Read { number, recorded, asked } => ReplayVerdict::Differs(Difference {
            at: format!("read {number}"),
            recorded: recorded.map(|read| short(&*read)),
            replayed: Some(short(&*asked)),
        }),
        Divergence::FewerReads { recorded, replayed } => differs("reads", recorded.to_string(), replayed.to_string()),
        Divergence::Log => ReplayVerdict::Differs(Difference { at: "log".to_owned(), recorded: None, replayed: None }),
        Divergence::Fuel { recorded, replayed } => differs("fuel", recorded.to_string(), replayed.to_string()),
        error @ (Divergence::Component { .. }
        | Divergence::Function { .. }
        | Divergence::Input(_)
        | Divergence::Limits(_)) => ReplayVerdict::Unreadable { why: error.to_string() },
    }
}
