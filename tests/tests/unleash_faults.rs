//! A real Unleash server that others write to, that is killed, and whose token is taken away. What belay says of a run
//! must be what the server holds.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use belay_tests::lab::desk::{Desk, left, writes};
use belay_tests::lab::http1::Answer;
use belay_tests::lab::proxy::{Act, Proxy};
use belay_tests::lab::tier::is_left_out;
use belay_tests::lab::unleash::{self, Flag, Stack, gradual};
use belay_tests::lab::{Part, Tier};
use serde_json::json;

const NEEDS: [Part; 2] = [Part::Postgres, Part::Unleash];
const RUN: &str = "run flag-back ranker --to latest-good --json";

/// A flag behind a proxy: captured at 25 % beside a strategy for staff, then at 100 % without that.
fn released(name: &str) -> (Desk, Flag, Proxy) {
    released_on(unleash::address(), name)
}

fn released_on(server: SocketAddr, name: &str) -> (Desk, Flag, Proxy) {
    let flag = Flag::new_on(server, name).released_to(25);
    let staff = flag.add(&json!({ "name": "default", "title": "staff" }));
    let proxy = Proxy::start(server);
    let desk = Desk::at_unleash(&proxy.url(), name);
    desk.capture("ranker");
    flag.remove(&staff);
    flag.roll_out(100);
    (desk, flag, proxy)
}

#[test]
fn a_change_between_plan_and_write_is_noticed_by_the_patch() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, flag, proxy) = released("raced");
    let raced = flag.clone();
    let unspent = AtomicBool::new(true);
    proxy.rule(move |_, request| {
        if request.method == "PATCH" && unspent.swap(false, Ordering::Relaxed) {
            raced.roll_out(60);
        }
        Act::Pass
    });
    let said = desk.belay(RUN);
    let run = said.ends(0).answer("run");
    assert_eq!(flag.now(), "on 25 -", "planned again from what was there");
    let patches = proxy.writes().iter().filter(|write| write.request.method == "PATCH").count();
    assert_eq!(patches, 2, "refused, then done: {said}");
    assert!(writes(&run, "flag").iter().any(|write| write.starts_with("not_applied")), "{said}");
    desk.is_sound();
}

#[test]
fn an_error_of_the_servers_own_is_not_taken_for_a_refusal() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, flag, proxy) = released("broken");
    let body = json!({ "name": "UnknownError", "message": "Something went wrong" }).to_string();
    let unspent = AtomicBool::new(true);
    proxy.rule(move |_, request| {
        let first = request.method == "PATCH" && unspent.swap(false, Ordering::Relaxed);
        if first { Act::Say(Answer::bytes(500, "application/json", body.as_bytes())) } else { Act::Pass }
    });
    let said = desk.belay(RUN);
    let run = said.ends(0).answer("run");
    assert_eq!(flag.now(), "on 25 -");
    let settled: Vec<String> = writes(&run, "flag").into_iter().filter(|write| write.starts_with("unknown")).collect();
    assert_eq!(settled.len(), 1, "looked at, not believed: {said}");
    desk.is_sound();
}

#[test]
fn a_proxys_page_is_no_answer_to_a_read_or_a_write() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, flag, proxy) = released("page");
    let page = Answer::bytes(200, "text/html", b"<html><h1>Sign in</h1></html>");
    let everywhere = page.clone();
    proxy.rule(move |_, _| Act::Say(everywhere.clone()));
    let said = desk.belay(RUN);
    assert_eq!(left(&said.ends(6).answer("run"), "flag"), "not_touched");
    said.says("flags");
    assert_eq!(proxy.writes(), []);

    let unspent = AtomicBool::new(true);
    proxy.rule(move |_, request| {
        let first = request.method == "PATCH" && unspent.swap(false, Ordering::Relaxed);
        if first { Act::Say(page.clone()) } else { Act::Pass }
    });
    let said = desk.belay("resume r-1 --json");
    let run = said.ends(0).answer("run");
    assert!(writes(&run, "flag").iter().any(|write| write.starts_with("unknown")), "{said}");
    assert_eq!(flag.now(), "on 25 -");
    desk.is_sound();
}

#[test]
fn a_lost_answer_is_settled_by_looking_and_nothing_is_added_twice() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, flag, proxy) = released("lost");
    proxy.rule(|_, request| if request.method == "GET" { Act::Pass } else { Act::LoseAnswer });
    let said = desk.belay(RUN);
    let run = said.ends(0).answer("run");
    assert_eq!(flag.now(), "on 25 -");
    assert_eq!(writes(&run, "flag"), ["unknown, found_applied", "unknown, found_applied"], "{said}");
    desk.is_sound();
}

#[test]
fn a_wrong_token_and_one_that_is_taken_away_halt_the_run_and_are_named() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, flag, proxy) = released("token");
    desk.edit("belay.toml", "timeout = \"30s\"", "timeout = \"120s\"");
    desk.admin_token("*:*.nobodys");
    let said = desk.belay(RUN);
    assert_eq!(left(&said.ends(6).answer("run"), "flag"), "not_touched");
    said.says("401").says("flags");
    desk.admin_token(unleash::PASSING_TOKEN);

    // Taken away after the first of two writes.
    let unspent = AtomicBool::new(true);
    let seen = Arc::new(AtomicBool::new(false));
    let first = Arc::clone(&seen);
    proxy.rule(move |_, request| {
        let write = request.method != "GET";
        if write && first.swap(true, Ordering::Relaxed) && unspent.swap(false, Ordering::Relaxed) {
            unleash::revoke(unleash::PASSING_TOKEN);
        }
        Act::Pass
    });
    let said = desk.belay("resume r-1 --json");
    let run = said.ends(1).answer("run");
    assert_ne!(left(&run, "flag"), "restored", "{said}");
    said.says("401");
    let halfway = flag.now();
    assert_ne!(halfway, "on 25 -", "one write was made");

    desk.admin_token(unleash::TOKEN);
    desk.belay("resume r-1").ends(0);
    assert_eq!(flag.now(), "on 25 -");
    desk.is_sound();
}

#[test]
fn a_server_that_dies_in_the_middle_of_a_write_is_resumed_when_it_is_back() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let mut stack = Stack::start();
    let (desk, flag, proxy) = released_on(stack.unleash.address(), "dies");
    let unspent = AtomicBool::new(true);
    proxy.rule(move |_, request| {
        let first = request.method == "PATCH" && unspent.swap(false, Ordering::Relaxed);
        if first { Act::HoldAnswer } else { Act::Pass }
    });
    desk.edit("belay.toml", "timeout = \"30s\"", "timeout = \"3s\"");
    let mut run = desk.start("run flag-back ranker --to latest-good");
    while !proxy.holds() {
        assert!(run.try_wait().unwrap().is_none(), "the run ended before its write");
        thread::sleep(Duration::from_millis(5));
    }
    stack.unleash.service().kill();
    stack.postgres.service().kill();
    assert_ne!(run.wait().unwrap().code(), Some(0), "nobody could look");
    let said = desk.belay("status --json");
    said.ends(0);
    stack.postgres.service().revive();
    stack.unleash.service().revive();
    proxy.rule(|_, _| Act::Pass);
    desk.belay("resume r-1").ends(0);
    assert_eq!(flag.now(), "on 25 -");
    desk.is_sound();
}

#[test]
fn a_run_killed_at_any_request_is_restored_by_resume() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, flag, proxy) = released("killed");
    let (mut kills, mut writes_held) = (0, 0);
    loop {
        proxy.rule(move |number, _| if number == kills { Act::HoldAnswer } else { Act::Pass });
        let mut run = desk.start("run flag-back ranker --to latest-good");
        let held = loop {
            if proxy.holds() {
                break true;
            }
            if run.try_wait().unwrap().is_some() {
                break false;
            }
            thread::sleep(Duration::from_millis(1));
        };
        run.kill().unwrap();
        run.wait().unwrap();
        writes_held += usize::from(proxy.writes().iter().any(|write| write.act == Act::HoldAnswer));
        proxy.rule(|_, _| Act::Pass);
        let runs = desk.belay("status --json --limit 1").ends(0).answer("runs");
        if let Some(name) = runs[0]["run"].as_str().filter(|_| runs[0]["view"]["status"]["ended"].is_null()) {
            desk.belay(&format!("resume {name}")).ends(0);
        }
        desk.belay("run flag-back ranker --to latest-good").ends(0);
        assert_eq!(flag.now(), "on 25 -", "killed at request {kills}");
        if !held {
            break;
        }
        // Away again: another share, and no strategy for staff.
        let staff = flag.strategies()[1]["id"].as_str().unwrap().to_owned();
        flag.remove(&staff);
        flag.roll_out(100);
        kills += 1;
    }
    assert_eq!(writes_held, 2, "each of the two writes was held once");
    println!("{kills} kills");
    desk.is_sound();
}

#[test]
fn a_writer_every_two_seconds_does_not_starve_a_run_once_it_is_contained() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let flag = Flag::at("busy", 25);
    let desk = Desk::at_unleash(&format!("http://{}", unleash::address()), "busy");
    desk.capture("ranker");
    let stop = Arc::new(AtomicBool::new(false));
    let (writing, stopped) = (flag.clone(), Arc::clone(&stop));
    let writer = thread::spawn(move || {
        for share in (30..90).cycle() {
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            writing.roll_out(share);
            thread::sleep(Duration::from_secs(2));
        }
    });
    thread::sleep(Duration::from_secs(3));
    // It may win between two of the writer's turns, or halt with a true picture.
    let said = desk.belay(RUN);
    let run = said.answer("run");
    if left(&run, "flag") != "restored" {
        said.ends(6);
    }
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    desk.belay("run flag-back ranker --to latest-good").ends(0);
    assert_eq!((flag.now().as_str(), flag.served("on 25").as_str()), ("on 25", "on 25"));
    assert_eq!(gradual("busy", 25)["parameters"], flag.strategies()[0]["parameters"]);
    desk.is_sound();
}
