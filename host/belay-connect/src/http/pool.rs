//! Connections that wait for the next read. Writes never use one: on a stale connection nobody can tell whether a
//! request was seen.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::dial::Sender;

/// How many wait at most.
const MOST: usize = 4;
/// How long one waits at most: a name may lead elsewhere by then.
const KEPT: Duration = Duration::from_secs(30);

/// Idle connections to one system.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<(Instant, Sender)>>);

impl Pool {
    /// One that was still open a moment ago; it may still be finishing the answer before.
    pub(super) fn take(&self) -> Option<Sender> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((since, sender)) = idle.pop() {
            if since.elapsed() < KEPT && !sender.is_closed() {
                return Some(sender);
            }
        }
        None
    }

    /// Keeps one whose answer was read to its end.
    pub(super) fn put(&self, sender: Sender) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(since, sender)| since.elapsed() < KEPT && !sender.is_closed());
        if !sender.is_closed() && idle.len() < MOST {
            idle.push((Instant::now(), sender));
        }
    }
}
