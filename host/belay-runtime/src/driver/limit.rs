//! The moments at which a run or a step has taken its time. They keep no process: a run that waits for nothing else is
//! left, and has its time again when it is resumed.

use std::time::Duration;

use belay_engine::{Event, Run, WakeId};
use tokio::time::Instant;

use crate::clock;

/// Limits that were set and have not passed.
#[derive(Default)]
pub(super) struct Limits(Vec<(WakeId, Instant)>);

impl Limits {
    /// Sets one. A time that no clock reaches is none.
    pub(super) fn set(&mut self, wake: WakeId, after_ms: u64) {
        self.0.extend(Instant::now().checked_add(Duration::from_millis(after_ms)).map(|at| (wake, at)));
    }

    /// Those that have passed and still mean something to the run.
    pub(super) fn passed(&mut self, run: &Run) -> Vec<Event> {
        let now = Instant::now();
        self.0.retain(|(wake, _)| run.is_limited_by(*wake));
        let passed = self.0.extract_if(.., |(_, at)| *at <= now);
        passed.map(|(wake, _)| Event::Woke { wake, at: clock::now() }).collect()
    }
}
