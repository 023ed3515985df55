//! Changing the key that signs: whole or not at all, at every step; and what each key proves afterwards.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use belay_ledger::evidence::{self, Evidence, Pack, Selection};
use belay_ledger::keys::{Cut, Standing};
use belay_ledger::note::Verifier;
use belay_ledger::verify::{Estranged, Report, begins_with, verify};
use belay_ledger::{Error, Ledger, checkpoint};
use common::{Place, draft};

fn filled(place: &Place, count: u64) -> Ledger {
    let ledger = place.init();
    for n in 0..count {
        ledger.append(draft("call", &n.to_string())).unwrap();
    }
    ledger.publish().unwrap();
    ledger
}

fn rotate(ledger: &Ledger) -> (Verifier, Verifier) {
    let changed = ledger.rotate_key(draft("key", "{}")).unwrap();
    (changed.before, changed.after)
}

fn text(place: &Place, file: &str) -> String {
    fs::read_to_string(place.state().join("log").join(file)).unwrap()
}

#[track_caller]
fn is_intact(place: &Place, key: &Verifier) {
    let report = verify(&place.state(), Some(key));
    assert!(report.is_intact(), "{:?}", report.findings);
    let report = verify(&place.state().join("log"), Some(key));
    assert!(report.is_intact() && report.proven > 0, "{:?}", report.findings);
}

fn findings(report: &Report) -> String {
    report.findings.iter().map(|finding| format!("{finding}\n")).collect()
}

#[test]
fn both_keys_sign_the_change_and_either_proves_the_log() {
    let place = Place::new();
    let ledger = filled(&place, 3);
    let secret = fs::read_to_string(place.key()).unwrap();
    let (old, new) = rotate(&ledger);
    assert_ne!(old, new);
    assert_eq!(ledger.verifier(), new);
    assert_ne!(fs::read_to_string(place.key()).unwrap(), secret, "the old key is gone");
    assert_eq!(fs::metadata(place.key()).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!place.key().with_added_extension("next").exists());

    let published = text(&place, "checkpoint");
    let head = checkpoint::open(&published, &new).unwrap();
    assert_eq!(checkpoint::open(&published, &old), Ok(head), "the checkpoint of the change has both signatures");
    assert_eq!(head.size, 4);
    assert_eq!(text(&place, "ledger.vkey"), format!("{new}\n"));
    is_intact(&place, &old);
    is_intact(&place, &new);

    ledger.append(draft("call", "3")).unwrap();
    ledger.publish().unwrap();
    assert!(checkpoint::open(&text(&place, "checkpoint"), &old).is_err(), "later ones are the new key's alone");
    drop(ledger);
    let ledger = place.open();
    let (second, third) = rotate(&ledger);
    assert_eq!(second, new);
    for key in [&old, &new, &third] {
        is_intact(&place, key);
        assert!(ledger.keys().unwrap().find(key).is_some());
    }
    assert_eq!(*ledger.keys().unwrap().present(), third);
}

#[test]
fn a_key_that_the_log_never_had_proves_nothing() {
    let (place, other) = (Place::new(), Place::new());
    let ledger = filled(&place, 3);
    let stranger = filled(&other, 1).verifier();
    rotate(&ledger);
    let report = verify(&place.state(), Some(&stranger));
    assert!(findings(&report).contains("no entry leads there from the key to believe"), "{}", findings(&report));
    assert_eq!(report.proven, 0);
}

/// Every file that a change of keys writes, but for the database.
struct Files {
    files: Vec<(PathBuf, Option<Vec<u8>>)>,
}

impl Files {
    fn of(place: &Place) -> Self {
        let log = place.state().join("log");
        let paths = [place.key().with_added_extension("next"), log.join("checkpoint"), log.join("ledger.vkey")];
        let paths = paths.into_iter().chain([place.key()]);
        Self { files: paths.map(|path| (path.clone(), fs::read(&path).ok())).collect() }
    }

    fn put(&self, which: usize) {
        let (path, bytes) = &self.files[which];
        match bytes {
            Some(bytes) => fs::write(path, bytes).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
        if path.extension().is_none() || path.extension().is_some_and(|extension| extension == "next") {
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
        }
    }
}

#[test]
fn a_change_that_was_interrupted_is_finished_by_whoever_comes_next() {
    // How many of the three last steps a crash allowed: checkpoint, verifier, and the key itself.
    for steps in 0..3 {
        let place = Place::new();
        let ledger = filled(&place, 3);
        let before = Files::of(&place);
        let (old, new) = rotate(&ledger);
        drop(ledger);
        // Back to the moment when the entry had become durable, and forward again.
        let secret = fs::read(place.key()).unwrap();
        let after = Files::of(&place);
        for which in [1, 2, 3] {
            before.put(which);
        }
        fs::write(place.key().with_added_extension("next"), secret).unwrap();
        fs::set_permissions(place.key().with_added_extension("next"), fs::Permissions::from_mode(0o600)).unwrap();
        for which in 1..=steps {
            after.put(which);
        }
        let unfinished = verify(&place.state(), Some(&old));
        assert!(unfinished.is_intact(), "{steps}: {}", findings(&unfinished));

        let ledger = place.open();
        assert_eq!(ledger.verifier(), new, "{steps}");
        assert!(!place.key().with_added_extension("next").exists(), "{steps}");
        assert_eq!(text(&place, "ledger.vkey"), format!("{new}\n"));
        ledger.append(draft("call", "9")).unwrap();
        ledger.publish().unwrap();
        is_intact(&place, &old);
        is_intact(&place, &new);
    }
}

#[test]
fn a_key_that_was_made_and_not_used_is_in_nobodys_way() {
    let place = Place::new();
    let ledger = filled(&place, 1);
    let next = place.key().with_added_extension("next");
    for left in ["half a ke", ""] {
        fs::write(&next, left).unwrap();
        let old = ledger.verifier();
        drop(place.open());
        assert_eq!(place.open().verifier(), old, "nothing says that it is the ledger's");
        rotate(&ledger);
        is_intact(&place, &old);
    }
}

#[test]
fn without_the_new_key_the_ledger_is_refused_in_words() {
    let place = Place::new();
    let ledger = filled(&place, 1);
    let old = fs::read(place.key()).unwrap();
    rotate(&ledger);
    drop(ledger);
    fs::write(place.key(), old).unwrap();
    let error = Ledger::open(&place.state(), &place.key()).unwrap_err();
    assert!(error.to_string().contains("not the key of this ledger"), "{error}");
}

#[test]
fn other_processes_go_on_with_the_new_key() {
    let place = Place::new();
    let ledger = filled(&place, 3);
    let other = place.open();
    let (old, new) = rotate(&ledger);
    assert!(checkpoint::open(&other.checkpoint_now().unwrap().note, &new).is_ok());
    let third = place.open();
    rotate(&ledger);
    other.append(draft("call", "7")).unwrap();
    third.publish().unwrap();
    assert_eq!(third.verifier(), ledger.verifier());
    is_intact(&place, &old);
}

#[test]
fn of_many_who_change_the_key_at_once_each_does_it_after_the_other() {
    let place = Place::new();
    let first = filled(&place, 1).verifier();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let place = &place;
            scope.spawn(move || rotate(&place.open()));
        }
    });
    let ledger = place.open();
    assert_eq!(ledger.keys().unwrap().all().count(), 5);
    ledger.publish().unwrap();
    is_intact(&place, &first);
}

#[test]
fn a_compromised_key_counts_up_to_the_cut() {
    let place = Place::new();
    let ledger = filled(&place, 6);
    let honest = ledger.checkpoint_now().unwrap();
    let old = ledger.verifier();
    let changed = ledger.declare_compromised(&old, 4, draft("key", "{}")).unwrap();
    assert_eq!((changed.entry, &changed.before), (6, &old));
    is_intact(&place, &changed.after);

    let chain = ledger.keys().unwrap();
    let cut = Cut { entry: 6, since: 4 };
    assert_eq!(chain.judge(&honest.note), Ok((honest.head, Standing::CutOff(cut))));
    let now = ledger.checkpoint_now().unwrap();
    assert_eq!(chain.judge(&now.note), Ok((now.head, Standing::Counts)));

    let report = verify(&place.state(), Some(&old));
    assert!(findings(&report).contains("From there the first 4 entries are proven"), "{}", findings(&report));
    assert_eq!(report.proven, 4);

    // An earlier key, by the word of the present one.
    let later = ledger.rotate_key(draft("key", "{}")).unwrap();
    ledger.declare_compromised(&changed.after, 7, draft("key", "{}")).unwrap();
    let period = ledger.keys().unwrap();
    assert_eq!(period.find(&changed.after).unwrap().compromised, Some(Cut { entry: 8, since: 7 }));
    assert_eq!(*period.present(), later.after);
    is_intact(&place, &later.after);
    assert_eq!(verify(&place.state(), Some(&old)).proven, 4, "both stolen keys are on its way: the earlier cut counts");
    assert_eq!(verify(&place.state(), Some(&changed.after)).proven, 7);
}

#[test]
fn what_can_not_have_been_compromised_is_refused() {
    let (place, other) = (Place::new(), Place::new());
    let ledger = filled(&place, 3);
    let own = ledger.verifier();
    let stranger = filled(&other, 1).verifier();
    for (key, since) in [(&own, 4), (&stranger, 1)] {
        let error = ledger.declare_compromised(key, since, draft("key", "{}")).unwrap_err();
        assert!(matches!(error, Error::Invalid(_)), "{error}");
    }
    assert_eq!((ledger.size().unwrap(), ledger.verifier()), (3, own));
}

#[test]
fn a_change_that_the_old_key_did_not_sign_is_found() {
    let (place, thief) = (Place::new(), Place::new());
    let ledger = filled(&place, 3);
    let change = filled(&thief, 1);
    rotate(&change);
    let stolen = change.entry(1).unwrap().unwrap().body.canonical();
    ledger
        .append(draft(
            "key.rotated",
            &stolen
                .replace(&change.keys().unwrap().all().next().unwrap().key.to_string(), &ledger.verifier().to_string()),
        ))
        .unwrap();
    ledger.append(draft("key.rotated", "{}")).unwrap();
    ledger.publish().unwrap();
    let report = verify(&place.state(), None);
    let said = findings(&report);
    assert!(said.contains("entry 3: a change of keys: not signed by"), "{said}");
    assert!(said.contains("entry 4: a change of keys that can't be read"), "{said}");
}

#[test]
fn a_checkpoint_kept_from_an_earlier_key_is_still_a_witness() {
    let place = Place::new();
    let ledger = filled(&place, 6);
    let kept = ledger.checkpoint_now().unwrap();
    rotate(&ledger);
    let root = |size| ledger.roots(&[size].into()).map(|roots| roots[&size]).map_err(|error| error.to_string());
    let head = ledger.head().unwrap();
    assert_eq!(begins_with(&kept.note, &ledger.keys().unwrap(), &head, root), Ok(kept.head));
    let report = verify(&place.state(), None);
    assert_eq!(begins_with(&kept.note, &report.keys(&ledger.verifier()), &head, root), Ok(kept.head));

    let old = ledger.keys().unwrap().all().next().unwrap().key.clone();
    ledger.declare_compromised(&old, 5, draft("key", "{}")).unwrap();
    let cut = begins_with(&kept.note, &ledger.keys().unwrap(), &head, root).unwrap_err();
    assert_eq!(cut, Estranged::CutOff { entry: 7, size: 6, since: 5 });
}

#[test]
fn evidence_leads_from_an_earlier_key_to_the_one_that_signed_it() {
    let (place, other) = (Place::new(), Place::new());
    let ledger = filled(&place, 3);
    let stranger = filled(&other, 1).verifier();
    let (old, new) = rotate(&ledger);
    let export = |name: &str| {
        let mut pack = Pack::new(Vec::new());
        let selection = Selection {
            entries: [1].into(),
            with_blobs: true,
            withheld: BTreeSet::new(),
            earlier: BTreeSet::new(),
            with_log: false,
            about: common::json("{}"),
        };
        pack.gather(&ledger, &selection).unwrap();
        let path = place.state().with_file_name(name);
        fs::write(&path, pack.finish(&ledger).unwrap().out).unwrap();
        Evidence::open(&path).unwrap()
    };
    let file = export("rotated");
    for key in [&old, &new] {
        let examined = evidence::verify(&file, Some(key));
        assert!(examined.is_intact(), "{:?}", examined.findings);
        assert_eq!(examined.proven, [1, 3], "the change of keys is in it");
    }
    assert!(!evidence::verify(&file, Some(&stranger)).is_intact());

    let changed = ledger.declare_compromised(&new, 4, draft("key", "{}")).unwrap();
    let file = export("compromised");
    assert!(evidence::verify(&file, Some(&changed.after)).is_intact());
    for key in [&old, &new] {
        let examined = evidence::verify(&file, Some(key));
        let said = examined.findings.iter().any(|finding| finding.problem.contains("was compromised"));
        assert!(said, "whoever follows from {key} passes a stolen key: {examined:?}");
    }
}
