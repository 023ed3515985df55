//! Numbers and nonces of runs and points.

use belay_domain::id::{PointId, RunId};
use belay_domain::mandate::LogHead;
use belay_ledger::{Counter, Ledger};

use crate::api::Error;
use crate::ledger;

/// The next run's name: `r-77`.
pub(crate) fn next_run(ledger: &Ledger) -> Result<RunId, Error> {
    let number = ledger.allocate(Counter::Run).map_err(|error| ledger::error(&error))?;
    format!("r-{number}").parse().map_err(|error: belay_domain::id::InvalidName| Error::failed(error.to_string()))
}

/// The next point's name: `rp-0412`.
pub(crate) fn next_point(ledger: &Ledger) -> Result<PointId, Error> {
    let number = ledger.allocate(Counter::Point).map_err(|error| ledger::error(&error))?;
    format!("rp-{number:04}").parse().map_err(|error: belay_domain::id::InvalidName| Error::failed(error.to_string()))
}

/// 128 random bits as lower-case hex.
pub(crate) fn nonce() -> Result<String, Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::failed(format!("the system's randomness: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What a run's operations may carry in what they write: `r-77-5f0c…`. The same however often the run is resumed, and
/// another in each ledger: two of them number their runs alike.
pub(crate) fn key(run: &RunId, nonce: &str) -> String {
    format!("{run}-{nonce}")
}

/// The log as it stands.
pub(crate) fn log_head(ledger: &Ledger, origin: &str) -> Result<LogHead, Error> {
    let head = ledger.head().map_err(|error| ledger::error(&error))?;
    Ok(LogHead { origin: origin.to_owned(), size: head.size, root: head.root })
}
