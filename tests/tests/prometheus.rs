//! Checks against a real Prometheus server and a service behind HTTP. What has no data has not passed.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::{SystemTime, UNIX_EPOCH};

use belay_tests::lab::desk::Desk;
use belay_tests::lab::exporter::Exporter;
use belay_tests::lab::guarded::Folder;
use belay_tests::lab::prometheus::{Prometheus, Sources};
use belay_tests::lab::tier::is_left_out;
use belay_tests::lab::{Part, Tier, running};

const NEEDS: [Part; 1] = [Part::Prometheus];
const RUN: &str = "run off ranker";

/// A desk whose checks ask this server and this service.
fn desk(metrics: &Prometheus, ranker: &Exporter) -> Desk {
    let desk = Desk::of("metrics", &["flagd_flag", "prometheus", "http_latency"]);
    desk.edit(
        "belay.toml",
        "metrics = { url = \"http://127.0.0.1:9\"",
        &format!("metrics = {{ url = \"http://{}\"", metrics.address()),
    );
    desk.edit(
        "belay.toml",
        "ranker = { url = \"http://127.0.0.1:9\"",
        &format!("ranker = {{ url = \"http://{}\"", ranker.address()),
    );
    desk
}

/// A server that watches a service.
fn watching(metrics: &str) -> (Folder, Prometheus, Exporter) {
    let folder = Folder::guarded(running("prometheus"));
    let ranker = Exporter::start(metrics);
    let sources = Sources { targets: vec![ranker.address()], ..Sources::default() };
    let prometheus = Prometheus::start(folder.path(), &sources);
    (folder, prometheus, ranker)
}

fn errors(count: u32) -> String {
    format!(
        "# TYPE lab_errors gauge\nlab_errors{{shard=\"a\"}} {count}\nlab_requests{{shard=\"a\"}} 1000\nlab_requests{{shard=\"b\"}} 0\n"
    )
}

#[test]
fn a_number_within_bounds_passes_and_one_beyond_fails() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let (_folder, prometheus, ranker) = watching(&errors(1));
    let desk = desk(&prometheus, &ranker);
    prometheus.wait_for("sum(lab_errors)", Some("1"));
    desk.belay(RUN).ends(0).says("passed  prometheus value below 0.02: 0.001");
    desk.belay("undo r-1").ends(0);
    ranker.measure(&errors(50));
    prometheus.wait_for("sum(lab_errors)", Some("50"));
    desk.belay(RUN).ends(1).says("0.05 is not below 0.02");
    desk.is_sound();
}

#[test]
fn no_data_is_never_a_pass_though_the_query_has_a_value() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let (_folder, prometheus, ranker) = watching(&errors(1));
    let desk = desk(&prometheus, &ranker);
    let zero = "sum(last_over_time(lab_errors[10m])) * 0";
    desk.edit("runbooks/off.toml", "sum(lab_errors) / sum(lab_requests)", zero);
    prometheus.wait_for(zero, Some("0"));
    ranker.fall_silent();
    prometheus.wait_for("sum(lab_requests)", None);
    assert_eq!(prometheus.value(zero).as_deref(), Some("0"), "the trap: a good value of something that is gone");
    desk.belay(RUN).ends(1).says("no samples of lab_requests");
    desk.is_sound();
}

#[test]
fn old_samples_are_no_data() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let dated = |age_ms: u128| format!("lab_errors 1 {0}\nlab_requests 1000 {0}\n", now - age_ms);
    // Samples with a time of their own stay until they are five minutes old.
    let (_folder, prometheus, ranker) = watching(&dated(100_000));
    let desk = desk(&prometheus, &ranker);
    prometheus.wait_for("sum(lab_errors) / sum(lab_requests)", Some("0.001"));
    desk.belay(RUN).ends(1).says("the newest sample of lab_requests is 1");
    desk.is_sound();
}

#[test]
fn many_series_are_no_number() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let (_folder, prometheus, ranker) = watching(&errors(1));
    let desk = desk(&prometheus, &ranker);
    prometheus.wait_for("sum(lab_errors)", Some("1"));
    desk.edit("runbooks/off.toml", "sum(lab_errors) / sum(lab_requests)", "lab_requests * 0");
    desk.belay(RUN).ends(1).says("2 series").says("aggregate");
    desk.is_sound();
}

#[test]
fn a_service_that_fails_does_not_pass_whatever_its_times() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let (_folder, prometheus, ranker) = watching(&errors(1));
    let desk = desk(&prometheus, &ranker);
    desk.belay("run answers ranker").ends(0).says("ms").says("error_ratio below 0.01: 0.0000");
    desk.belay("undo r-1").ends(0);
    ranker.rank_with(503);
    desk.belay("run answers ranker").ends(1).says("1.0000 is not below 0.01").says("5 of 5 requests failed");
    desk.is_sound();
}
