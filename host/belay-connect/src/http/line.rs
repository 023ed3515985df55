//! The way to one system: dialling, connections that wait, pace. Never sends a request twice over new connections.

use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};

use super::dial::{Dialer, Sender};
use super::failed::Failed;
use super::pace::Pace;
use super::pool::Pool;
use super::tls;
use crate::spec::Rate;

/// The way to one system.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) dialer: Dialer,
    pool: Pool,
    pace: Pace,
}

impl Line {
    pub(crate) fn new(dialer: Dialer, rate: Option<Rate>) -> Self {
        Self { dialer, pool: Pool::default(), pace: Pace::new(rate) }
    }

    /// Sends a read, when it is its turn, over a connection that waits if there is one. That may have gone stale, so a
    /// read that fails there is sent once more over a new one; it changes nothing.
    /// Also says when it was sent.
    pub(crate) async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        patience: Duration,
    ) -> Result<(Response<Incoming>, Sender, Instant), Failed> {
        self.pace.turn(patience).await.map_err(Failed::denied)?;
        let sent = Instant::now();
        if let Some(mut sender) = self.pool.take()
            && sender.ready().await.is_ok()
            && let Ok(answer) = sender.send_request(request.clone()).await
        {
            return Ok((answer, sender, sent));
        }
        let mut sender = self.dialer.dial().await?;
        let sent = Instant::now();
        match sender.send_request(request).await {
            Ok(answer) => Ok((answer, sender, sent)),
            Err(error) => Err(match tls::refused_certificate(&error) {
                Some(refusal) => Failed::denied(format!("{}: {refusal}", self.dialer.base.authority)),
                None => Failed::passing(format!("no answer: {error}")),
            }),
        }
    }

    /// A connection of its own for a write, when it is its turn.
    pub(crate) async fn dial_alone(&self, patience: Duration) -> Result<Sender, Failed> {
        self.pace.turn(patience).await.map_err(Failed::denied)?;
        self.dialer.dial().await
    }

    /// Keeps a connection whose answer was read to its end.
    pub(crate) fn keep(&self, sender: Sender) {
        self.pool.put(sender);
    }
}
