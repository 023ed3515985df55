//! A real MLflow server behind a network that delays, loses and garbles, and behind a gate that wants a token. What
//! belay says of a run must be what the server saw.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use belay_tests::lab::desk::{Desk, left, writes};
use belay_tests::lab::http1::Answer;
use belay_tests::lab::mlflow::{Mlflow, mlflow};
use belay_tests::lab::proxy::{Act, Proxy};
use belay_tests::lab::tier::is_left_out;
use belay_tests::lab::{Part, Tier};

const PLAN: &str = "plan model-back ranker --to latest-good";
const RUN: &str = "run model-back ranker --to latest-good --json";

/// A model of two versions behind a proxy, the first of them captured as good, the second live.
fn released(model: &str) -> (Desk, &'static Mlflow, Proxy) {
    let server = mlflow();
    server.model(model, &[&[("weights.bin", b"good")], &[("weights.bin", b"bad!")]]);
    server.promote(model, 1);
    let proxy = Proxy::start(server.address());
    let desk = Desk::at_registry(&proxy.url(), model);
    desk.edit("belay.toml", "timeout = \"30s\"", "timeout = \"3s\"");
    desk.capture("ranker");
    server.promote(model, 2);
    (desk, server, proxy)
}

#[test]
fn what_is_no_answer_of_mlflows_halts_the_run_before_it_writes() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    let (desk, server, proxy) = released("garbled");
    let page = Answer::bytes(200, "text/html", b"<html><h1>Sign in</h1></html>");
    let huge = Answer::bytes(200, "application/json", &vec![b' '; 17 << 20]);
    let faults = [
        ("HTML where JSON was due", Act::Say(page)),
        ("a 500", Act::Say(Answer::bytes(500, "text/plain", b"Internal Server Error"))),
        ("a 401", Act::Say(Answer::bytes(401, "text/plain", b"You are not authenticated"))),
        ("a huge body", Act::Say(huge)),
        ("a slow body", Act::Trickle),
        ("no answer", Act::LoseRequest),
        ("no HTTP", Act::Say(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())),
    ];
    for (number, (fault, act)) in faults.into_iter().enumerate() {
        let garbling = act.clone();
        proxy.rule(move |_, _| garbling.clone());
        desk.belay(PLAN).says("model");
        let said = desk.belay(RUN);
        assert_eq!(left(&said.ends(6).answer("run"), "model"), "not_touched", "{fault}");
        assert_eq!(proxy.writes(), [], "{fault}");

        proxy.rule(|_, _| Act::Pass);
        desk.belay(&format!("resume r-{}", number + 1)).ends(0);
        assert_eq!(server.champion("garbled"), 1, "{fault}");
        server.promote("garbled", 2);
    }
    desk.is_sound();
}

#[test]
fn a_system_that_is_down_is_named_and_halts_its_own_stage_only() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    let (desk, server, proxy) = released("down");
    let port = proxy.port();
    drop(proxy);
    desk.belay("plan off-and-back ranker --to latest-good").says("model").says("refused");
    let said = desk.belay("run off-and-back ranker --to latest-good --json");
    let run = said.ends(6).answer("run");
    assert_eq!((left(&run, "flag").as_str(), left(&run, "model").as_str()), ("restored", "not_touched"));
    assert!(desk.flags().contains("DISABLED"), "contained: {}", desk.flags());
    said.says("resume r-1");

    let _back = Proxy::at(port, server.address());
    desk.belay("resume r-1").ends(0);
    assert_eq!(server.champion("down"), 1);
    desk.is_sound();
}

/// What the proxy does with the first write.
fn first_write(proxy: &Proxy, act: Act) {
    let unspent = std::sync::Mutex::new(Some(act));
    proxy.rule(move |_, request| {
        let act = if request.method == "POST" { unspent.lock().unwrap().take() } else { None };
        act.unwrap_or(Act::Pass)
    });
}

#[test]
fn a_lost_answer_is_settled_by_looking_and_nothing_is_written_twice() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    let (desk, server, proxy) = released("lost");
    let once = ["unknown, found_applied"].as_slice();
    let twice = ["unknown, found_not_applied", "applied"].as_slice();
    let bad_gateway = Act::Say(Answer::bytes(502, "text/html", b"<html>Bad Gateway</html>"));
    // One that is late lands while belay settles, or after it looked; both are harmless for this write.
    for (act, expected, sent) in [
        (Act::LoseAnswer, once, 1),
        (Act::LoseRequest, twice, 2),
        (bad_gateway, twice, 2),
        (Act::Delay(Duration::from_millis(3_100)), once, 1),
    ] {
        server.promote("lost", 2);
        first_write(&proxy, act.clone());
        let said = desk.belay(RUN);
        let run = said.ends(0).answer("run");
        assert_eq!(left(&run, "model"), "restored", "{act:?}");
        assert_eq!(
            (writes(&run, "model"), proxy.writes().len()),
            (expected.iter().map(|word| (*word).to_owned()).collect(), sent),
            "{act:?}"
        );
        assert_eq!(server.champion("lost"), 1, "{act:?}");
    }
    desk.is_sound();
}

#[test]
fn what_must_not_be_repeated_is_not_without_a_person() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    let (desk, server, proxy) = released("once");
    desk.edit("belay.toml", "repeatable = true", "repeatable = false");
    first_write(&proxy, Act::LoseAnswer);
    desk.belay(RUN).ends(0);
    assert_eq!(proxy.writes().len(), 1, "looking tells that it happened");

    for (run, (word, writes)) in [("not-applied", 2), ("plan-again", 2)].into_iter().enumerate() {
        let run = run + 2;
        server.promote("once", 2);
        first_write(&proxy, Act::LoseRequest);
        let said = desk.belay(RUN);
        assert_eq!(left(&said.ends(6).answer("run"), "model"), "unknown");
        said.says(&format!("belay resolve r-{run}"));
        desk.belay(&format!("resume r-{run}")).ends(6);
        assert_eq!(proxy.writes().len(), 1, "not sent again: {said}");
        desk.belay(&format!("resolve r-{run} model --as {word} --reason looked"));
        desk.belay(&format!("resume r-{run}"));
        assert_eq!((server.champion("once"), proxy.writes().len()), (1, writes), "{word}");
    }
    desk.is_sound();
}

#[test]
fn a_token_is_sent_and_stands_nowhere() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    let (desk, server, proxy) = released("token");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    // The gate repeats what it was told, as some do.
    proxy.rule(|_, request| match request.header("authorization") {
        Some("Bearer canary-4f1d8c") => Act::Pass,
        other => Act::Say(Answer::bytes(401, "application/json", format!("{{\"got\":{other:?}}}").as_bytes())),
    });
    let mut all = vec![desk.belay(PLAN)];
    all[0].says("401");

    let auth = format!("kind = \"http\"\nauth = {{ bearer = {{ file = \"{}\" }} }}", file.display());
    desk.edit("belay.toml", "kind = \"http\"", &auth);
    all.push(desk.belay(RUN));
    all[1].ends(6).says("token");
    std::fs::write(&file, "canary-of-yesterday").unwrap();
    all.push(desk.belay("resume r-1"));
    all[2].ends(6).says("401");
    assert_eq!(server.champion("token"), 2);
    std::fs::write(&file, "canary-4f1d8c\n").unwrap();
    all.push(desk.belay("-vv resume r-1"));
    all[3].ends(0);
    assert_eq!(server.champion("token"), 1);
    all.push(desk.belay("audit log --json"));
    all.push(desk.belay("plan show model-back ranker --at model=2 --as-commands"));
    for said in &all {
        assert!(!said.out.contains("canary") && !said.err.contains("canary"), "{said}");
    }
    assert_eq!(desk.files_with(b"canary"), Vec::<String>::new());
}
