//! Clocks that step back, as entries tell it. Not damage: the sequence orders, and a clock is set by people.

use belay_domain::id::Millis;

use crate::entry::Entry;

/// Entries of several processes may be out of order by what they took to be written; less than this says nothing, in
/// milliseconds.
const TOLERATED: u64 = 10_000;
/// Steps beyond so many are not listed.
const MAX_STEPS: usize = 100;

/// An entry whose time lies well before that of one before it, in the same boot of the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockStep {
    /// The entry.
    pub entry: u64,
    /// By how much its time lies before the latest one until then, in milliseconds.
    pub back_ms: u64,
}

/// Follows the times of entries in their order.
#[derive(Default)]
pub(super) struct Clocks {
    boot: Option<String>,
    latest: Option<Millis>,
    pub(super) steps: Vec<ClockStep>,
}

impl Clocks {
    pub(super) fn read(&mut self, entry: &Entry) {
        if entry.boot != self.boot {
            self.boot.clone_from(&entry.boot);
            self.latest = None;
        }
        let back_ms = self.latest.map_or(0, |latest| latest.0.saturating_sub(entry.at.0));
        if back_ms > TOLERATED {
            if self.steps.len() < MAX_STEPS {
                self.steps.push(ClockStep { entry: entry.seq, back_ms });
            }
            // One step is one step: what follows is held against the clock as it was set.
            self.latest = Some(entry.at);
        } else {
            self.latest = self.latest.max(Some(entry.at));
        }
    }
}
