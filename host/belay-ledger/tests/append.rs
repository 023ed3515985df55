//! What a barrier promises to those who wait for it, and to those who share it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod common;

use std::fs;
use std::sync::mpsc;
use std::thread;

use belay_domain::digest::Digest;
use belay_domain::id::{Epoch, Millis, RunId};
use belay_ledger::{Batch, Blob, Condition, Counter, Draft, Error, Filter, FoundBlob, Object, tree};
use common::{Place, draft};

fn run(text: &str) -> RunId {
    text.parse().unwrap()
}

fn lock(holder: &str, resources: &[&str]) -> Condition {
    Condition::Lock {
        resources: resources.iter().map(|address| ("prod".parse().unwrap(), address.parse().unwrap())).collect(),
        run: run(holder),
        epoch: Epoch::FIRST,
        since: Millis(7),
        who: "ana".to_owned(),
    }
}

fn batch(kind: &str, conditions: Vec<Condition>) -> Batch {
    Batch { drafts: vec![draft(kind, "{}")], conditions }
}

#[test]
fn what_was_recorded_goes_before_the_next_barrier() {
    let place = Place::new();
    let ledger = place.init();
    ledger.record(draft("call", r#"{"n":1}"#)).unwrap();
    ledger.record(draft("call", r#"{"n":2}"#)).unwrap();
    assert_eq!(ledger.size().unwrap(), 0);
    let appended = ledger.append(draft("intent", "{}")).unwrap();
    assert_eq!((appended.seqs, appended.head.size), (2..3, 3));
    let kinds: Vec<_> = ledger.entries(&Filter::default()).unwrap().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, ["call", "call", "intent"]);
    assert_eq!(ledger.head().unwrap(), appended.head);
}

#[test]
fn what_was_recorded_is_written_when_the_last_handle_goes() {
    let place = Place::new();
    place.init().record(draft("call", "{}")).unwrap();
    assert_eq!(place.open().size().unwrap(), 1);
}

#[test]
fn a_refused_batch_leaves_no_trace_and_harms_no_other() {
    let place = Place::new();
    let ledger = place.init();
    ledger.append(batch("permit", vec![lock("r-1", &["flags/a"])])).unwrap();
    ledger.record(draft("call", "{}")).unwrap();
    // The first condition holds; what it changed must go with the second.
    let refused = batch("permit", vec![lock("r-2", &["flags/b", "flags/a"])]);
    let (sender, answers) = mpsc::channel();
    for batch in [refused, batch("permit", vec![lock("r-3", &["flags/b"])])] {
        let sender = sender.clone();
        ledger.append_then(batch, move |result| sender.send(result).unwrap());
    }
    let error = answers.recv().unwrap().unwrap_err();
    let Error::Held(holder) = error else { panic!("{error}") };
    assert_eq!((holder.run, holder.resource.to_string(), holder.since), (run("r-1"), "flags/a".to_owned(), Millis(7)));
    assert_eq!(answers.recv().unwrap().unwrap().seqs, 2..3);
    let holders = ledger.holders().unwrap();
    assert_eq!(holders.iter().map(|holder| holder.run.as_str()).collect::<Vec<_>>(), ["r-1", "r-3"]);
    assert_eq!(ledger.size().unwrap(), 3);
}

#[test]
fn a_run_may_lock_again_what_it_holds_and_frees_all_at_once() {
    let place = Place::new();
    let ledger = place.init();
    ledger.append(batch("permit", vec![lock("r-1", &["flags/a"])])).unwrap();
    ledger.append(batch("permit", vec![lock("r-1", &["flags/a", "flags/b"])])).unwrap();
    assert_eq!(ledger.holders().unwrap().len(), 2);
    ledger.append(batch("confirmed", vec![Condition::Unlock { run: run("r-1") }])).unwrap();
    assert!(ledger.holders().unwrap().is_empty());
}

#[test]
fn only_the_newest_owner_acts() {
    let place = Place::new();
    let ledger = place.init();
    let own = |epoch, expect| Condition::OwnRun { run: run("r-1"), epoch: Epoch(epoch), expect };
    let is = |epoch| Condition::OwnerIs { run: run("r-1"), epoch: Epoch(epoch) };
    let append = |condition| ledger.append(batch("owner", vec![condition])).map(|appended| appended.seqs.start);
    let refused = |expected: Option<u64>, found: Option<u64>| {
        Err(Error::NotOwner { run: run("r-1"), expected: expected.map(Epoch), found: found.map(Epoch) })
    };
    assert_eq!(append(is(1)), refused(Some(1), None));
    assert_eq!(append(own(1, None)), Ok(0));
    assert_eq!(append(own(1, None)), refused(None, Some(1)));
    assert_eq!(append(is(1)), Ok(1));
    assert_eq!(append(own(2, Some(Epoch(1)))), Ok(2));
    assert_eq!(append(is(1)), refused(Some(1), Some(2)));
    assert!(matches!(append(own(2, Some(Epoch(2)))), Err(Error::Invalid(_))));
    assert_eq!(ledger.owner(&run("r-1")), Ok(Some(Epoch(2))));
}

#[test]
fn a_nonce_is_used_once_whoever_asks() {
    let place = Place::new();
    let ledger = place.init();
    let usage = |by: &str| batch("mandate", vec![Condition::UseOnce { nonce: Digest::of(b"package"), run: run(by) }]);
    ledger.append(usage("r-1")).unwrap();
    assert_eq!(ledger.append(usage("r-2")), Err(Error::AlreadyUsed { run: run("r-1") }));
}

#[test]
fn what_builds_on_the_newest_entry_of_a_kind_is_refused_once_another_is_there() {
    let place = Place::new();
    let ledger = place.init();
    let on = |expect| {
        batch("governance.accepted", vec![Condition::Newest { kind: "governance.accepted".to_owned(), expect }])
    };
    let moved = Err(Error::Moved { kind: "governance.accepted".to_owned() });
    let first = ledger.append(on(None)).unwrap().seqs.start;
    assert_eq!(ledger.append(on(None)).map(|appended| appended.seqs.start), moved);
    ledger.append(batch("another", vec![])).unwrap();
    let second = ledger.append(on(Some(first))).unwrap().seqs.start;
    assert_eq!(ledger.append(on(Some(first))).map(|appended| appended.seqs.start), moved);
    assert!(ledger.append(on(Some(second))).is_ok());
}

#[test]
fn blobs_and_objects_of_any_size_come_back_under_their_names() {
    let place = Place::new();
    let ledger = place.init();
    let mut names = Vec::new();
    for size in [0, 1, 256 * 1024, 256 * 1024 + 1, 3 << 20] {
        let (blob, object) = (Blob::seal("input", vec![7; size]).unwrap(), Object::new(vec![8; size]));
        names.push((*blob.commitment(), *object.digest(), size));
        ledger.append(Draft { blobs: vec![blob], objects: vec![object], ..draft("call", "{}") }).unwrap();
    }
    assert_eq!(std::fs::read_dir(place.state().join("blobs")).unwrap().count(), 4);
    for (seq, (commitment, digest, size)) in names.iter().enumerate() {
        let entry = ledger.entry(seq as u64).unwrap().unwrap();
        let Ok(FoundBlob::Present(blob)) = ledger.blob(&entry, commitment) else { panic!("blob {seq}") };
        assert_eq!((blob.name.as_str(), blob.bytes), ("input", vec![7; *size]));
        let another = &names[(seq + 1) % names.len()].0;
        assert!(matches!(ledger.blob(&entry, another), Err(Error::Invalid(_))));
        assert_eq!(ledger.object(digest), Ok(Some(vec![8; *size])));
        assert_eq!((entry.blobs, entry.objects), (vec![*commitment], vec![*digest]));
    }
    assert_eq!(ledger.object(&Digest::of(b"nothing")), Ok(None));
}

#[test]
fn a_draft_that_is_no_entry_is_refused_before_anything_is_written() {
    let place = Place::new();
    let ledger = place.init();
    let large = format!("\"{}\"", "x".repeat(70_000));
    assert!(matches!(ledger.append(draft("plan", &large)), Err(Error::TooLarge { size, .. }) if size > 70_000));
    assert!(matches!(ledger.record(draft("Plan", "{}")), Err(Error::Invalid(_))));
    assert_eq!(ledger.size(), Ok(0));
}

#[test]
fn filters_say_which_entries() {
    let place = Place::new();
    let ledger = place.init();
    for seq in 0..20_u64 {
        let mut draft = draft(if seq % 2 == 0 { "intent" } else { "outcome" }, "{}");
        draft.run = Some(run(if seq < 10 { "r-1" } else { "r-2" }));
        draft.incident = (seq == 4).then(|| "INC-1".parse().unwrap());
        draft.environment = Some(if seq < 15 { "prod" } else { "staging" }.parse().unwrap());
        ledger.append(draft).unwrap();
    }
    let seqs = |filter: Filter| ledger.entries(&filter).unwrap().into_iter().map(|entry| entry.seq).collect::<Vec<_>>();
    let all = Filter::default;
    assert_eq!(seqs(Filter { run: Some(run("r-2")), limit: Some(3), ..all() }), [10, 11, 12]);
    assert_eq!(seqs(Filter { incident: Some("INC-1".parse().unwrap()), ..all() }).len(), 10, "all of r-1");
    assert_eq!(seqs(Filter { incident: Some("INC-2".parse().unwrap()), ..all() }).len(), 0);
    assert_eq!(seqs(Filter { environment: Some("staging".parse().unwrap()), ..all() }), [15, 16, 17, 18, 19]);
    assert_eq!(seqs(Filter { kinds: vec!["outcome".to_owned()], after: Some(13), ..all() }), [15, 17, 19]);
    assert_eq!(seqs(Filter { newest_first: true, before: Some(18), limit: Some(2), ..all() }), [17, 16]);
    let both = || vec!["outcome".to_owned(), "intent".to_owned(), "seal".to_owned()];
    let newest = Filter { kinds: both(), newest_first: true, before: Some(18), limit: Some(3), ..all() };
    assert_eq!(seqs(newest), [17, 16, 15]);
    let of_run = Filter { kinds: both(), run: Some(run("r-2")), after: Some(11), limit: Some(3), ..all() };
    assert_eq!(seqs(of_run), [12, 13, 14]);
    assert_eq!(seqs(Filter { kinds: both(), ..all() }).len(), 20);
}

#[test]
fn threads_and_processes_share_one_sequence() {
    let place = Place::new();
    let ledgers = [place.init(), place.open()];
    thread::scope(|scope| {
        for thread in 0..8_usize {
            let ledger = ledgers[thread % 2].clone();
            scope.spawn(move || {
                for n in 0..40 {
                    let body = format!(r#"{{"n":{n},"thread":{thread}}}"#);
                    let appended = ledger.append(draft("call", &body)).unwrap();
                    let entry = ledger.entry(appended.seqs.start).unwrap().unwrap();
                    assert_eq!(entry.body.canonical(), body);
                }
            });
        }
    });
    let [one, two] = ledgers;
    assert_eq!(one.size(), Ok(320));
    assert_eq!(one.head(), two.head());
    assert_eq!(one.append(draft("call", "{}")).unwrap().head, two.head().unwrap());
}

#[test]
fn numbers_are_given_once_over_all_processes() {
    let place = Place::new();
    let (one, two) = (place.init(), place.open());
    let numbers: Vec<_> = [&one, &two, &one].map(|ledger| ledger.allocate(Counter::Run).unwrap()).into();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(one.allocate(Counter::Point), Ok(1));
    drop((one, two));
    assert_eq!(place.open().allocate(Counter::Run), Ok(4));
}

#[test]
fn proofs_hold_against_signed_heads() {
    let place = Place::new();
    let ledger = place.init();
    let drafts = (0..300).map(|n| draft("call", &n.to_string())).collect();
    let old = ledger.append(Batch { drafts, conditions: Vec::new() }).unwrap().head;
    let new = ledger.append(draft("seal", "{}")).unwrap().head;
    let checkpoint = ledger.checkpoint_now().unwrap();
    assert_eq!(belay_ledger::checkpoint::open(&checkpoint.note, &ledger.verifier()), Ok(new));
    let leaf = tree::leaf(&ledger.entry_bytes(299).unwrap().unwrap());
    let proof = ledger.inclusion_proof(299, new.size).unwrap().unwrap();
    assert_eq!(tree::verify_inclusion(&leaf, 299, &new, &proof), Ok(()));
    let proof = ledger.consistency_proof(old.size, new.size).unwrap().unwrap();
    assert_eq!(tree::verify_consistency(&old, &new, &proof), Ok(()));
    assert_eq!(ledger.inclusion_proof(301, 301), Ok(None));
    assert_eq!(ledger.consistency_proof(1, 302), Ok(None));
}

#[test]
fn a_panicking_answer_does_not_stop_the_writer() {
    let place = Place::new();
    let ledger = place.init();
    ledger.append_then(draft("call", "{}"), |_| panic!("the caller's own mistake"));
    assert_eq!(ledger.append(draft("call", "{}")).unwrap().seqs, 1..2);
}

fn log_file(place: &Place) -> Vec<u8> {
    fs::read(place.state().join("ledger.db-wal")).unwrap()
}

#[test]
fn commits_go_where_the_write_ahead_logs_file_is_already() {
    const LENGTH: usize = 2 << 20;
    let place = Place::new();
    let ledger = place.init();
    assert_eq!(log_file(&place), vec![0; LENGTH]);
    ledger.append(draft("call", "1")).unwrap();
    let held = log_file(&place);
    assert!(held.len() == LENGTH && held.starts_with(&[0x37, 0x7f, 0x06]), "a frame is within it");
    // More than is left to the next process: the log begins anew, and its file is as long as before.
    let blobs = (0..40).map(|_| Blob::seal("part", vec![7; 40 << 10]).unwrap()).collect();
    ledger.append(Draft { blobs, ..draft("call", "2") }).unwrap();
    drop(ledger);
    assert_eq!(log_file(&place), vec![0; LENGTH]);
    let ledger = place.open();
    ledger.append(draft("call", "3")).unwrap();
    assert_eq!(ledger.size().unwrap(), 3);
}
