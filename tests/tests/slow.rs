//! A system that takes long to answer is put back as any other.

use std::time::Duration;

use belay_tests::lab::shelf::Shelf;
use serde_json::json;

/// Longer than an operation may wait between its intent and its write.
const LONG: Duration = Duration::from_secs(11);

#[test]
fn a_look_that_takes_longer_than_a_write_may_wait_holds_nothing_up() {
    let (shelf, desk) = Shelf::released();
    // The look before the mandate, then the one under the locks.
    shelf.takes([Duration::ZERO, LONG]);
    desk.belay("run weights-back ranking --to latest-good").ends(0);
    assert_eq!(shelf.get(), json!({ "clicks": 3 }));
    desk.is_sound();
}

#[test]
fn who_waits_for_a_look_is_told_so() {
    let (shelf, desk) = Shelf::released();
    let waits = "still looking at the systems: nothing is written yet";
    for words in ["plan weights-back ranking --to latest-good", "run weights-back ranking --to latest-good"] {
        shelf.takes([Duration::from_secs(3)]);
        desk.belay(words).ends(0).says(waits);
    }
    shelf.takes([Duration::from_secs(3)]);
    let told = desk.belay("undo r-1 --plan --json").ends(0).err.clone();
    assert!(!told.contains(waits), "{told}");
}
