//! The ledger's errors as a responder reads them.

use belay_ledger::{Appended, Batch, Ledger};

use crate::api::Error;

/// Says what a failure of the ledger means for whoever asked.
pub(crate) fn error(error: &belay_ledger::Error) -> Error {
    Error::failed(format!("the ledger: {error}"))
}

/// Appends durably, without blocking the thread.
pub(crate) async fn append(ledger: &Ledger, batch: Batch) -> Result<Appended, belay_ledger::Error> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    ledger.append_then(batch, move |result| {
        // Whoever asked may be gone; the entries are there all the same.
        let _ = sender.send(result);
    });
    receiver.await.unwrap_or_else(|_| Err(belay_ledger::Error::Closed))
}
