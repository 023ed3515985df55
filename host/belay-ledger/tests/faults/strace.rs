//! `strace`: which calls a child makes, and a fault in one of them. It counts calls of a name for each thread by itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::common::Place;
use crate::story::{BEGUN, CHILD, Heard, Story};

/// The calls by which a process changes files, or makes changes durable. Not every system has each of them.
const CALLS: [&str; 21] = [
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "open",
    "openat",
    "creat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "ftruncate",
    "fallocate",
    "mkdir",
    "rmdir",
];

/// A call that a child makes: the nth of this name in its thread, from 1.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) nth: usize,
}

/// What happens in place of a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Fault {
    /// It fails with this error, and nothing was done.
    Fails(&'static str),
    /// The process is killed before it.
    Killed,
}

/// Each call that an undisturbed child makes once it has begun, in order.
pub(crate) fn calls(story: &Story, place: &Place) -> Vec<Call> {
    let log = place.state().with_file_name("calls");
    let known: Vec<_> = CALLS.iter().map(|call| format!("?{call}")).collect();
    let output = child(story, place, &["-y", "-e", &format!("trace={}", known.join(","))], &log);
    assert!(output.status.success(), "undisturbed: {}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(&log).unwrap();
    fs::remove_file(log).unwrap();
    let folder = place.state().parent().unwrap().display().to_string();
    let (mut made, mut begun, mut found) = (BTreeMap::new(), false, Vec::new());
    for line in text.lines() {
        let Some((thread, name)) = made_by(line) else { continue };
        let nth = made.entry((thread, name)).and_modify(|made| *made += 1).or_insert(1);
        if begun && line.contains(&folder) {
            found.push(Call { name: name.to_owned(), nth: *nth });
        }
        begun |= line.contains(&format!("\"{BEGUN}\\n\""));
    }
    found
}

/// Thread and name of a call, where a line begins with one.
fn made_by(line: &str) -> Option<(&str, &str)> {
    let (thread, rest) = line.split_once(' ')?;
    let (name, _) = rest.trim_start().split_once('(')?;
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some((thread, name))
}

/// A child of which one call was disturbed.
pub(crate) struct Disturbed {
    /// It did all that it was to do, or said why not.
    pub(crate) ended_by_itself: bool,
    pub(crate) heard: Heard,
    /// From which byte on the write-ahead log was never synced, where the call was to sync it and failed.
    pub(crate) unsynced: Option<u64>,
}

/// Runs a child and disturbs one call.
pub(crate) fn inject(story: &Story, place: &Place, call: &Call, fault: Fault) -> Disturbed {
    let Call { name, nth } = call;
    let (fault, mark) = match fault {
        Fault::Fails(error) => (format!("error={error}"), "(INJECTED)"),
        Fault::Killed => ("signal=SIGKILL".to_owned(), "+++ killed by SIGKILL +++"),
    };
    let inject = format!("inject={name}:{fault}:when={nth}");
    let log = place.state().with_file_name("calls");
    let output = child(story, place, &["-y", "-e", &format!("trace={name},pwrite64"), "-e", &inject], &log);
    let calls = fs::read_to_string(&log).unwrap();
    fs::remove_file(log).unwrap();
    assert!(calls.contains(mark), "nothing was disturbed");
    let heard = Heard::of(&String::from_utf8_lossy(&output.stdout));
    Disturbed { ended_by_itself: output.status.success(), heard, unsynced: unsynced(&calls) }
}

/// Where the first write since the last sync of the write-ahead log went, at the moment when a sync of it failed.
fn unsynced(log: &str) -> Option<u64> {
    let mut from: Option<u64> = None;
    for line in log.lines().filter(|line| line.contains("ledger.db-wal>")) {
        match made_by(line).map(|(_, name)| name) {
            Some("pwrite64") => {
                let (arguments, _) = line.rsplit_once(") = ")?;
                let offset = arguments.rsplit(", ").next()?.parse().ok()?;
                from = Some(from.map_or(offset, |from| from.min(offset)));
            }
            Some("fdatasync") if line.contains("(INJECTED)") => return from,
            Some("fdatasync") => from = None,
            _ => {}
        }
    }
    None
}

fn child(story: &Story, place: &Place, strace: &[&str], log: &Path) -> Output {
    let mut command = Command::new("strace");
    command.args(["-f", "-q", "-o"]).arg(log).args(strace).arg(std::env::current_exe().unwrap());
    command.args(["--exact", story.test, "--nocapture", "--test-threads=1"]);
    command.env(CHILD, place.state().parent().unwrap()).env("RUST_BACKTRACE", "0").output().unwrap()
}
