//! A full disk: what is refused, what goes on with the reserve, and what is told afterwards. The test runs itself again
//! as a child, on a disk of its own in memory.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod common;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use belay_domain::id::{Epoch, RunId};
use belay_ledger::verify::verify;
use belay_ledger::{Batch, Blob, Condition, Draft, Error, Filter, Ledger};
use common::draft;
use serde_json::Value;

/// Tells a run of this binary that it is the child; names its disk.
const DISK: &str = "BELAY_LEDGER_SMALL_DISK";

/// Runs a test of this file again with a disk of 64 MiB, in a mount namespace of its own, which takes it away.
fn on_a_small_disk(test: &str, act: impl FnOnce(&Path)) {
    if let Ok(disk) = std::env::var(DISK) {
        return act(Path::new(&disk));
    }
    let disk = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=64m tmpfs \"$0\" && exec \"$@\"";
    let mut child = Command::new("unshare");
    child.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).arg(disk.path());
    child.arg(std::env::current_exe().unwrap()).args(["--exact", test, "--nocapture"]).env(DISK, disk.path());
    let output = child.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
    assert!(String::from_utf8_lossy(&said).contains("1 passed"), "{}", String::from_utf8_lossy(&said));
}

struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// A new ledger on an empty disk, its key elsewhere.
    fn new(folder: &Path) -> (Self, Ledger) {
        let disk = Self { folder: folder.to_owned() };
        let ledger = Ledger::init(&disk.state(), &disk.key(), "shop-ml").unwrap();
        (disk, ledger)
    }

    fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    fn key(&self) -> PathBuf {
        self.folder.join("key")
    }

    fn open(&self) -> Ledger {
        Ledger::open(&self.state(), &self.key()).unwrap()
    }

    fn has_reserve(&self) -> bool {
        self.state().join("reserve").exists()
    }

    /// Takes all that is left, to the last byte.
    fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.folder.join("junk")).unwrap();
        for size in [1 << 20, 4_096, 1] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
    }

    fn empty(&self) {
        fs::remove_file(self.folder.join("junk")).unwrap();
    }
}

fn run(id: &str) -> RunId {
    id.parse().unwrap()
}

/// Begins a run.
fn begin(id: &str) -> Batch {
    let mut draft = draft("run.opened", "{}");
    draft.run = Some(run(id));
    let own = Condition::OwnRun { run: run(id), epoch: Epoch::FIRST, expect: None };
    Batch { drafts: vec![draft], conditions: vec![own] }
}

/// A megabyte that a run under way records.
fn step(id: &str) -> Batch {
    let mut draft = large("stage.planned");
    draft.run = Some(run(id));
    let owner = Condition::OwnerIs { run: run(id), epoch: Epoch::FIRST };
    Batch { drafts: vec![draft], conditions: vec![owner] }
}

fn large(kind: &str) -> Draft {
    let mut draft = draft(kind, "{}");
    draft.blobs = (0..4).map(|_| Blob::seal("part", vec![7; 250 << 10]).unwrap()).collect();
    draft
}

/// The kinds of failures that the log tells, in its order.
fn told(ledger: &Ledger) -> Vec<Vec<String>> {
    let filter = Filter { kinds: vec!["ledger.recovered".to_owned()], ..Filter::default() };
    let kinds = |body: &Value| {
        let failures = body["failures"].as_array().unwrap().clone();
        failures.iter().map(|failure| failure["kind"].as_str().unwrap().to_owned()).collect()
    };
    ledger.entries(&filter).unwrap().iter().map(|entry| kinds(entry.body.value())).collect()
}

#[test]
fn a_run_under_way_ends_and_no_other_begins() {
    on_a_small_disk("a_run_under_way_ends_and_no_other_begins", |folder| {
        let (disk, ledger) = Disk::new(folder);
        ledger.append(begin("r-1")).unwrap();
        disk.fill();

        // What is of no run, and a run that is only to begin, must not take what those under way need. The write-ahead
        // log's file has room for everybody, and then no more.
        let refused = (0..4).find_map(|_| ledger.append(large("plan.shown")).err());
        assert_eq!(refused, Some(Error::DiskFull));
        let mut second = begin("r-2");
        second.drafts.push(large("mandate"));
        assert_eq!(ledger.append(second), Err(Error::DiskFull));
        assert!(disk.has_reserve());

        for _ in 0..7 {
            ledger.append(step("r-1")).unwrap();
        }
        assert!(!disk.has_reserve(), "it was given up");
        let refused = ledger.append(begin("r-2")).unwrap_err();
        assert!(matches!(refused, Error::NoReserve { .. }), "{refused}");
        assert_eq!(ledger.ready_for_a_run(), Err(refused));
        drop(ledger);

        // Another process: the same run goes on, and still none begins.
        let ledger = disk.open();
        ledger.append(step("r-1")).unwrap();
        assert!(matches!(ledger.append(begin("r-2")), Err(Error::NoReserve { .. })));
        drop(ledger);

        disk.empty();
        let ledger = disk.open();
        assert!(disk.has_reserve(), "it is made again where there is room");
        ledger.append(begin("r-2")).unwrap();
        ledger.append(step("r-2")).unwrap();
        let kinds = told(&ledger);
        assert_eq!(kinds.concat(), ["refused", "reserve_given_up", "refused"], "{kinds:?}");
        ledger.publish().unwrap();
        let report = verify(&disk.state(), None);
        assert!(report.is_intact(), "{:?}", report.findings);
    });
}

#[test]
fn without_room_for_twice_the_reserve_none_is_made() {
    on_a_small_disk("without_room_for_twice_the_reserve_none_is_made", |folder| {
        let (disk, ledger) = Disk::new(folder);
        drop(ledger);
        fs::remove_file(disk.state().join("reserve")).unwrap();
        disk.fill();
        let junk = File::options().write(true).open(folder.join("junk")).unwrap();
        let left = |bytes: u64| junk.set_len(junk.metadata().unwrap().len() - bytes).unwrap();

        left(20 << 20);
        let ledger = disk.open();
        assert!(matches!(ledger.append(begin("r-1")), Err(Error::NoReserve { .. })));
        assert!(!disk.has_reserve(), "it would leave nothing to whoever gave it up");
        let staged = fs::read_dir(disk.state())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("reserve"));
        assert_eq!(staged.count(), 0, "what could not be made holds no space");

        left(20 << 20);
        ledger.append(begin("r-1")).unwrap();
        assert!(disk.has_reserve());
    });
}

#[test]
fn where_there_is_no_room_the_write_ahead_logs_file_stays_short_and_holds_none() {
    on_a_small_disk("where_there_is_no_room_the_write_ahead_logs_file_stays_short_and_holds_none", |folder| {
        let (disk, ledger) = Disk::new(folder);
        drop(ledger);
        let log = disk.state().join("ledger.db-wal");
        File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
        disk.fill();
        let junk = File::options().write(true).open(folder.join("junk")).unwrap();
        junk.set_len(junk.metadata().unwrap().len() - (1 << 20)).unwrap();
        drop(junk);
        drop(disk.open());
        assert_eq!(log.metadata().unwrap().len(), 0);
        disk.empty();
        drop(disk.open());
        assert_eq!(log.metadata().unwrap().len(), 2 << 20);
    });
}
