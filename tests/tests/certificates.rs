//! Who a system is to belay, and belay to it, by certificates: a registry behind TLS that wants a client's, and a real
//! Redis with its TLS port. What does not match is never taken for a system that is down.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use belay_tests::lab::authority::{Authority, Vouched};
use belay_tests::lab::desk::{Desk, left};
use belay_tests::lab::guarded::Folder;
use belay_tests::lab::http1::{Answer, Request};
use belay_tests::lab::redis::{Redis, Tls};
use belay_tests::lab::tier::is_left_out;
use belay_tests::lab::tls_front::TlsFront;
use belay_tests::lab::{Part, Tier, registry, running};
use serde_json::json;

const ALIAS: &str = "/api/2.0/mlflow/registered-models/alias";

/// What a connection is told about certificates.
fn trusting(authority: &Authority, client: &Vouched) -> String {
    format!(
        "ca_file = \"{}\"\nclient_certificate = {{ certificate = \"{}\", key = {{ file = \"{}\" }} }}\nsettle = \"200ms\"",
        authority.file.display(),
        client.certificate.display(),
        client.key.display()
    )
}

#[test]
fn a_certificate_that_does_not_match_halts_the_run_names_the_system_and_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let [ours, theirs, clients] = ["ours", "theirs", "clients"].map(|name| Authority::new(folder.path(), name));
    let server = ours.vouch(folder.path(), "localhost");
    let impostor_folder = tempfile::tempdir().unwrap();
    let impostor = theirs.vouch(impostor_folder.path(), "localhost");
    let other_name = ours.vouch(folder.path(), "elsewhere.example");
    let belay = clients.vouch(folder.path(), "belay");
    let stranger = theirs.vouch(folder.path(), "stranger");

    let upstream = registry::serve(std::time::Duration::ZERO).unwrap();
    let front = TlsFront::start(upstream, &server, Some(&clients.file));
    let desk = Desk::at_registry(&front.url(), "ranker");
    desk.edit("belay.toml", "settle = \"200ms\"", &trusting(&ours, &belay));
    desk.edit("runbooks/model-back.toml", "resource = \"model\"", "resource = \"model\"\nif_unreachable = \"skip\"");
    desk.capture("ranker");
    let bad = json!({ "name": "ranker", "alias": "champion", "version": "8" });
    assert_eq!(Answer::parse(&Request::json("POST", ALIAS, &bad).send(upstream).unwrap()).unwrap().status, 200);

    let cases = [
        (&impostor, &clients, "its certificate does not match"),
        (&other_name, &clients, "its certificate does not match"),
        (&server, &theirs, "did not accept belay's client certificate"),
    ];
    for (number, (shows, wants, expected)) in cases.into_iter().enumerate() {
        front.change(shows, Some(&wants.file));
        let run = format!("r-{}", number + 1);
        let said = desk.belay("run model-back ranker --to latest-good");
        said.ends(6).says("localhost").says(expected).says("not touched").says(&format!("belay resume {run}"));
        front.change(&server, Some(&clients.file));
        desk.belay(&format!("resume {run}")).ends(0);
        Request::json("POST", ALIAS, &bad).send(upstream).unwrap();
    }

    // Belay's own files.
    let good = std::fs::read(&belay.key).unwrap();
    std::fs::copy(&stranger.key, &belay.key).unwrap();
    desk.belay("run model-back ranker --to latest-good")
        .ends(6)
        .says("do not belong together")
        .says("belay resume r-4");
    std::fs::remove_file(&belay.key).unwrap();
    desk.belay("resume r-4").ends(6).says("belay.key").says("not touched");
    std::fs::write(&belay.key, good).unwrap();
    desk.belay("resume r-4").ends(0);
    desk.is_sound();
}

#[test]
fn a_real_redis_behind_tls_is_taken_back_and_a_stranger_is_told_apart_from_one_that_is_down() {
    if is_left_out(Tier::Fast, &[Part::Redis]) {
        return;
    }
    let folder = Folder::guarded(running("redis-tls"));
    let [ours, theirs] = ["ours", "theirs"].map(|name| Authority::new(folder.path(), name));
    let server = ours.vouch(folder.path(), "localhost");
    let (belay, stranger) = (ours.vouch(folder.path(), "belay"), theirs.vouch(folder.path(), "stranger"));
    let redis = Redis::start_with_tls(folder.path(), &Tls { shows: server, wants: ours.file.clone() });
    let port = redis.tls_port();
    let desk = Desk::of("redis", &["redis_cache"]);
    desk.edit("belay.toml", "redis://127.0.0.1:9", &format!("rediss://localhost:{port}"));
    desk.edit("belay.toml", "settle = \"200ms\"", &trusting(&ours, &belay));
    desk.edit("runbooks/generation-back.toml", "[[stage.step]]", "[[stage.step]]\nif_unreachable = \"skip\"");
    redis.ask(&["SET", "features:generation", "8"]);
    redis.fill("features:8:", 3);
    desk.capture("ranker");
    redis.ask(&["SET", "features:generation", "9"]);
    let said = desk.belay("run generation-back ranker --to latest-good --json");
    assert_eq!(left(&said.ends(0).answer("run"), "generation"), "restored", "{said}");
    assert_eq!(redis.ask(&["GET", "features:generation"]), "8");

    redis.ask(&["SET", "features:generation", "9"]);
    let shown = [(&belay.certificate, &stranger.certificate), (&belay.key, &stranger.key)];
    let belays = shown.map(|(file, other)| replaced(file, other));
    let said = desk.belay("run generation-back ranker --to latest-good");
    said.ends(6).says("did not accept belay's client certificate").says("not touched").says("belay resume r-2");
    for ((file, _), content) in shown.iter().zip(&belays) {
        fs::write(file, content).unwrap();
    }
    let trusted = replaced(&ours.file, &theirs.file);
    desk.belay("resume r-2").ends(6).says("its certificate does not match").says("localhost");
    assert_eq!(redis.ask(&["GET", "features:generation"]), "9", "nothing was written");
    fs::write(&ours.file, trusted).unwrap();
    desk.belay("resume r-2").ends(0);
    assert_eq!(redis.ask(&["GET", "features:generation"]), "8");
    desk.is_sound();
}

/// What a file held before another one's content took its place.
fn replaced(file: &Path, other: &Path) -> Vec<u8> {
    let before = fs::read(file).unwrap();
    fs::copy(other, file).unwrap();
    before
}
