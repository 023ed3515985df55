//! No change of a published log passes for the log, whatever byte, file or entry it changes, unless it was made with the key;
//! and then whoever kept an earlier checkpoint sees it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod common;
#[path = "common/files.rs"]
mod files;

use std::fs;
use std::path::Path;

use belay_ledger::note::Verifier;
use belay_ledger::tree::{TreeHead, verify_consistency};
use belay_ledger::verify::{Report, verify};
use belay_ledger::{Batch, Filter, Ledger, checkpoint};
use common::{Place, draft};
use files::{copy, files, with_bytes};

/// A published log of `bodies`, one entry each.
fn log_of(bodies: impl IntoIterator<Item = String>) -> (Place, Ledger) {
    let place = Place::new();
    let ledger = place.init();
    append(&ledger, bodies);
    (place, ledger)
}

fn append(ledger: &Ledger, bodies: impl IntoIterator<Item = String>) {
    let drafts = bodies.into_iter().map(|body| draft("call", &body)).collect();
    ledger.append(Batch { drafts, conditions: Vec::new() }).unwrap();
    ledger.publish().unwrap();
}

fn numbers(range: std::ops::Range<u64>) -> impl Iterator<Item = String> {
    range.map(|n| n.to_string())
}

fn lines(report: &Report) -> Vec<String> {
    report.findings.iter().map(ToString::to_string).collect()
}

/// The published log does not verify, nor with the key that lies beside it unless that was changed.
fn is_refused(log: &Path, key: &Verifier, what: impl std::fmt::Display) {
    assert!(!verify(log, Some(key)).is_intact(), "{what}");
}

#[test]
fn every_byte_of_a_log_counts() {
    let (_place, ledger) = log_of(numbers(0..3));
    let (log, key) = (ledger.log_folder(), ledger.verifier());
    for file in files(&log) {
        let right = fs::read(&file).unwrap();
        for at in 0..right.len() {
            for mask in [0x01, 0x20, 0x80] {
                let mut wrong = right.clone();
                wrong[at] ^= mask;
                with_bytes(&file, &wrong, || is_refused(&log, &key, format!("{} {at} ^ {mask}", file.display())));
            }
        }
    }
    assert!(verify(&log, Some(&key)).is_intact());
}

#[test]
fn every_length_but_the_right_one_is_noticed() {
    let (_place, ledger) = log_of(numbers(0..3));
    let (log, key) = (ledger.log_folder(), ledger.verifier());
    for file in files(&log) {
        let right = fs::read(&file).unwrap();
        // A key's line may lack its end: it is the same key.
        let lengths = if file.ends_with("ledger.vkey") { right.len() - 1 } else { right.len() };
        for length in 0..lengths {
            with_bytes(&file, &right[..length], || is_refused(&log, &key, format!("{} {length}", file.display())));
        }
        for more in [b"\0".as_slice(), b"x", &right] {
            let longer = [right.as_slice(), more].concat();
            with_bytes(&file, &longer, || is_refused(&log, &key, format!("{} longer", file.display())));
        }
    }
}

#[test]
fn tiles_and_bundles_that_are_dropped_swapped_or_repeated_are_noticed() {
    let (_place, ledger) = log_of(numbers(0..600));
    let (log, key) = (ledger.log_folder(), ledger.verifier());
    let all = files(&log);
    assert_eq!(all.len(), 9, "checkpoint, key, three bundles, three tiles of level 0, one of level 1");
    for one in &all {
        let bytes = fs::read(one).unwrap();
        fs::remove_file(one).unwrap();
        is_refused(&log, &key, format!("{} dropped", one.display()));
        fs::write(one, &bytes).unwrap();
        for other in all.iter().filter(|other| *other > one) {
            let others = fs::read(other).unwrap();
            let what = format!("{} and {}", one.display(), other.display());
            with_bytes(one, &others, || is_refused(&log, &key, format!("{what} repeated")));
            with_bytes(other, &bytes, || {
                is_refused(&log, &key, format!("{what} repeated"));
                with_bytes(one, &others, || is_refused(&log, &key, format!("{what} swapped")));
            });
        }
    }
    assert!(verify(&log, Some(&key)).is_intact());
}

#[test]
fn entries_that_are_dropped_swapped_repeated_or_made_up_are_noticed() {
    let (_place, ledger) = log_of(numbers(0..5));
    let (log, key) = (ledger.log_folder(), ledger.verifier());
    let bundle = log.join("tile/entries/000.p/5");
    let entries: Vec<_> = (0..5).map(|seq| ledger.entry_bytes(seq).unwrap().unwrap()).collect();
    let bundled = |order: &[usize]| -> Vec<u8> {
        let framed = |n: &usize| [&u16::try_from(entries[*n].len()).unwrap().to_be_bytes()[..], &entries[*n]].concat();
        order.iter().flat_map(framed).collect()
    };
    with_bytes(&bundle, &bundled(&[0, 1, 2, 3, 4]), || assert!(verify(&log, Some(&key)).is_intact()));
    for order in [&[0, 1, 3, 4][..], &[0, 2, 1, 3, 4], &[0, 1, 1, 2, 3, 4], &[0, 1, 2, 3, 3], &[0, 1, 2, 3], &[]] {
        with_bytes(&bundle, &bundled(order), || is_refused(&log, &key, format!("{order:?}")));
    }
}

/// Somebody makes the same log with another end. They can't sign it: every way to put the parts together is refused.
#[test]
fn an_end_that_was_rewritten_without_the_key_is_noticed() {
    let (_place, ledger) = log_of(numbers(0..300));
    let (_forged_place, forged) = log_of(numbers(0..290).chain(numbers(0..10)));
    let (key, forger) = (ledger.verifier(), forged.verifier());
    assert_eq!((key.name(), key == forger), (forger.name(), false), "a key with the same name");
    let (log, with) = (ledger.log_folder(), forged.log_folder());
    for (parts, expected) in [
        (&["tile"][..], "neither entries nor tiles lead to the root that was signed"),
        (&["checkpoint"], "not signed by shop-ml"),
        (&["tile", "checkpoint"], "not signed by shop-ml"),
        (&["ledger.vkey"], "it is not a key of this log"),
        (&["tile", "checkpoint", "ledger.vkey"], "no entry leads there from the key to believe"),
    ] {
        let mixed = tempfile::tempdir().unwrap();
        copy(&log, mixed.path());
        for file in files(&with).iter().map(|file| file.strip_prefix(&with).unwrap()) {
            if parts.iter().any(|part| file.starts_with(part)) {
                fs::copy(with.join(file), mixed.path().join(file)).unwrap();
            }
        }
        let report = verify(mixed.path(), Some(&key));
        let found = lines(&report).join("\n");
        assert!(found.contains(expected), "{parts:?}: {found}");
        assert_eq!(report.proven == 300, parts == ["ledger.vkey"], "{parts:?}: {found}");
    }
    // Whoever believes the key beside the log believes whoever put it there.
    assert!(verify(&with, None).is_intact());
}

/// With the key a log can be rewritten so that nothing in it is wrong. What was kept elsewhere tells.
#[test]
fn an_end_that_was_rewritten_with_the_key_is_noticed_by_whoever_kept_a_checkpoint() {
    let (place, ledger) = log_of(numbers(0..200));
    let early = ledger.head().unwrap();
    drop(ledger);
    let fork = tempfile::tempdir().unwrap();
    copy(&place.state(), &fork.path().join("state"));
    let ledger = place.open();
    append(&ledger, numbers(200..400));
    let kept = ledger.checkpoint_now().unwrap();
    let forked = Ledger::open(&fork.path().join("state"), &place.key()).unwrap();
    append(&forked, numbers(1_200..1_500));
    let key = ledger.verifier();
    for state in [place.state(), fork.path().join("state")] {
        assert_eq!(lines(&verify(&state, Some(&key))), [""; 0], "each by itself is sound");
    }
    let kept = checkpoint::open(&kept.note, &key).unwrap();
    let begins_with = |ledger: &Ledger, old: &TreeHead| {
        let new = ledger.head().unwrap();
        let proof = ledger.consistency_proof(old.size, new.size).unwrap().unwrap();
        verify_consistency(old, &new, &proof).is_ok()
    };
    assert!(begins_with(&ledger, &kept) && begins_with(&ledger, &early) && begins_with(&forked, &early));
    assert!(!begins_with(&forked, &kept), "another tree began where the checkpoint was");
}

/// An old checkpoint is a true one: only a later one that somebody kept shows that the log was longer.
#[test]
fn an_old_checkpoint_proves_what_it_did_and_no_more() {
    let (_place, ledger) = log_of(numbers(0..200));
    let (log, key) = (ledger.log_folder(), ledger.verifier());
    let old = fs::read(log.join("checkpoint")).unwrap();
    append(&ledger, numbers(200..201));
    let kept = ledger.head().unwrap();
    fs::write(log.join("checkpoint"), old).unwrap();
    let report = verify(&log, Some(&key));
    assert_eq!((lines(&report), report.proven, report.entries), (Vec::new(), 200, 200));
    assert!(report.checkpoint.unwrap().size < kept.size);
}

#[test]
fn a_log_of_another_name_is_refused_though_the_key_is_the_same() {
    let (place, ledger) = log_of(numbers(0..3));
    let secret = fs::read_to_string(place.key()).unwrap();
    let text = ledger.verifier().to_string();
    let (_, id_and_key) = text.split_once('+').unwrap();
    // The same 32 bytes under another name have another id.
    assert!(format!("shop-mi+{id_and_key}").parse::<Verifier>().is_err());
    let other = Place::new();
    let elsewhere = Ledger::init(&other.state(), &other.key(), "elsewhere").unwrap();
    assert!(!secret.contains("elsewhere"));
    let found = lines(&verify(&elsewhere.log_folder(), Some(&ledger.verifier()))).join("\n");
    assert!(found.contains("not signed by shop-ml"), "{found}");
}

/// A page of the database has bytes that mean nothing. Those that mean something count.
#[test]
fn a_changed_byte_of_the_database_is_noticed_or_changes_nothing() {
    let (place, ledger) = log_of(numbers(0..20));
    let (key, entries) = (ledger.verifier(), ledger.entries(&Filter::default()).unwrap());
    drop(ledger);
    let database = place.state().join("ledger.db");
    for file in [database.clone(), place.state().join("ledger.db-wal")] {
        let Ok(mut right) = fs::read(&file) else { continue };
        // Zeros at the end are room for what comes next.
        right.truncate(right.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        for at in (0..right.len()).step_by(right.len() / 60 + 1) {
            let mut wrong = right.clone();
            wrong[at] ^= 0x10;
            let changed = tempfile::tempdir().unwrap();
            copy(&place.state(), changed.path());
            fs::write(changed.path().join(file.file_name().unwrap()), wrong).unwrap();
            if !verify(changed.path(), Some(&key)).is_intact() {
                continue;
            }
            let opened = Ledger::open(changed.path(), &place.key());
            let found = opened.and_then(|ledger| ledger.entries(&Filter::default()));
            assert!(found.is_err() || found.as_ref() == Ok(&entries), "{} at {at}", file.display());
        }
    }
}
