//! One append, of an entry with small and large blobs, and the seal that publishes it. It is the 256th entry: tiles become
//! full, and partial ones go.

use std::collections::BTreeSet;
use std::path::Path;

use belay_ledger::{Batch, Blob, Draft, Filter, Object};

use crate::common::{Place, draft};
use crate::story::{Heard, Story, answered, begin, goes_on};

pub(crate) const STORY: Story =
    Story { test: "a_fault_in_an_append_and_a_seal_loses_nothing_and_makes_nothing_up", prepare, act, check };

const BEFORE: usize = 255;
/// Too large to lie in the database.
const LARGE: usize = 300_000;

fn prepare(place: &Place) {
    let ledger = place.init();
    let drafts = (0..BEFORE).map(|_| draft("before", "{}")).collect();
    ledger.append(Batch { drafts, conditions: Vec::new() }).unwrap();
    ledger.publish().unwrap();
}

fn act(place: &Path) {
    let ledger = begin(place);
    let blobs = vec![Blob::seal("small", *b"small").unwrap(), Blob::seal("large", vec![7; LARGE]).unwrap()];
    let draft = Draft { blobs, objects: vec![Object::new(vec![8; LARGE])], ..draft("call", "1") };
    answered("1", ledger.append(draft));
    answered("published", ledger.publish());
}

fn check(place: &Place, heard: &Heard) {
    let ledger = place.open();
    let of_child = Filter { kinds: vec!["call".to_owned()], ..Filter::default() };
    let stored: Vec<_> = ledger.entries(&of_child).unwrap().iter().map(|entry| entry.body.canonical()).collect();
    let once: BTreeSet<_> = stored.iter().cloned().collect();
    assert_eq!(stored.len(), once.len(), "twice");
    assert!(once.iter().all(|body| body == "1"), "made up: {once:?}");
    if heard.durable.contains("1") {
        assert_eq!(once.len(), 1, "acknowledged, and not there");
    }
    assert!(once.is_disjoint(&heard.refused), "refused, and there: {once:?}");
    assert_eq!(ledger.size().unwrap(), (BEFORE + once.len()) as u64, "and the log's beginning, and nothing else");
    goes_on(place, &ledger);
}
