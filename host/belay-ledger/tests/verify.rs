//! Damage of any kind is noticed, and it is said where.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use belay_ledger::verify::{Report, verify, verify_blobs};
use belay_ledger::{Batch, Blob, Draft, Ledger, Object};
use common::{Place, draft};

const SIZE: u64 = 600;

/// 600 published entries: two full groups and a partial one. The last three are unpublished.
fn ledger() -> (Place, Ledger) {
    let place = Place::new();
    let ledger = place.init();
    let mut drafts: Vec<Draft> = (0..SIZE - 2).map(|n| draft("call", &format!(r#"{{"n":{n}}}"#))).collect();
    drafts.push(draft("intent", "{}"));
    drafts.push(draft("outcome", &format!(r#"{{"intent":{}}}"#, SIZE - 2)));
    drafts[5].blobs.push(Blob::seal("input", *b"somebody's data").unwrap());
    drafts[6].objects.push(Object::new(vec![1; 300_000]));
    ledger.append(Batch { drafts, conditions: Vec::new() }).unwrap();
    ledger.publish().unwrap();
    (place, ledger)
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn lines(report: &Report) -> Vec<String> {
    report.findings.iter().map(ToString::to_string).collect()
}

fn sql(place: &Place, sql: &str) {
    rusqlite::Connection::open(place.state().join("ledger.db")).unwrap().execute(sql, []).unwrap();
}

#[test]
fn a_sound_ledger_verifies_with_and_without_its_database() {
    let (place, ledger) = ledger();
    let intent = ledger.append(draft("intent", "{}")).unwrap().seqs.start;
    let report = verify(&place.state(), Some(&ledger.verifier()));
    assert_eq!(lines(&report), [""; 0]);
    assert_eq!((report.entries, report.proven, report.open_intents), (SIZE + 1, SIZE, vec![intent]));
    let report = verify(&ledger.log_folder(), None);
    assert_eq!(lines(&report), [""; 0]);
    assert_eq!((report.entries, report.proven, report.open_intents), (SIZE, SIZE, vec![]));
    assert_eq!(report.checkpoint.unwrap().size, SIZE);
}

#[test]
fn an_empty_ledger_verifies() {
    let place = Place::new();
    drop(place.init());
    let report = verify(&place.state(), None);
    assert!(report.is_intact(), "{:?}", lines(&report));
}

#[test]
fn publishing_goes_on_where_it_stopped_and_replaces_partial_tiles() {
    let (place, ledger) = ledger();
    let files = |path: &str| ledger.log_folder().join(path).exists();
    assert!(files("tile/0/002.p/88") && files("tile/entries/002.p/88") && files("tile/1/000.p/2") && !files("tile/2"));
    let before = fs::metadata(ledger.log_folder().join("tile/0/001")).unwrap().modified().unwrap();
    let drafts = (0..200).map(|_| draft("call", "{}")).collect();
    ledger.append(Batch { drafts, conditions: Vec::new() }).unwrap();
    assert_eq!(ledger.publish(), ledger.head());
    assert_eq!(ledger.publish(), ledger.head());
    assert!(files("tile/0/002") && !files("tile/0/002.p") && files("tile/0/003.p/32") && files("tile/1/000.p/3"));
    assert_eq!(fs::metadata(ledger.log_folder().join("tile/0/001")).unwrap().modified().unwrap(), before);
    assert!(verify(&place.state(), None).is_intact());
}

#[test]
fn a_changed_byte_is_named_wherever_it_is() {
    let (place, ledger) = ledger();
    let log = ledger.log_folder();
    for (file, at, expected) in [
        ("tile/entries/001", 2, "log/tile/entries/001 bytes 2 to "),
        ("tile/entries/002.p/88", 40, "log/tile/entries/002.p/88 bytes 2 to "),
        ("tile/0/001", 33, "log/tile/0/001 bytes 32 to 64: not what was signed as entry 257"),
        ("tile/0/002.p/88", 0, "log/tile/0/002.p/88 bytes 0 to 32: not what was signed as entry 512"),
        ("tile/1/000.p/2", 63, "log/tile/1/000.p/2 bytes 32 to 64: not the hash of level 1 that was signed"),
        ("checkpoint", 0, "log/checkpoint: the signature of shop-ml does not fit the text"),
        ("checkpoint", 12, "log/checkpoint: the signature of shop-ml does not fit the text"),
        ("ledger.vkey", 12, "log/ledger.vkey: "),
    ] {
        let path = log.join(file);
        flip(&path, at);
        let found = lines(&verify(&place.state(), None));
        assert!(found.iter().any(|line| line.starts_with(expected)), "{file}: {found:?}");
        assert!(found.iter().all(|line| line.contains(file) || line.contains("checkpoint")), "{file}: {found:?}");
        assert!(!verify(&log, None).is_intact(), "{file}");
        flip(&path, at);
    }
    assert!(verify(&place.state(), None).is_intact());
}

#[test]
fn a_changed_entry_in_the_database_is_named_and_bounds_what_is_proven() {
    let (place, ledger) = ledger();
    sql(&place, "UPDATE entry SET bytes = CAST(replace(bytes, '\"n\":300', '\"n\":301') AS BLOB) WHERE seq = 300");
    let report = verify(&place.state(), None);
    let found = lines(&report);
    assert!(found.contains(&"entry 300 in the database: not what was signed as entry 300".to_owned()), "{found:?}");
    assert_eq!(report.proven, 300);
    assert_eq!(verify(&ledger.log_folder(), None).proven, SIZE);
}

#[test]
fn damage_in_several_sources_at_once_is_told_apart() {
    let (place, ledger) = ledger();
    flip(&ledger.log_folder().join("tile/entries/000"), 10);
    flip(&ledger.log_folder().join("tile/0/001"), 10);
    let found = lines(&verify(&ledger.log_folder(), None));
    assert_eq!(found.len(), 2, "{found:?}");
    sql(&place, "DELETE FROM entry WHERE seq = 520");
    let report = verify(&place.state(), None);
    let found = lines(&report);
    assert!(found.contains(&"entry 520 in the database: missing".to_owned()), "{found:?}");
    assert_eq!(report.proven, 520);
}

#[test]
fn dropped_rows_columns_and_named_bytes_are_noticed() {
    for (change, expected) in [
        ("DELETE FROM entry WHERE seq >= 599", "the database: 599 entries, but 600 were published"),
        ("UPDATE entry SET kind = 'seal' WHERE seq = 4", "entry 4 in the database: its columns"),
        ("UPDATE subtree SET hash = zeroblob(32) WHERE n = 1", "the database: the hash 1 of level 1"),
        ("UPDATE blob SET bytes = zeroblob(40)", "its bytes do not fit, and no entry took it away; entry 5 names it"),
        ("DELETE FROM blob", "missing, and no entry took it away; entry 5 names it"),
        ("DELETE FROM object", "missing; entry 6 names it"),
    ] {
        let (place, _ledger) = ledger();
        sql(&place, change);
        let found = lines(&verify_blobs(&place.state(), None, &place.key()));
        assert!(found.iter().any(|line| line.contains(expected)), "{change}: {found:?}");
    }
    let (place, _ledger) = ledger();
    let blob = fs::read_dir(place.state().join("blobs")).unwrap().next().unwrap().unwrap().path();
    flip(&blob, 7);
    assert!(lines(&verify(&place.state(), None))[0].contains("its bytes do not fit"));
    fs::remove_file(blob).unwrap();
    assert!(lines(&verify(&place.state(), None))[0].contains("its file is missing"));
}

#[test]
fn outcomes_close_one_intent_each() {
    let place = Place::new();
    let ledger = place.init();
    for (kind, body) in [
        ("intent", "{}"),
        ("outcome", r#"{"intent":0}"#),
        ("outcome", r#"{"intent":0}"#),
        ("outcome", r#"{"intent":1}"#),
        ("outcome", r#"{"intent":"0"}"#),
    ] {
        ledger.append(draft(kind, body)).unwrap();
    }
    assert_eq!(
        lines(&verify(&place.state(), None)),
        [
            "entry 2: a second outcome of the intent 0; the first is entry 1",
            "entry 3: an outcome of entry 1, which is no intent before it",
            "entry 4: an outcome that names no intent",
        ]
    );
}

#[test]
fn files_cut_off_anywhere_or_missing_are_noticed() {
    let (_place, ledger) = ledger();
    let log = ledger.log_folder();
    for file in files(&log) {
        let bytes = fs::read(&file).unwrap();
        for length in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&file, &bytes[..length]).unwrap();
            let newline_of_the_key = file.ends_with("ledger.vkey") && length == bytes.len() - 1;
            assert_eq!(verify(&log, None).is_intact(), newline_of_the_key, "{} cut to {length}", file.display());
        }
        fs::remove_file(&file).unwrap();
        assert!(!verify(&log, None).is_intact(), "{} removed", file.display());
        fs::write(&file, bytes).unwrap();
    }
    assert!(verify(&log, None).is_intact());
}

#[test]
fn a_published_tile_is_never_replaced() {
    let (_place, ledger) = ledger();
    let checkpoint = ledger.log_folder().join("checkpoint");
    let before = fs::read(&checkpoint).unwrap();
    ledger.append(draft("call", "{}")).unwrap();
    fs::write(ledger.log_folder().join("tile/0/002.p/89"), b"something else").unwrap();
    assert!(matches!(ledger.publish(), Err(belay_ledger::Error::TileDiffers { .. })));
    assert_eq!(fs::read(&checkpoint).unwrap(), before);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(16))]
    #[test]
    fn no_bytes_in_any_file_make_it_panic(which in 0_usize..100, bytes in proptest::collection::vec(0_u8.., 0..300)) {
        let (place, ledger) = small();
        drop(ledger);
        let files = files(&place.state());
        fs::write(&files[which % files.len()], bytes).unwrap();
        let _ = verify(&place.state(), None);
        let _ = verify(&place.state().join("log"), None);
    }
}

fn small() -> (Place, Ledger) {
    let place = Place::new();
    let ledger = place.init();
    ledger.append(Batch { drafts: (0..3).map(|_| draft("call", "{}")).collect(), conditions: Vec::new() }).unwrap();
    ledger.publish().unwrap();
    (place, ledger)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn a_changed_tile_that_nothing_refers_to_any_more_is_noticed() {
    let (place, ledger) = ledger();
    let log = ledger.log_folder();
    let before = ["tile/0/002.p/88", "tile/entries/002.p/88"];
    ledger.append(draft("call", "{}")).unwrap();
    ledger.publish().unwrap();
    assert_eq!(lines(&verify(&place.state(), None)), [""; 0]);
    for tile in before {
        flip(&log.join(tile), 40);
        let found = lines(&verify(&log, None)).join("\n");
        assert!(found.contains(&format!("{tile} bytes 40 to")), "{found}");
        flip(&log.join(tile), 40);
    }
}
