//! What is left to do when the disk refuses: space that is given up for runs under way, and a note for whoever comes
//! after. Never writes an entry, never decides what may be done without one.

mod failures;
mod reserve;

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use failures::Failures;
pub use failures::{Failure, FailureKind};
pub(crate) use reserve::Reserve;

use crate::error::Error;

/// What a state folder has for bad times.
pub(crate) struct Distress {
    pub(crate) reserve: Reserve,
    pub(crate) failures: Failures,
    /// Whether this process has said already that it refused something: once is enough.
    refused: AtomicBool,
}

type Act = Box<dyn Fn(&Error) + Send + Sync>;

static WHEN_STOPPED: OnceLock<Act> = OnceLock::new();

/// Says what this process does when a write or sync failed so that nobody knows what the disk holds; the first to say so
/// is heard. It is meant to say why and to end the process: the next one reads what is durable. Where nobody said so, the
/// ledger answers everything from then on with [`Error::Poisoned`].
pub fn when_stopped(act: impl Fn(&Error) + Send + Sync + 'static) {
    WHEN_STOPPED.get_or_init(|| Box::new(act));
}

impl Distress {
    /// That of a state folder. Makes what is not there, if there is room.
    pub(crate) fn open(state: &Path) -> Self {
        let (reserve, failures) = (Reserve::of(state), Failures::open(state));
        if let Err(error) = reserve.fill() {
            tracing::warn!(%error, "there is no reserve for a full disk: no run can begin");
        }
        Self { reserve, failures, refused: AtomicBool::new(false) }
    }

    /// The disk is full, and something was refused for it.
    pub(crate) fn refused(&self, error: &Error) {
        if !self.refused.swap(true, Ordering::Relaxed) {
            self.failures.note(FailureKind::Refused, error);
        }
    }

    /// Whether the system says that there is no room: a disk that is full, or a quota that is used up.
    pub(crate) fn is_full(&self) -> bool {
        self.reserve.try_to_write() == Err(Error::DiskFull)
    }

    /// Frees the reserve, once for all processes, so that a run under way can end.
    pub(crate) fn give_up_reserve(&self, error: &Error) {
        if self.reserve.give_up() {
            tracing::warn!("the disk is full; the reserve was given up so that runs under way can end");
            self.failures.note(FailureKind::ReserveGivenUp, error);
        }
    }

    /// Nobody knows what the disk holds. Returns only where nobody said what to do then.
    pub(crate) fn stopped(&self, error: &Error) {
        self.failures.note(FailureKind::Stopped, error);
        if let Some(act) = WHEN_STOPPED.get() {
            act(error);
        }
    }
}
