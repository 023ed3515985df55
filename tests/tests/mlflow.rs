//! Models of a real MLflow server, taken back by belay. Each trap of the registry is a test; what a network adds is in
//! `mlflow_faults.rs`, what a kill adds in `mlflow_kills.rs`.

use belay_tests::lab::desk::{Desk, left};
use belay_tests::lab::mlflow::{Mlflow, mlflow};
use belay_tests::lab::tier::is_left_out;
use belay_tests::lab::{Part, Tier};
use belay_tests::workspace::Said;

const PLAN: &str = "plan model-back ranker --to latest-good";
const RUN: &str = "run model-back ranker --to latest-good";

/// A model of two versions, the first of them captured as good, the second live.
fn released(model: &str) -> (Desk, &'static Mlflow) {
    let server = mlflow();
    server.model(model, &[&[("weights.bin", b"good"), ("conf/a b.txt", b"1")], &[("weights.bin", b"bad!")]]);
    server.promote(model, 1);
    let desk = Desk::at_registry(&format!("http://{}", server.address()), model);
    desk.capture("ranker");
    server.promote(model, 2);
    (desk, server)
}

/// That a run was refused before it wrote, and why.
fn is_refused(said: &Said, why: &str) {
    assert_eq!(left(&said.ends(6).answer("run"), "model"), "not_touched");
    said.says(why);
}

#[test]
fn a_promoted_version_is_taken_back_undone_and_taken_back_again() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    let (desk, server) = released("whole");
    desk.belay(PLAN).ends(0).says("v2 → v1").says("reversible");
    assert_eq!(server.champion("whole"), 2, "a plan writes nothing");
    desk.belay(RUN).ends(0);
    assert_eq!(server.champion("whole"), 1);
    desk.belay(PLAN).ends(0).says("nothing");
    desk.belay(RUN).ends(0).says("nothing to do");
    desk.belay("undo r-1").ends(0);
    assert_eq!(server.champion("whole"), 2);
    desk.belay("run model-back ranker --at model=v1").ends(0);
    assert_eq!(server.champion("whole"), 1);
    desk.belay("run model-back ranker --at model=7").ends(1).says("version 7");
    desk.belay("run model-back ranker --before 00:00").ends(1).says("no history");
    assert_eq!(server.champion("whole"), 1);
    desk.is_sound();
}

#[test]
fn each_form_of_source_is_captured_and_restored() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    let server = mlflow();
    let desk = Desk::at_registry(&format!("http://{}", server.address()), "ranker");
    // `seed_mlflow.py`: a run's artifacts, a logged model, a place.
    for (good, bad) in [(1, 2), (2, 3), (3, 1)] {
        server.promote("ranker", good);
        desk.capture("ranker");
        server.promote("ranker", bad);
        desk.belay(RUN).ends(0);
        assert_eq!(server.champion("ranker"), good);
    }
}

#[test]
fn an_absent_alias_is_a_state() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    let (desk, server) = released("absent");
    server.demote("absent");
    desk.belay(PLAN).ends(0).says("absent → v1");
    desk.belay(RUN).ends(0);
    assert_eq!(server.champion("absent"), 1);

    server.demote("absent");
    desk.capture("ranker");
    server.promote("absent", 2);
    // The connection's list has no DELETE.
    desk.belay(&format!("{RUN} --json")).ends(3).says("DELETE");
    assert_eq!(server.champion("absent"), 2);
}

#[test]
fn a_deleted_version_is_named_before_anything_is_written() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    let (desk, server) = released("deleted");
    server.delete_version("deleted", 1);
    desk.belay(PLAN).says("version 1 of `deleted` is not in the registry");
    is_refused(&desk.belay(&format!("{RUN} --json")), "version 1 of `deleted`");
    assert_eq!(server.champion("deleted"), 2);
}

#[test]
fn a_version_whose_artifact_is_gone_is_refused_though_mlflow_would_set_it() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    let (desk, server) = released("gone");
    server.remove("gone", 1, "weights.bin");
    is_refused(&desk.belay(&format!("{RUN} --json")), "weights.bin");
    assert_eq!(server.champion("gone"), 2);
    server.promote("gone", 1);
    assert_eq!(server.champion("gone"), 1, "the trap: MLflow doesn't mind");
}

#[test]
fn a_version_whose_bytes_changed_is_refused_though_sizes_are_equal() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    let (desk, server) = released("changed");
    server.overwrite("changed", 1, ("weights.bin", b"evil"));
    is_refused(&desk.belay(&format!("{RUN} --json")), "bytes of artifact `weights.bin`");
    assert_eq!(server.champion("changed"), 2);
    server.overwrite("changed", 1, ("weights.bin", b"good"));
    desk.belay("resume r-1").ends(0);
    assert_eq!(server.champion("changed"), 1);
}
