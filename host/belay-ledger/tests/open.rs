//! What a ledger is made of, and which ones are refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use belay_ledger::{Error, Ledger, note::Verifier};
use common::{Place, draft};

#[test]
fn a_new_ledger_belongs_to_its_owner_alone() {
    let place = Place::new();
    let ledger = place.init();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(place.state()), mode(place.key())), (0o700, 0o600));
    let verifier: Verifier =
        fs::read_to_string(ledger.log_folder().join("ledger.vkey")).unwrap().trim_end().parse().unwrap();
    assert_eq!(verifier, ledger.verifier());
    let published = fs::read_to_string(ledger.log_folder().join("checkpoint")).unwrap();
    assert_eq!(belay_ledger::checkpoint::open(&published, &verifier).unwrap().size, 0);
}

#[test]
fn a_ledger_is_made_only_where_nothing_is() {
    let place = Place::new();
    drop(place.init());
    let again = Ledger::init(&place.state(), &place.key(), "shop-ml");
    assert_eq!(again.unwrap_err(), Error::Exists { path: place.state() });
    let other = Ledger::init(&place.state().with_file_name("other"), &place.key(), "shop-ml");
    assert_eq!(other.unwrap_err(), Error::Exists { path: place.key() });
    let within = Place::new();
    let error = Ledger::init(&within.state(), &within.state().join("key"), "shop-ml").unwrap_err();
    assert!(error.to_string().contains("outside"), "{error}");
    assert!(!within.state().exists());
    let nameless = Ledger::init(&within.state(), &within.key(), "two words").unwrap_err();
    assert!(matches!(nameless, Error::Key { .. }) && !within.key().exists(), "{nameless}");
}

#[test]
fn what_a_crash_left_of_an_attempt_is_in_nobodys_way() {
    let place = Place::new();
    fs::create_dir_all(place.key().parent().unwrap()).unwrap();
    fs::create_dir(place.state().with_added_extension("new")).unwrap();
    fs::write(place.key(), "half a ke").unwrap();
    drop(place.init());
    assert!(!place.state().with_added_extension("new").exists());
    drop(Ledger::open(&place.state(), &place.key()).unwrap());
}

#[test]
fn a_key_must_be_private_and_the_ledgers_own() {
    let place = Place::new();
    drop(place.init());
    fs::set_permissions(place.key(), fs::Permissions::from_mode(0o640)).unwrap();
    let error = Ledger::open(&place.state(), &place.key()).unwrap_err();
    assert!(error.to_string().contains("chmod 600"), "{error}");
    let other = Place::new();
    drop(other.init());
    let error = Ledger::open(&place.state(), &other.key()).unwrap_err();
    assert!(error.to_string().contains("not the key of this ledger"), "{error}");
}

#[test]
fn what_is_no_ledger_or_another_versions_is_refused() {
    let place = Place::new();
    let missing = Ledger::open(&place.state(), &place.key()).unwrap_err();
    assert!(matches!(missing, Error::NoLedger { .. }), "{missing}");
    drop(place.init());
    let database = rusqlite::Connection::open(place.state().join("ledger.db")).unwrap();
    database.pragma_update(None, "user_version", 4).unwrap();
    let newer = Ledger::open(&place.state(), &place.key()).unwrap_err();
    assert_eq!(newer, Error::NewerSchema { found: 4, known: 3 });
    database.pragma_update(None, "user_version", 2).unwrap();
    let older = Ledger::open(&place.state(), &place.key()).unwrap_err();
    assert_eq!(older, Error::OlderSchema { found: 2, known: 3 });
    database.pragma_update(None, "application_id", 0).unwrap();
    let foreign = Ledger::open(&place.state(), &place.key()).unwrap_err();
    assert!(matches!(foreign, Error::NoLedger { .. }), "{foreign}");
}

#[test]
fn a_database_must_contain_what_it_published() {
    let place = Place::new();
    let ledger = place.init();
    for n in 0..3 {
        ledger.append(draft("call", &n.to_string())).unwrap();
    }
    ledger.publish().unwrap();
    drop(ledger);
    let change = |sql| {
        rusqlite::Connection::open(place.state().join("ledger.db")).unwrap().execute(sql, []).unwrap();
        Ledger::open(&place.state(), &place.key()).unwrap_err()
    };
    assert!(matches!(
        change("UPDATE entry SET bytes = CAST('x' AS BLOB) WHERE seq = 1"),
        Error::Forked { size: 3, .. }
    ));
    assert_eq!(change("DELETE FROM entry WHERE seq = 2"), Error::Behind { held: 2, published: 3 });
}

#[test]
fn a_checkpoint_that_is_missing_or_forged_is_refused() {
    let place = Place::new();
    let checkpoint = place.init().log_folder().join("checkpoint");
    let text = fs::read_to_string(&checkpoint).unwrap();
    fs::write(&checkpoint, text.replace("\n0\n", "\n1\n")).unwrap();
    assert!(matches!(Ledger::open(&place.state(), &place.key()), Err(Error::Checkpoint { .. })));
    fs::remove_file(&checkpoint).unwrap();
    assert!(matches!(Ledger::open(&place.state(), &place.key()), Err(Error::Checkpoint { .. })));
}
