//! Tables that pyiceberg's client writes through a REST catalog, set back by belay and read back by the client. The
//! catalog is a facade over pyiceberg's SQL catalog.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use belay_tests::lab::desk::{Desk, left, writes};
use belay_tests::lab::http1::Answer;
use belay_tests::lab::iceberg::{Iceberg, Seen, Table, iceberg};
use belay_tests::lab::proxy::{Act, Proxy};
use belay_tests::lab::{is_left_out, running};

const PLAN: &str = "plan table-back clicks --to latest-good";
const RUN: &str = "run table-back clicks --to latest-good --json";

/// A table of two snapshots in a catalog behind a proxy, the last of them captured as good.
struct Scene {
    desk: Desk,
    table: Table,
    good: Seen,
    proxy: Proxy,
}

impl Scene {
    fn set(name: &str) -> Self {
        Self::at(iceberg(), name)
    }

    fn at(server: &Iceberg, name: &str) -> Self {
        let table = server.table(name);
        let proxy = Proxy::start(server.address());
        let desk = Desk::at_catalog(&proxy.url(), table.name());
        desk.capture("clicks");
        let good = table.look();
        Self { desk, table, good, proxy }
    }

    /// Does this with the next write, once, and lets everything else pass.
    fn with_next_write(&self, act: impl Fn() -> Act + Send + Sync + 'static) {
        let spent = AtomicBool::new(false);
        self.proxy.rule(move |_, request| {
            if request.method == "POST" && !spent.swap(true, Ordering::SeqCst) { act() } else { Act::Pass }
        });
    }

    /// The run that was recorded last.
    fn latest(&self) -> Option<String> {
        let runs = self.desk.belay("status --json --limit 1").ends(0).answer("runs");
        Some(runs[0]["run"].as_str()?.to_owned())
    }

    /// That `main` stands at the good snapshot, which `commits` of its log do.
    fn is_good(&self, commits: usize) {
        let seen = self.table.look();
        assert_eq!((&seen.main, &seen.rows), (&self.good.main, &self.good.rows));
        let entries = seen.log.iter().filter(|entry| entry.as_str() == Some(&self.good.main)).count();
        assert_eq!(entries, 1 + commits, "each restoration is one commit: {seen:?}");
    }
}

#[test]
fn a_branch_is_set_back_undone_and_set_back_again_and_the_schema_stays() {
    if is_left_out() {
        return;
    }
    let scene = Scene::set("whole");
    let Scene { desk, table, good, .. } = &scene;
    table.overwrite();
    table.add_column();
    let bad = table.append();
    desk.belay(PLAN).ends(0).says("3 changes").says("the schema does not roll back");
    assert_eq!(table.look(), bad, "a plan writes nothing");
    desk.belay(RUN).ends(0);
    scene.is_good(1);
    assert_eq!(table.look().schema, bad.schema, "the trap: the schema stays");
    desk.belay(PLAN).ends(0).says("nothing");
    desk.belay(RUN).ends(0);
    scene.is_good(1);
    desk.belay("undo r-1").ends(0);
    assert_eq!((table.look().main, table.look().rows), (bad.main, bad.rows));
    desk.belay(&format!("run table-back clicks --at dataset={}", good.main)).ends(0);
    scene.is_good(2);
    table.append();
    assert_eq!(table.look().rows.len(), good.rows.len() + 3, "an ordinary writer goes on");
    desk.is_sound();
}

#[test]
fn a_commit_between_plan_and_write_is_refused_by_the_catalog_and_planned_again() {
    if is_left_out() {
        return;
    }
    let scene = Scene::set("rival");
    scene.table.overwrite();
    let rival = scene.table.clone();
    scene.with_next_write(move || {
        rival.append();
        Act::Pass
    });
    let run = scene.desk.belay(RUN).ends(0).answer("run");
    assert_eq!(left(&run, "dataset"), "restored");
    assert_eq!(scene.proxy.writes().len(), 2, "{:?}", writes(&run, "dataset"));
    scene.is_good(1);
    scene.desk.is_sound();
}

#[test]
fn a_lost_answer_is_settled_and_no_commit_is_made_twice() {
    if is_left_out() {
        return;
    }
    let scene = Scene::set("lost");
    let unknown = br#"{"error":{"message":"try again","type":"CommitStateUnknownException","code":500}}"#;
    for (number, act) in [
        Act::LoseAnswer,
        Act::LoseRequest,
        Act::Say(Answer::bytes(200, "text/html", b"<html>Sign in</html>")),
        Act::Say(Answer::bytes(500, "application/json", unknown)),
    ]
    .into_iter()
    .enumerate()
    {
        scene.table.overwrite();
        let told = act.clone();
        scene.with_next_write(move || told.clone());
        let run = scene.desk.belay(RUN).ends(0).answer("run");
        assert_eq!(left(&run, "dataset"), "restored", "{act:?}: {:?}", writes(&run, "dataset"));
        scene.is_good(number + 1);
    }
    scene.desk.is_sound();
}

#[test]
fn a_run_killed_at_any_request_is_restored_by_resume_with_one_commit() {
    if is_left_out() {
        return;
    }
    let scene = Scene::set("killed");
    let (mut kills, mut commits) = (0, 0);
    for held in [Act::HoldAnswer, Act::HoldRequest] {
        for at in 0.. {
            scene.table.overwrite();
            let before = scene.latest();
            let hold = held.clone();
            scene.proxy.rule(move |number, _| if number == at { hold.clone() } else { Act::Pass });
            let mut run = scene.desk.start(RUN);
            let was_held = loop {
                if scene.proxy.holds() {
                    break true;
                }
                if run.try_wait().unwrap().is_some() {
                    break false;
                }
                thread::sleep(Duration::from_millis(5));
            };
            run.kill().unwrap();
            run.wait().unwrap();
            scene.proxy.rule(|_, _| Act::Pass);
            commits += 1;
            if !was_held {
                scene.is_good(commits);
                break;
            }
            kills += 1;
            let latest = scene.latest();
            let next = match &latest {
                Some(run) if latest != before => format!("resume {run} --json"),
                // Killed before its run was recorded: there is nothing to resume.
                Some(_) | None => RUN.to_owned(),
            };
            scene.desk.belay(&next).ends(0);
            scene.is_good(commits);
        }
    }
    println!("{kills} kills");
    scene.desk.is_sound();
}

#[test]
fn a_catalog_killed_in_the_middle_of_a_commit_and_started_again_is_read_as_it_is() {
    if is_left_out() {
        return;
    }
    let mut server = Iceberg::start(&running("iceberg-killed"));
    let scene = Scene::at(&server, "down");
    scene.table.overwrite();
    // The commit is made, its answer is not given, and the catalog dies before belay can look.
    scene.with_next_write(|| Act::HoldAnswer);
    scene.desk.edit("belay.toml", "timeout = \"30s\"", "timeout = \"4s\"");
    let run = scene.desk.start(RUN);
    assert!(scene.proxy.wait_for_held());
    server.service().kill();
    let ended = run.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(6), "nobody can tell while the catalog is down");
    server.service().revive();
    let said = scene.desk.belay("resume r-1 --json");
    assert_eq!(left(&said.ends(0).answer("run"), "dataset"), "restored");
    scene.is_good(1);
    scene.desk.is_sound();
}

#[test]
fn an_expired_snapshot_and_a_page_in_the_catalogs_place_are_named_before_anything_is_written() {
    if is_left_out() {
        return;
    }
    let scene = Scene::set("expired");
    let bad = scene.table.overwrite();
    let page = Answer::bytes(200, "text/html", b"<html><h1>Sign in</h1></html>");
    let unauthorized = Answer::bytes(
        401,
        "application/json",
        br#"{"error":{"message":"","type":"NotAuthorizedException","code":401}}"#,
    );
    for (answer, expected) in [(page, "catalog"), (unauthorized, "401")] {
        scene.proxy.rule(move |_, _| Act::Say(answer.clone()));
        let said = scene.desk.belay(RUN);
        assert_eq!(left(&said.ends(6).answer("run"), "dataset"), "not_touched");
        said.says(expected).says("resume");
        scene.proxy.rule(|_, _| Act::Pass);
        let run =
            scene.desk.belay("status --json --limit 1").ends(0).answer("runs")[0]["run"].as_str().unwrap().to_owned();
        scene.desk.belay(&format!("abort {run} --reason another-day")).ends(0);
    }
    scene.table.expire(&scene.good.main);
    scene.desk.belay(PLAN).says("expired");
    let said = scene.desk.belay(RUN);
    assert_eq!(left(&said.ends(6).answer("run"), "dataset"), "not_touched");
    assert_eq!(scene.table.look().main, bad.main);
    scene.desk.is_sound();
}

#[test]
fn a_writer_every_two_seconds_does_not_starve_a_run() {
    if is_left_out() {
        return;
    }
    let scene = Scene::set("busy");
    scene.table.overwrite();
    let stop = Arc::new(AtomicBool::new(false));
    let (stopping, table) = (Arc::clone(&stop), scene.table.clone());
    let writer = thread::spawn(move || {
        while !stopping.load(Ordering::Relaxed) {
            table.append();
            thread::sleep(Duration::from_secs(2));
        }
    });
    let said = scene.desk.belay(RUN);
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    let run = said.answer("run");
    println!("{:?} after {} tries", said.status, writes(&run, "dataset").len());
    let restored = scene.table.look().log.iter().filter(|entry| entry.as_str() == Some(&scene.good.main)).count() > 1;
    assert_eq!(left(&run, "dataset") == "restored", restored, "{said}");
    scene.desk.is_sound();
}
