//! The states that a flag had.

use belay_sdk::{Fault, Reference, Reverter as _, json};
use unleash_flag::UnleashFlag;

use crate::recorded::{at, flag, locate, observe, pin};

#[test]
fn the_history_tells_each_state_and_each_can_be_found() {
    let reads = at("off");
    let past = UnleashFlag::history(&reads, &flag(), 20).unwrap();
    let told: Vec<&str> = past.iter().map(|past| past.summary.split(',').next().unwrap()).collect();
    assert_eq!(told, ["off", "on", "on", "on", "on", "off", "off"]);
    let released = past.iter().find(|past| past.summary.starts_with("on, 2 strategies")).unwrap();
    assert!(past.first().unwrap().at > released.at);

    // Its strategies in another order are the state before the one that was released with; both had the segment that the
    // event of the removal doesn't name.
    let earliest = past.iter().rfind(|past| past.summary.starts_with("on")).unwrap();
    let found = locate(&reads, Reference::Version(earliest.version.clone())).unwrap();
    assert!(json::same(&found.state.content, &pin("released").state.content), "{}", found.state.content);
    let moment = locate(&reads, Reference::At(earliest.at.unwrap())).unwrap();
    assert_eq!(moment.state, found.state);
    assert_eq!(locate(&reads, Reference::At(u64::MAX)).unwrap().state, observe(&reads));
}

#[test]
fn what_the_events_do_not_reach_is_not_there() {
    let reads = at("off");
    assert!(matches!(locate(&reads, Reference::At(1_000)), Err(Fault::Missing(_))));
    assert!(matches!(locate(&reads, Reference::Version("e999".to_owned())), Err(Fault::Missing(_))));
    assert!(matches!(locate(&reads, Reference::Version("v2".to_owned())), Err(Fault::Invalid(_))));
    assert!(matches!(locate(&at("archived"), Reference::At(u64::MAX)), Err(Fault::Missing(_))));
}

#[test]
fn whoever_touches_a_flag_moves_its_revision() {
    let revisions: Vec<String> =
        ["bare", "released", "everybody", "off"].iter().map(|moment| observe(&at(moment)).revision).collect();
    let mut different = revisions.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), revisions.len());
    let labels: Vec<String> =
        ["bare", "released", "everybody", "off"].iter().map(|moment| observe(&at(moment)).version).collect();
    assert_eq!(labels, ["off", "on, 2 strategies", "on, 100 %", "off"]);
}
