use std::sync::mpsc;

use belay_domain::id::Millis;
use belay_domain::json::Json;

use super::*;
use crate::distress::Distress;
use crate::draft::{Actor, Draft};
use crate::ledger::Appended;
use crate::store::{self, BlobFolder, Database, Meta, Reader};
use crate::tree::Frontier;
use crate::vault::KeyFile;

struct Place {
    folder: tempfile::TempDir,
    writer: Writer,
}

/// A writer over a database that `break_it` has prepared.
fn place(break_it: impl FnOnce(&rusqlite::Connection)) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::of(folder.path());
    store::create(&database, &Meta { origin: "o".to_owned(), verifier: "v".to_owned() }).unwrap();
    let writing = Writing::open(&database, Frontier::default()).unwrap();
    break_it(writing.connection());
    let keys = folder.path().join("key.blobs");
    KeyFile::create(&keys).unwrap();
    let keys = KeyFile::open(&keys, folder.path()).unwrap();
    let vault = Vault { blobs: BlobFolder::of(folder.path()), keys };
    let writer = Writer::start(writing, vault, Arc::new(Distress::open(folder.path()))).unwrap();
    Place { folder, writer }
}

fn entry(padding: usize) -> Prepared {
    let actor = Actor { name: "ana".to_owned(), authenticated_by: "os-user".to_owned(), on_behalf_of: None };
    let body = Json::new(serde_json::Value::String("x".repeat(padding))).unwrap();
    Prepared::new(Draft::new(Millis(0), "call", actor, body), None).unwrap()
}

impl Place {
    fn append(&self, padding: usize) -> Result<Appended, Error> {
        let (sender, receiver) = mpsc::channel();
        let done = Box::new(move |result| sender.send(result).unwrap());
        self.writer.submit(Job { entries: vec![entry(padding)], conditions: Vec::new(), done });
        receiver.recv().unwrap()
    }

    fn size(&self) -> u64 {
        Reader::open(&Database::of(self.folder.path())).unwrap().size().unwrap()
    }
}

#[test]
fn a_full_disk_writes_nothing_keeps_records_and_harms_no_later_barrier() {
    let place = place(|connection| {
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        connection.pragma_update(None, "max_page_count", pages + 4).unwrap();
    });
    place.writer.record(entry(1)).unwrap();
    assert_eq!(place.append(60_000), Err(Error::DiskFull));
    assert_eq!(place.size(), 0);
    assert_eq!(place.append(1).unwrap().seqs, 1..2);
    assert_eq!(place.size(), 2);
}

#[test]
fn after_an_error_that_leaves_the_disk_unknown_everything_is_refused() {
    let place = place(|connection| connection.execute_batch("DROP TABLE subtree; DROP TABLE entry;").unwrap());
    let first = place.append(1).unwrap_err();
    assert!(first.poisons() && !matches!(first, Error::Poisoned { .. }), "{first}");
    for error in [place.append(1).unwrap_err(), place.writer.record(entry(1)).unwrap_err()] {
        assert!(matches!(error, Error::Poisoned { .. }), "{error}");
    }
}

#[test]
fn the_write_ahead_log_is_moved_when_the_ledger_is_closed_and_not_before() {
    let place = place(|_| ());
    let pending = |place: &tempfile::TempDir| {
        Writing::open(&Database::of(place.path()), Frontier::default()).unwrap().pending().unwrap()
    };
    for _ in 0..20 {
        place.append(60_000).unwrap();
    }
    assert!(pending(&place.folder) > 1 << 20);
    let Place { folder, writer } = place;
    drop(writer);
    assert_eq!(pending(&folder), 0);
}
