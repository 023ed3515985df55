//! A process ends and leaves a long write-ahead log: it moves what is there into the database first.

use std::path::Path;

use belay_ledger::Filter;

use crate::common::{Place, draft};
use crate::story::{Heard, Story, begin, goes_on};

pub(crate) const STORY: Story = Story { test: "a_fault_when_the_log_is_closed_loses_nothing", prepare, act, check };

/// Each commit writes the same few pages again: together they pass what a process may leave in the write-ahead log.
const ENTRIES: u64 = 128;

fn prepare(place: &Place) {
    let ledger = place.init();
    for n in 0..ENTRIES {
        ledger.append(draft("call", &n.to_string())).unwrap();
    }
    ledger.publish().unwrap();
    // As a process that was killed leaves it.
    std::mem::forget(ledger);
}

fn act(place: &Path) {
    drop(begin(place));
}

fn check(place: &Place, _: &Heard) {
    let ledger = place.open();
    let of_kind = Filter { kinds: vec!["call".to_owned()], ..Filter::default() };
    let stored = ledger.entries(&of_kind).unwrap();
    let bodies: Vec<_> = stored.iter().map(|entry| entry.body.canonical()).collect();
    assert_eq!(bodies, (0..ENTRIES).map(|n| n.to_string()).collect::<Vec<_>>());
    goes_on(place, &ledger);
}
