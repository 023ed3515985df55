//! A real Prefect server, its deployments paused and taken back by the presets of `http-resource`: what holds of every
//! reverter, and what a network and a crash add.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use belay_tests::lab::desk::{Desk, left, writes};
use belay_tests::lab::guarded::Folder;
use belay_tests::lab::http1::Answer;
use belay_tests::lab::port::free_address;
use belay_tests::lab::prefect::{Prefect, prefect};
use belay_tests::lab::proxy::{Act, Proxy};
use belay_tests::lab::{Part, Tier, running, tier};
use serde_json::json;

const STOP: &str = "run stop-pipeline pipeline --to latest-good --json";
const BACK: &str = "run pipeline-back pipeline --to latest-good --json";

fn is_left_out() -> bool {
    tier::is_left_out(Tier::Full, &[Part::Prefect])
}

/// One test at a time: Prefect answers 503 where SQLite is locked by what another does.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A desk whose deployment is this one, at this address.
fn desk(url: &str, deployment: &str) -> Desk {
    let desk = Desk::of("rest", &["http_resource"]);
    desk.edit("belay.toml", "http://127.0.0.1:8", url);
    desk.edit("features/pipeline.toml", "etl/nightly", &format!("etl/{deployment}"));
    desk
}

/// A deployment that was captured as good, and is paused with other parameters since, behind a proxy.
fn released(server: &Prefect, deployment: &str) -> (Desk, Proxy) {
    server.deploy(deployment, &json!({ "model": "v8", "threshold": 0.5 }));
    let proxy = Proxy::start(server.address());
    let desk = desk(&proxy.url(), deployment);
    desk.capture("pipeline");
    spoil(server, deployment);
    (desk, proxy)
}

fn spoil(server: &Prefect, deployment: &str) {
    server.patch(deployment, &json!({ "paused": true, "parameters": { "model": "v9", "threshold": 0.75 } }));
}

fn is_good(server: &Prefect, deployment: &str) -> bool {
    let found = server.deployment(deployment);
    found["paused"] == false && found["parameters"] == json!({ "model": "v8", "threshold": 0.5 })
}

#[test]
fn a_deployment_is_paused_taken_back_and_undone() {
    if is_left_out() {
        return;
    }
    let (_turn, server) = (turn(), prefect());
    let (desk, _proxy) = released(server, "whole");
    desk.belay("lint").ends(0);
    desk.belay("plan pipeline-back pipeline --to latest-good").ends(0).says("paused true → false");
    assert!(!is_good(server, "whole"), "a plan writes nothing");
    let run = desk.belay(BACK).ends(0).answer("run");
    assert_eq!(writes(&run, "schedule"), ["applied", "applied"], "each member has its own write");
    assert!(is_good(server, "whole"));
    desk.belay("plan pipeline-back pipeline --to latest-good").ends(0).says("nothing");
    desk.belay("undo r-1").ends(0);
    assert_eq!(server.deployment("whole")["parameters"], json!({ "model": "v9", "threshold": 0.75 }));
    desk.belay(BACK).ends(0);

    let run = desk.belay(STOP).ends(0).answer("run");
    assert_eq!(writes(&run, "schedule"), ["applied"], "only what was asked for");
    assert!(server.is_paused("whole"));
    desk.belay(STOP).ends(0);
    desk.is_sound();
}

#[test]
fn a_flow_run_is_started_once_and_is_not_taken_back() {
    if is_left_out() {
        return;
    }
    let (_turn, server) = (turn(), prefect());
    let (desk, proxy) = released(server, "again");
    let unspent = Mutex::new(Some(Act::LoseAnswer));
    proxy.rule(move |_, request| {
        let is_start = request.target.ends_with("/create_flow_run");
        if is_start { unspent.lock().unwrap().take().unwrap_or(Act::Pass) } else { Act::Pass }
    });
    let run = "run compute-again pipeline --to latest-good --parameter run=inc-4211";
    desk.belay(run).ends(0);
    assert_eq!(server.runs("again"), ["inc-4211"], "started, although the answer was lost");
    desk.belay(run).ends(0);
    assert_eq!(server.runs("again"), ["inc-4211"], "not started again");
    desk.belay("run compute-again pipeline --to latest-good --parameter run=inc-4212").ends(0);
    assert_eq!(server.runs("again").len(), 2);
    desk.belay("undo r-1").says("can't be taken back");
    assert_eq!(server.runs("again").len(), 2);
}

#[test]
fn a_third_partys_change_between_plan_and_write_is_noticed() {
    if is_left_out() {
        return;
    }
    let (_turn, server) = (turn(), prefect());
    let (desk, proxy) = released(server, "third");
    // Somebody else changes the parameters when the first write, which is about the pause, arrives.
    let unspent = AtomicBool::new(true);
    proxy.rule(move |_, request| {
        if request.method == "PATCH" && unspent.swap(false, Ordering::SeqCst) {
            prefect().patch("third", &json!({ "parameters": { "model": "v10" } }));
        }
        Act::Pass
    });
    let said = desk.belay(BACK);
    let run = said.ends(0).answer("run");
    assert_eq!(left(&run, "schedule"), "restored");
    assert!(is_good(server, "third"));
    desk.is_sound();
}

#[test]
fn a_writer_every_two_seconds_does_not_starve_the_run() {
    if is_left_out() {
        return;
    }
    let (_turn, server) = (turn(), prefect());
    let (desk, _proxy) = released(server, "busy");
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    // Touches what is not the run's to restore: each time the revision moves.
    let writer = thread::spawn(move || {
        let mut number = 0;
        while !stopped.load(Ordering::SeqCst) {
            number += 1;
            prefect().patch("busy", &json!({ "description": format!("touched {number} times") }));
            thread::sleep(Duration::from_secs(2));
        }
    });
    let said = desk.belay(BACK);
    stop.store(true, Ordering::SeqCst);
    writer.join().unwrap();
    said.ends(0);
    assert!(is_good(server, "busy"));
}

#[test]
fn what_is_no_answer_of_prefects_halts_the_run_before_it_writes() {
    if is_left_out() {
        return;
    }
    let (_turn, server) = (turn(), prefect());
    let (desk, proxy) = released(server, "garbled");
    let page = Answer::bytes(200, "text/html", b"<html><h1>Sign in</h1></html>");
    let faults = [
        ("a proxy's page", Act::Say(page), "no JSON"),
        (
            "a wrong token",
            Act::Say(Answer::bytes(401, "application/json", br#"{"exception_message":"Unauthorized"}"#)),
            "401",
        ),
        ("another JSON", Act::Say(Answer::bytes(200, "application/json", br#"{"detail":"ok"}"#)), "nothing is at"),
        ("no answer", Act::LoseRequest, "unavailable"),
    ];
    for (number, (fault, act, why)) in faults.into_iter().enumerate() {
        let garbling = act.clone();
        proxy.rule(move |_, _| garbling.clone());
        let said = desk.belay(BACK);
        assert_eq!(left(&said.ends(6).answer("run"), "schedule"), "not_touched", "{fault}");
        said.says(why);
        proxy.rule(|_, _| Act::Pass);
        desk.belay(&format!("resume r-{}", number + 1)).ends(0);
        assert!(is_good(server, "garbled"), "{fault}");
        spoil(server, "garbled");
    }
    desk.is_sound();
}

#[test]
fn a_run_killed_at_any_request_is_restored_by_resume() {
    if is_left_out() {
        return;
    }
    let (_turn, server) = (turn(), prefect());
    let (desk, proxy) = released(server, "killed");
    let mut kills = 0;
    loop {
        spoil(server, "killed");
        proxy.rule(move |number, _| if number == kills { Act::HoldAnswer } else { Act::Pass });
        let before = latest(&desk);
        let mut run = desk.start("run pipeline-back pipeline --to latest-good");
        let was_held = is_held(&proxy, &mut run);
        run.kill().unwrap();
        run.wait().unwrap();
        if !was_held {
            break;
        }
        let seen = proxy.writes().iter().filter(|write| write.reached()).count();
        proxy.rule(|_, _| Act::Pass);
        if let Some(run) = latest(&desk).filter(|run| Some(run) != before.as_ref()) {
            let resumed = desk.belay(&format!("resume {run} --json")).ends(0).answer("run");
            assert_eq!(left(&resumed, "schedule"), "restored", "killed at request {kills}");
            assert_eq!(seen + proxy.writes().len(), 2, "killed at request {kills}: each written once");
            assert!(is_good(server, "killed"), "killed at request {kills}");
        }
        kills += 1;
    }
    assert!(kills >= 4, "{kills} requests");
    desk.is_sound();
}

#[test]
fn the_server_killed_in_the_middle_of_a_write_is_restored_by_resume() {
    if is_left_out() {
        return;
    }
    // A server of its own: others use the shared one.
    let folder = Folder::guarded(running("prefect"));
    let server = Prefect::start_at(folder.path(), free_address());
    let (desk, proxy) = released(&server, "crash");
    proxy.rule(|_, request| if request.method == "PATCH" { Act::HoldRequest } else { Act::Pass });
    let run = desk.start("run pipeline-back pipeline --to latest-good");
    assert!(proxy.wait_for_held());
    server.kill();
    // What was held is lost with the server; so is every look at it.
    proxy.rule(|_, _| Act::LoseRequest);
    let port = proxy.port();
    drop(proxy);
    let mut run = run;
    assert!(!run.wait().unwrap().success());
    desk.belay("status r-1").says("schedule");
    desk.belay("resume r-1").ends(6);

    server.restart();
    let _back = Proxy::at(port, server.address());
    let run = desk.belay("resume r-1 --json").ends(0).answer("run");
    assert_eq!(left(&run, "schedule"), "restored");
    assert!(is_good(&server, "crash"));
    desk.is_sound();
}

fn latest(desk: &Desk) -> Option<String> {
    let runs = desk.belay("status --json --limit 1").ends(0).answer("runs");
    Some(runs[0]["run"].as_str()?.to_owned())
}

/// Whether a request is held before the run ends by itself.
fn is_held(proxy: &Proxy, run: &mut std::process::Child) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(120) {
        if proxy.holds() {
            return true;
        }
        if run.try_wait().unwrap().is_some() {
            return proxy.holds();
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("the run neither ends nor asks")
}
