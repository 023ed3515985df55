//! belay is killed at every system call that writes, before it and after it; then a person resumes. Whatever the
//! moment: the systems end as an undisturbed run leaves them, what must not be done twice was done once, nothing was
//! written that is not in the ledger, and the ledger is sound.
//!
//! `BELAY_TESTS=quick` kills at every seventh call only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use belay_tests::kill::{Fate, Side, Write, kill_at, trace};
use belay_tests::workspace::{ROLLBACK, Said, Shop};
use serde_json::Value;

/// What is killed, what a person does then, and what must be true at last.
struct Story {
    name: &'static str,
    /// Of the pages that go to the database's journal, each so-manieth is one to be killed at.
    pages: usize,
    prepare: fn() -> Shop,
    act: fn(&Shop) -> Command,
    /// Right after the kill: what must be true already.
    meanwhile: fn(&Shop, before: &BTreeMap<String, Vec<u8>>),
    /// What a person types. Gives how the run had to go on.
    recover: fn(&Shop) -> Recovery,
    /// After it: against what an undisturbed run leaves.
    finally: fn(&Shop, &Reference),
}

/// What an undisturbed run leaves.
struct Reference {
    systems: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Recovery {
    /// The command was typed again: nothing had begun.
    Repeated,
    /// Nothing was left to do.
    Complete,
    /// Resumed; no write was under way.
    Resumed,
    /// Resumed; a write was intended and its outcome not recorded.
    ResumedAmidWrite,
}

#[derive(Default)]
struct Tally {
    kills: usize,
    ended: usize,
    recoveries: BTreeMap<Recovery, usize>,
    unknown: usize,
    calls: BTreeMap<&'static str, usize>,
}

fn sweep(story: &Story) {
    let base = (story.prepare)();
    let shop = base.twin();
    let Fate::Ended { status, writes } = trace(&(story.act)(&shop)) else { panic!("nobody killed it") };
    assert_eq!(status, 0, "{}: undisturbed, it must succeed", story.name);
    let reference = Reference { systems: visible(&shop) };
    let stride = if std::env::var("BELAY_TESTS").is_ok_and(|tier| tier == "quick") { 7 } else { 1 };
    // Threads interleave, so a run may write a little more or less than the first.
    let last = writes.len() + writes.len() / 10 + 3;
    let moments: Vec<_> = (0..last)
        .step_by(stride)
        .flat_map(|nth| [(nth, Side::Before), (nth, Side::After)])
        // After one page of the database's journal is before the next: they are many, and alike.
        .filter(|&(nth, side)| {
            !writes.get(nth).is_some_and(is_page) || (side == Side::Before && nth.is_multiple_of(story.pages))
        })
        .collect();
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(&(nth, side)) = moments.get(next.fetch_add(1, Ordering::Relaxed)) {
                    one(story, &base.twin(), &reference, nth, side, &tally);
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap();
    let count = |recovery| tally.recoveries.get(&recovery).copied().unwrap_or_default();
    println!(
        "{}: {} writes; {} kills ({} more came after the end): {} before anything had begun, {} when nothing was left \
         to do, {} between two writes, {} between intent and outcome; {} outcomes recorded as unknown\n  killed at {:?}",
        story.name,
        writes.len(),
        tally.kills,
        tally.ended,
        count(Recovery::Repeated),
        count(Recovery::Complete),
        count(Recovery::Resumed),
        count(Recovery::ResumedAmidWrite),
        tally.unknown,
        tally.calls,
    );
    assert!(tally.kills > 0, "nothing was killed");
}

fn is_page(write: &Write) -> bool {
    write.call == "pwrite64" && write.file.as_ref().is_some_and(|file| file.ends_with(".db-wal"))
}

fn one(story: &Story, shop: &Shop, reference: &Reference, nth: usize, side: Side, tally: &Mutex<Tally>) {
    let before = visible(shop);
    let fate = kill_at(&(story.act)(shop), nth, side);
    let Fate::Killed(Write { call, file }) = fate else {
        tally.lock().unwrap().ended += 1;
        return;
    };
    // Told only if something below fails: which kill it was.
    let told = Told(format!("{}: killed {side:?} write {nth}, {call} {}", story.name, file.unwrap_or_default()));
    (story.meanwhile)(shop, &before);
    let recovery = (story.recover)(shop);
    (story.finally)(shop, reference);
    shop.is_sound();
    let log = shop.log();
    every_intent_has_one_outcome(&log);
    drop(told);
    let mut tally = tally.lock().unwrap();
    tally.kills += 1;
    tally.unknown += of_kind(&log, "outcome").filter(|entry| entry["body"]["outcome"]["kind"] == "unknown").count();
    *tally.recoveries.entry(recovery).or_default() += 1;
    *tally.calls.entry(call).or_default() += 1;
}

/// Says what was going on when a test fails.
struct Told(String);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

fn of_kind<'log>(log: &'log [Value], kind: &'static str) -> impl Iterator<Item = &'log Value> {
    log.iter().filter(move |entry| entry["kind"] == kind)
}

fn every_intent_has_one_outcome(log: &[Value]) {
    let intents: Vec<u64> = of_kind(log, "intent").map(|entry| entry["seq"].as_u64().unwrap()).collect();
    let mut outcomes: Vec<u64> =
        of_kind(log, "outcome").map(|entry| entry["body"]["intent"].as_u64().unwrap()).collect();
    outcomes.sort_unstable();
    assert_eq!(intents, outcomes, "each intent has exactly one outcome");
}

/// The systems as their users see them. A staged file is none: it never gets an object's name, and a later write
/// removes it.
fn visible(shop: &Shop) -> BTreeMap<String, Vec<u8>> {
    let mut files = shop.systems();
    files.retain(|name, _| !name.contains("/.belay-stage-"));
    files
}

const FLAG: &str = "flags/shop.flagd.json";
const MODEL: &str = "flags/models.flagd.json";

fn commit(version: u32) -> String {
    format!("lake/clicks/_delta_log/{version:020}.json")
}

/// The steps that have an intent in the ledger, as the runbook numbers them.
fn intended(shop: &Shop, run: &str) -> BTreeSet<(u64, u64)> {
    let log = shop.log();
    let of_run = of_kind(&log, "intent").filter(|entry| entry["run"] == run);
    of_run
        .map(|entry| {
            let step = &entry["body"]["step"];
            (step["stage"].as_u64().unwrap(), step["step"].as_u64().unwrap())
        })
        .collect()
}

/// Each file that differs from what it was before has an intent that says so.
fn nothing_written_is_unrecorded(
    shop: &Shop,
    is: impl Fn(&Value) -> bool,
    before: &BTreeMap<String, Vec<u8>>,
    writers: [(String, (u64, u64)); 3],
) {
    let now = visible(shop);
    let written: Vec<_> = writers.iter().filter(|(file, _)| now.get(file) != before.get(file)).collect();
    if written.is_empty() {
        return;
    }
    let run = opened(&shop.log(), is).expect("something was written, and no run was opened");
    let intended = intended(shop, &run);
    for (file, step) in written {
        assert!(intended.contains(step), "{file} was written, and no intent says so: {intended:?}");
    }
}

/// The run of this kind, if one was opened. A number that a killed process had taken is not given again.
fn opened(log: &[Value], is: impl Fn(&Value) -> bool) -> Option<String> {
    let found = of_kind(log, "run.opened").find(|entry| is(&entry["body"]["purpose"]));
    Some(found?["run"].as_str().unwrap().to_owned())
}

fn is_rollback(purpose: &Value) -> bool {
    !is_undo(purpose)
}

fn is_undo(purpose: &Value) -> bool {
    purpose.to_string().contains("undo")
}

/// What a person does about a run: begin it where it is not there, else resume it until it has ended.
fn recover(shop: &Shop, is: impl Fn(&Value) -> bool, again: impl FnOnce() -> Said) -> Recovery {
    let log = shop.log();
    let Some(run) = opened(&log, is) else {
        again().ends(0);
        return Recovery::Repeated;
    };
    let of_run: Vec<_> = log.into_iter().filter(|entry| entry["run"] == *run).collect();
    if of_kind(&of_run, "run.sealed").next().is_some() {
        shop.belay(["resume", &run]).ends(2).says("has ended already");
        return Recovery::Complete;
    }
    let amid = of_kind(&of_run, "intent").count() > of_kind(&of_run, "outcome").count();
    shop.belay(["resume", &run]).ends(0);
    if amid { Recovery::ResumedAmidWrite } else { Recovery::Resumed }
}

/// The systems are as the undisturbed run left them; a commit's bytes differ in their moment and in the run's nonce.
fn as_undisturbed(shop: &Shop, reference: &Reference) {
    let now = visible(shop);
    assert_eq!(now.keys().collect::<Vec<_>>(), reference.systems.keys().collect::<Vec<_>>());
    for (file, bytes) in &reference.systems {
        if file.contains("_delta_log") {
            assert_eq!(actions(&now[file]), actions(bytes), "{file}");
        } else {
            assert!(now[file] == *bytes, "{file} is not as an undisturbed run leaves it");
        }
    }
}

/// The files that a commit adds and removes.
fn actions(commit: &[u8]) -> BTreeSet<String> {
    let lines = std::str::from_utf8(commit).unwrap().lines();
    let actions = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = actions.flat_map(|action| {
        let of = |kind: &str| Some(format!("{kind} {}", action.get(kind)?["path"].as_str()?));
        [of("add"), of("remove")]
    });
    found.flatten().collect()
}

fn run_words(shop: &Shop) -> Command {
    shop.command([&["run"], &ROLLBACK[..], &["--env", "demo"]].concat())
}

#[test]
fn a_run_killed_at_any_write_is_resumed() {
    sweep(&Story {
        name: "run",
        pages: 1,
        prepare: Shop::released,
        act: run_words,
        meanwhile: |shop, before| {
            let writers = [(FLAG.to_owned(), (0, 0)), (commit(6), (1, 0)), (MODEL.to_owned(), (1, 1))];
            nothing_written_is_unrecorded(shop, is_rollback, before, writers);
        },
        recover: |shop| recover(shop, is_rollback, || shop.roll_back("run", &[])),
        finally: as_undisturbed,
    });
}

#[test]
fn an_undo_killed_at_any_write_is_resumed() {
    sweep(&Story {
        name: "undo",
        pages: 4,
        prepare: || {
            let shop = Shop::released();
            shop.roll_back("run", &[]).ends(0);
            shop
        },
        act: |shop| shop.command(["undo", "r-1"]),
        meanwhile: |shop, before| {
            // The stages in reverse: what was restored first, then the flag.
            let writers = [(commit(7), (0, 0)), (MODEL.to_owned(), (0, 1)), (FLAG.to_owned(), (1, 0))];
            nothing_written_is_unrecorded(shop, is_undo, before, writers);
        },
        recover: |shop| recover(shop, is_undo, || shop.belay(["undo", "r-1"])),
        finally: as_undisturbed,
    });
}

#[test]
fn a_capture_killed_at_any_write_is_whole_or_not_there() {
    sweep(&Story {
        name: "point capture",
        pages: 2,
        prepare: Shop::released,
        act: |shop| shop.command(["point", "capture", "checkout-ranker", "--env", "demo"]),
        meanwhile: |_, _| {},
        recover: |shop| {
            let points = shop.belay(["point", "list", "--json"]).answer("points");
            if points.as_array().unwrap().len() == 3 {
                return Recovery::Complete;
            }
            shop.belay(["point", "capture", "checkout-ranker", "--env", "demo"]).ends(0);
            Recovery::Repeated
        },
        finally: |shop, reference| {
            as_undisturbed(shop, reference);
            let points = shop.belay(["point", "list", "--json"]).answer("points");
            assert_eq!(points.as_array().unwrap().len(), 3, "{points}");
            let newest = points[0]["id"].as_str().unwrap();
            let difference = shop.belay(["point", "diff", newest, "--json"]).answer("point.difference");
            assert!(difference.as_array().unwrap().iter().all(|resource| resource["same"] == true), "{difference}");
        },
    });
}

#[test]
fn a_plugin_added_is_pinned_or_can_be_added_again() {
    sweep(&Story {
        name: "plugin add",
        pages: 2,
        prepare: || {
            let shop = Shop::good();
            std::fs::remove_file(shop.file("belay.lock")).unwrap();
            shop
        },
        act: |shop| shop.command(["plugin", "add", "plugins/blast_radius.wasm"]),
        meanwhile: |_, _| {},
        recover: |shop| {
            shop.belay(["plugin", "add", "plugins/blast_radius.wasm"]).ends(0);
            Recovery::Repeated
        },
        finally: |shop, _| {
            let lock = std::fs::read_to_string(shop.file("belay.lock")).unwrap();
            assert_eq!(lock.matches("digest = ").count(), 1, "{lock}");
        },
    });
}

#[test]
fn a_workspace_can_be_begun_again() {
    sweep(&Story {
        name: "init",
        pages: 2,
        prepare: Shop::bare,
        act: |shop| shop.command(["init"]),
        meanwhile: |_, _| {},
        recover: |shop| {
            shop.belay(["init"]).ends(0);
            Recovery::Repeated
        },
        finally: |shop, _| {
            shop.belay(["plugin", "add", "plugins/blast_radius.wasm"]).ends(0);
        },
    });
}
