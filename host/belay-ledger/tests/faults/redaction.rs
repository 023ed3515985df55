//! A redaction: its entry, what stays under another key, the old key destroyed.

use std::fs;
use std::path::Path;

use belay_domain::digest::Commitment;
use belay_ledger::{Batch, Blob, Condition, Draft, Filter, FoundBlob, Ledger};
use serde_json::json;

use crate::common::{Place, draft};
use crate::story::{Heard, Story, answered, begin, goes_on};

pub(crate) const STORY: Story =
    Story { test: "a_fault_in_a_redaction_leaves_it_whole_or_not_begun", prepare, act, check };

const LARGE: usize = 300_000;
/// The entry of which a blob is to go, and the one that asks for it.
const ENTRY: u64 = 1;
const ASKED: u64 = 3;

fn prepare(place: &Place) {
    let ledger = place.init();
    for (n, run) in [(0_u8, "r-1"), (1, "r-1"), (2, "r-2")] {
        let small = Blob::seal("small", vec![n; 100]).unwrap();
        let large = (run == "r-1").then(|| Blob::seal("large", vec![n; LARGE]).unwrap());
        let blobs = [small].into_iter().chain(large).collect();
        let run = Some(run.parse().unwrap());
        ledger.append(Draft { run, blobs, ..draft("plugin.call", "{}") }).unwrap();
    }
    let asked = json!({ "entry": ENTRY, "blobs": named(&ledger), "authority": "GDPR 17", "person": "ana" });
    assert_eq!(ledger.append(draft("redaction.asked", &asked.to_string())).unwrap().seqs.start, ASKED);
    ledger.publish().unwrap();
    fs::copy(key_file(place), key_file(place).with_extension("before")).unwrap();
}

fn key_file(place: &Place) -> std::path::PathBuf {
    place.key().with_added_extension("blobs")
}

fn blobs(ledger: &Ledger, seq: u64) -> Vec<Commitment> {
    ledger.entry(seq).unwrap().unwrap().blobs
}

/// The small one stays, under another key.
fn named(ledger: &Ledger) -> serde_json::Value {
    json!([{ "commitment": blobs(ledger, ENTRY)[1], "name": "large" }])
}

fn redact(ledger: &Ledger) -> Result<(), belay_ledger::Error> {
    let body = json!({
        "entry": ENTRY, "blobs": named(ledger), "authority": "GDPR 17",
        "asked": ASKED, "asked_by": "ana", "person": "bo",
    });
    let condition = Condition::Redact { seq: ENTRY, blobs: vec![1] };
    let batch = Batch { drafts: vec![draft("redaction", &body.to_string())], conditions: vec![condition] };
    ledger.append(batch).map(|_| ())
}

fn act(place: &Path) {
    let ledger = begin(place);
    if answered("redaction", redact(&ledger)).is_some() {
        answered("finished", ledger.finish_redactions());
    }
    answered("published", ledger.publish());
}

fn check(place: &Place, heard: &Heard) {
    let ledger = place.open();
    let redactions = Filter { kinds: vec!["redaction".to_owned()], ..Filter::default() };
    let entries = ledger.entries(&redactions).unwrap();
    let begun = entries.len() == 1;
    assert!(entries.len() <= 1, "twice");
    assert!(begun || !heard.durable.contains("redaction"), "acknowledged, and not there");
    assert!(!begun || !heard.refused.contains("redaction"), "refused, and there");
    is_whole(place, &ledger, begun);
    if !begun {
        redact(&ledger).unwrap();
        ledger.finish_redactions().unwrap();
        is_whole(place, &ledger, true);
    }
    goes_on(place, &ledger);
}

/// A redacted blob's key is gone; all else is readable. One that was not redacted is readable, too.
fn is_whole(place: &Place, ledger: &Ledger, redacted: bool) {
    for seq in 0..ASKED {
        let entry = ledger.entry(seq).unwrap().unwrap();
        for (n, commitment) in entry.blobs.iter().enumerate() {
            let goes = redacted && seq == ENTRY && n == 1;
            match ledger.blob(&entry, commitment).unwrap() {
                FoundBlob::Present(blob) => assert!(!goes && blob.bytes.iter().all(|byte| u64::from(*byte) == seq)),
                FoundBlob::Redacted { .. } => assert!(goes, "entry {seq}, blob {n}"),
                FoundBlob::Missing { problem } => panic!("entry {seq}, blob {n}: {problem}"),
            }
        }
    }
    let (before, now) =
        (fs::read(key_file(place).with_extension("before")).unwrap(), fs::read(key_file(place)).unwrap());
    let key_of_the_run = &before[..32];
    let is_there = now.windows(32).any(|window| window == key_of_the_run);
    assert_eq!(is_there, !redacted, "the key that opened what is redacted");
}
