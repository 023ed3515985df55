//! What is taken away is gone for everybody, what stays stays readable, and only authority takes anything away.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod common;

use std::fs;
use std::path::Path;

use belay_domain::digest::Commitment;
use belay_ledger::verify::{Blobs, verify, verify_blobs};
use belay_ledger::{Batch, Blob, Condition, Draft, Error, FoundBlob, Ledger, OnHold, Scope};
use common::{Place, draft};
use serde_json::json;

const LARGE: usize = 300_000;

/// Entries of two runs and of none; each has a small and a large blob.
fn filled() -> (Place, Ledger, Vec<[Commitment; 2]>) {
    let place = Place::new();
    let ledger = place.init();
    let mut blobs = Vec::new();
    for (n, run) in [Some("r-1"), Some("r-1"), Some("r-2"), None].into_iter().enumerate() {
        let small = Blob::seal("input", format!("somebody's data {n}")).unwrap();
        let large = Blob::seal("read 0 body", vec![u8::try_from(n).unwrap(); LARGE]).unwrap();
        blobs.push([*small.commitment(), *large.commitment()]);
        let run = run.map(|run| run.parse().unwrap());
        ledger.append(Draft { run, blobs: vec![small, large], ..draft("plugin.call", "{}") }).unwrap();
    }
    (place, ledger, blobs)
}

fn state(ledger: &Ledger, seq: u64, commitment: &Commitment) -> FoundBlob {
    let entry = ledger.entry(seq).unwrap().unwrap();
    ledger.blob(&entry, commitment).unwrap()
}

fn is_there(ledger: &Ledger, seq: u64, commitment: &Commitment) -> bool {
    matches!(state(ledger, seq, commitment), FoundBlob::Present(_))
}

/// Asks for some blobs of an entry and approves it; gives the redaction's number. Destroys nothing yet.
fn redact(ledger: &Ledger, seq: u64, blobs: &[(usize, Commitment)]) -> Result<u64, Error> {
    let named: Vec<_> = blobs.iter().map(|(_, blob)| json!({ "commitment": blob, "name": "input" })).collect();
    let body = json!({ "entry": seq, "blobs": named, "authority": "GDPR 17", "person": "ana" });
    let asked = ledger.append(draft("redaction.asked", &body.to_string())).unwrap().seqs.start;
    let mut body = body;
    (body["asked"], body["asked_by"], body["person"]) = (json!(asked), json!("ana"), json!("bo"));
    let condition = Condition::Redact { seq, blobs: blobs.iter().map(|(n, _)| *n).collect() };
    let batch = Batch { drafts: vec![draft("redaction", &body.to_string())], conditions: vec![condition] };
    ledger.append(batch).map(|appended| appended.seqs.start)
}

/// Every byte under a folder.
fn bytes_under(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { all.extend(bytes_under(&entry)) } else { all.extend(fs::read(entry).unwrap()) }
    }
    all
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The place of a key in the file of keys, and the key.
fn keys(place: &Place) -> Vec<Vec<u8>> {
    let file = fs::read(place.key().with_added_extension("blobs")).unwrap();
    file.chunks(40).map(|record| record[..32].to_vec()).collect()
}

#[test]
fn nothing_of_a_blob_is_readable_in_the_state_folder() {
    let (place, ledger, _) = filled();
    drop(ledger);
    let bytes = bytes_under(&place.state());
    assert!(!holds(&bytes, b"somebody's data") && !holds(&bytes, &[2; 64]) && !holds(&bytes, b"read 0 body"));
    // Neither are the keys.
    assert!(keys(&place).iter().all(|key| !holds(&bytes, key)));
}

#[test]
fn a_redacted_blob_is_gone_its_key_with_it_and_the_others_stay() {
    let (place, ledger, blobs) = filled();
    let (before, copy) = (keys(&place), tempfile::tempdir().unwrap());
    fs::copy(place.state().join("ledger.db"), copy.path().join("ledger.db")).unwrap();
    let by = redact(&ledger, 1, &[(0, blobs[1][0]), (1, blobs[1][1])]).unwrap();
    assert_eq!(state(&ledger, 1, &blobs[1][0]), FoundBlob::Redacted { by });
    assert_eq!(ledger.finish_redactions(), Ok(1));
    assert_eq!(ledger.finish_redactions(), Ok(0));
    for (seq, [small, large]) in blobs.iter().enumerate() {
        let there = seq != 1;
        assert_eq!((is_there(&ledger, seq as u64, small), is_there(&ledger, seq as u64, large)), (there, there));
    }
    assert_eq!(state(&ledger, 1, &blobs[1][1]), FoundBlob::Redacted { by });
    let after = keys(&place);
    let destroyed: Vec<_> = (0..before.len()).filter(|n| before[*n] != after[*n]).collect();
    assert_eq!((destroyed, &after[0]), (vec![0], &vec![0; 32]), "the key of r-1, which came first");
    assert_eq!(fs::read_dir(place.state().join("blobs")).unwrap().count(), 3);
    // The run goes on under its new key.
    let late = Blob::seal("late", *b"late").unwrap();
    let commitment = *late.commitment();
    let late = Draft { run: Some("r-1".parse().unwrap()), blobs: vec![late], ..draft("review.closed", "{}") };
    let seq = ledger.append(late).unwrap().seqs.start;
    assert!(is_there(&ledger, seq, &commitment));
    let report = verify_blobs(&place.state(), None, &place.key());
    assert_eq!(report.findings, []);
    assert_eq!(report.blobs, Blobs { present: 7, redacted: 2, missing: 0, unread: 0 });
    assert_eq!(verify(&place.state(), None).blobs, Blobs { present: 0, redacted: 2, missing: 0, unread: 7 });
    drop(ledger);
    assert!(is_there(&place.open(), 0, &blobs[0][0]));
}

#[test]
fn what_a_crash_left_is_finished_by_whoever_opens_the_ledger_next() {
    let (place, ledger, blobs) = filled();
    let by = redact(&ledger, 0, &[(1, blobs[0][1])]).unwrap();
    let other = place.state().with_file_name("other");
    drop(ledger);
    let ledger = place.open();
    assert_eq!(state(&ledger, 0, &blobs[0][1]), FoundBlob::Redacted { by });
    assert_eq!(keys(&place)[0], vec![0; 32]);
    assert!(is_there(&ledger, 0, &blobs[0][0]) && is_there(&ledger, 1, &blobs[1][1]));
    assert!(!other.exists());
}

#[test]
fn two_processes_see_one_redaction() {
    let (place, ledger, blobs) = filled();
    let other = place.open();
    assert!(is_there(&other, 0, &blobs[0][0]));
    redact(&ledger, 0, &[(0, blobs[0][0])]).unwrap();
    ledger.finish_redactions().unwrap();
    assert!(matches!(state(&other, 0, &blobs[0][0]), FoundBlob::Redacted { .. }));
    assert!(is_there(&other, 1, &blobs[1][0]));
    // The other process still has the old key in mind; what it appends must not be lost with it.
    let blob = Blob::seal("x", *b"x").unwrap();
    let commitment = *blob.commitment();
    let draft = Draft { run: Some("r-1".parse().unwrap()), blobs: vec![blob], ..draft("plugin.call", "{}") };
    let seq = other.append(draft).unwrap().seqs.start;
    assert!(is_there(&ledger, seq, &commitment));
    assert_eq!(verify_blobs(&place.state(), None, &place.key()).blobs.missing, 0);
}

#[test]
fn whole_scopes_go_but_for_what_is_kept() {
    let (place, ledger, blobs) = filled();
    let kept = Blob::seal("signature", *b"signed").unwrap();
    let signature = *kept.commitment();
    let approval = Draft { run: Some("r-1".parse().unwrap()), blobs: vec![kept], ..draft("approval", "{}") };
    let approval = ledger.append(approval).unwrap().seqs.start;
    let scopes = vec![Scope::Run("r-1".parse().unwrap()), Scope::Month("2023-11".to_owned())];
    let condition = Condition::Retain { scopes, kept: vec!["approval".to_owned()] };
    let body = json!({ "runs": ["r-1"], "months": ["2023-11"], "kept": ["approval"] });
    let drafts = vec![draft("retention.applied", &body.to_string())];
    let by = ledger.append(Batch { drafts, conditions: vec![condition] }).unwrap().seqs.start;
    assert_eq!(ledger.finish_redactions(), Ok(2));
    for seq in [0, 1, 3] {
        assert_eq!(state(&ledger, seq, &blobs[usize::try_from(seq).unwrap()][0]), FoundBlob::Redacted { by });
    }
    assert!(is_there(&ledger, 2, &blobs[2][1]) && is_there(&ledger, approval, &signature));
    let report = verify_blobs(&place.state(), None, &place.key());
    assert_eq!((report.findings, report.blobs), (vec![], Blobs { present: 3, redacted: 6, missing: 0, unread: 0 }));
}

#[test]
fn a_hold_refuses_until_it_is_lifted() {
    for what in [OnHold::Everything, OnHold::Run("r-1".parse().unwrap()), OnHold::Incident("INC-1".parse().unwrap())] {
        let (_place, ledger, blobs) = filled();
        let late = Draft {
            run: Some("r-1".parse().unwrap()),
            incident: Some("INC-1".parse().unwrap()),
            ..draft("incident.attached", "{}")
        };
        ledger.append(late).unwrap();
        let batch = Batch { drafts: vec![draft("hold.set", "{}")], conditions: vec![Condition::Hold(what.clone())] };
        let hold = ledger.append(batch).unwrap().seqs.start;
        assert_eq!((ledger.holds(), ledger.held_by(0)), (Ok(vec![hold]), Ok(Some(hold))));
        assert_eq!(redact(&ledger, 0, &[(0, blobs[0][0])]), Err(Error::OnHold { seq: 0, hold }));
        let retain = Condition::Retain { scopes: vec![Scope::Run("r-1".parse().unwrap())], kept: vec![] };
        let batch = Batch { drafts: vec![draft("retention.applied", "{}")], conditions: vec![retain] };
        assert_eq!(ledger.append(batch), Err(Error::OnHold { seq: 0, hold }));
        assert!(is_there(&ledger, 0, &blobs[0][0]));
        assert_eq!(redact(&ledger, 2, &[(0, blobs[2][0])]).is_ok(), what != OnHold::Everything);
        let lift = || Batch { drafts: vec![draft("hold.lifted", "{}")], conditions: vec![Condition::Lift(hold)] };
        ledger.append(lift()).unwrap();
        assert_eq!(ledger.append(lift()), Err(Error::NoHold(hold)));
        assert!(redact(&ledger, 0, &[(0, blobs[0][0])]).is_ok());
    }
}

#[test]
fn what_no_entry_took_away_is_missing_however_it_went() {
    for (change, problem) in [
        ("DELETE FROM blob WHERE id = 0", "the database does not have it"),
        ("UPDATE blob SET bytes = zeroblob(60) WHERE id = 0", "its bytes do not fit"),
        ("UPDATE blob SET key = 60 WHERE id = 0", "its bytes do not fit"),
        ("UPDATE blob SET key = 9000 WHERE id = 0", "its key, number 9000, is lost"),
        // A row alone is no authority, whichever entry it names.
        ("INSERT INTO redacted VALUES (0, 2); DELETE FROM blob WHERE id = 0", "the database does not have it"),
    ] {
        let (place, ledger, blobs) = filled();
        let database = rusqlite::Connection::open(place.state().join("ledger.db")).unwrap();
        database.execute_batch(change).unwrap();
        let FoundBlob::Missing { problem: found } = state(&ledger, 0, &blobs[0][0]) else { panic!("{change}") };
        assert!(found.contains(problem), "{change}: {found}");
        let report = verify_blobs(&place.state(), None, &place.key());
        assert_eq!((report.blobs.missing, report.blobs.redacted), (1, 0), "{change}");
        assert!(report.findings[0].to_string().contains("no entry took it away; entry 0 names it"), "{report:?}");
    }
}

#[test]
fn a_redaction_by_one_person_alone_takes_nothing_away() {
    let (place, ledger, blobs) = filled();
    let body = json!({
        "asked": 0, "entry": 0, "blobs": [{ "commitment": blobs[0][0], "name": "input" }], "authority": "mine",
        "asked_by": "ana", "person": "ana",
    });
    ledger.append(draft("redaction", &body.to_string())).unwrap();
    let database = rusqlite::Connection::open(place.state().join("ledger.db")).unwrap();
    database.execute_batch("INSERT INTO redacted VALUES (0, 4); DELETE FROM blob WHERE id = 0").unwrap();
    assert!(matches!(state(&ledger, 0, &blobs[0][0]), FoundBlob::Missing { .. }));
    let report = verify_blobs(&place.state(), None, &place.key());
    let found: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    assert!(found.iter().any(|line| line.starts_with("entry 4: nobody asked")), "{found:?}");
    assert_eq!(report.blobs.missing, 1);
}
