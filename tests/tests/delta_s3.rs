//! Tables that the `deltalake` library keeps in an object store, taken back by belay with the plugin that knows nothing of
//! stores, and read back by the library. The store is moto, a stand-in for S3.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use belay_tests::lab::desk::{Desk, left, writes};
use belay_tests::lab::http1::Answer;
use belay_tests::lab::is_left_out;
use belay_tests::lab::proxy::{Act, Proxy};
use belay_tests::lab::s3::{StoredTable, s3};
use belay_tests::lab::table::Read;

const PLAN: &str = "plan table-back clicks --to latest-good";
const RUN: &str = "run table-back clicks --to latest-good --json";

/// A table of three versions in a store behind a proxy, the last of them captured as good.
struct Scene {
    desk: Desk,
    table: StoredTable,
    good: Read,
    proxy: Proxy,
    bucket: &'static str,
}

impl Scene {
    fn set(bucket: &'static str) -> Self {
        let table = StoredTable::create(s3(), bucket);
        let proxy = Proxy::start(s3().address());
        let desk = Desk::at_store(&proxy.url(), bucket);
        desk.capture("clicks");
        let good = table.read();
        Self { desk, table, good, proxy, bucket }
    }

    /// Does this with the next write, once, and lets everything else pass.
    fn with_next_write(&self, act: impl Fn() -> Act + Send + Sync + 'static) {
        let spent = AtomicBool::new(false);
        self.proxy.rule(move |_, request| {
            let is_write = request.method == "PUT" && !spent.swap(request.method == "PUT", Ordering::SeqCst);
            if is_write { act() } else { Act::Pass }
        });
    }

    /// How many of the table's versions belay made.
    fn restores(&self) -> usize {
        let latest = self.table.read().version;
        let is_restore = |version: &u64| {
            let commit = s3().object(self.bucket, &StoredTable::commit(*version)).unwrap();
            String::from_utf8(commit).unwrap().contains("RESTORE")
        };
        (0..=latest).filter(is_restore).count()
    }
}

#[test]
fn a_stored_table_is_restored_undone_and_restored_again() {
    if is_left_out() {
        return;
    }
    let Scene { desk, table, good, proxy, .. } = Scene::set("whole");
    table.overwrite();
    table.append();
    let bad = table.read();
    desk.belay(PLAN).ends(0).says("2 changes").says("v4 → v2");
    assert_eq!(table.read(), bad, "a plan writes nothing");
    desk.belay(RUN).ends(0);
    assert_eq!(table.read(), Read { version: 5, rows: good.rows.clone() });
    desk.belay(PLAN).ends(0).says("nothing");
    desk.belay(RUN).ends(0);
    assert_eq!(table.read().version, 5, "nothing to do is no commit");
    desk.belay("undo r-1").ends(0);
    assert_eq!(table.read(), Read { version: 6, rows: bad.rows });
    desk.belay("run table-back clicks --at dataset=v2").ends(0);
    assert_eq!(table.read(), Read { version: 7, rows: good.rows.clone() });
    table.append();
    assert_eq!(table.read().rows.len(), good.rows.len() + 3, "an ordinary writer goes on");
    let writes = proxy.writes();
    assert_eq!(writes.len(), 3, "each of belay's commits is one request");
    for write in writes {
        assert_eq!(write.request.header("if-none-match"), Some("*"), "{write:?}");
    }
    desk.is_sound();
}

#[test]
fn a_commit_between_plan_and_write_is_never_overwritten() {
    if is_left_out() {
        return;
    }
    let scene = Scene::set("rival");
    scene.table.overwrite();
    // The rival commits after belay has compared, and before its request arrives: only the store can tell.
    let rival = scene.table.clone();
    scene.with_next_write(move || {
        rival.append();
        Act::Pass
    });
    let said = scene.desk.belay(RUN);
    let run = said.ends(0).answer("run");
    assert_eq!(left(&run, "dataset"), "restored");
    assert_eq!(scene.proxy.writes().len(), 2, "{:?}", writes(&run, "dataset"));
    assert_eq!(scene.table.read(), Read { version: 5, rows: scene.good.rows.clone() });
    assert_eq!(scene.restores(), 1, "the rival's commit is in the log, whole");
    scene.desk.is_sound();
}

#[test]
fn a_lost_answer_is_settled_by_looking_into_the_store() {
    if is_left_out() {
        return;
    }
    let scene = Scene::set("lost");
    let page = || Act::Say(Answer::bytes(200, "text/html", b"<html>Sign in</html>"));
    let once = ["unknown, found_applied"].as_slice();
    let twice = ["unknown, found_not_applied", "applied"].as_slice();
    for (act, expected) in [(Act::LoseAnswer, once), (Act::LoseRequest, twice), (page(), twice)] {
        scene.table.overwrite();
        let before = scene.restores();
        let told = act.clone();
        scene.with_next_write(move || told.clone());
        let run = scene.desk.belay(RUN).ends(0).answer("run");
        assert_eq!(left(&run, "dataset"), "restored", "{act:?}");
        assert_eq!(writes(&run, "dataset"), expected, "{act:?}");
        assert_eq!(scene.table.read().rows, scene.good.rows, "{act:?}");
        assert_eq!(scene.restores(), before + 1, "{act:?}");
    }
    scene.desk.is_sound();
}

#[test]
fn a_run_killed_at_its_write_is_restored_by_resume_with_one_commit() {
    if is_left_out() {
        return;
    }
    let scene = Scene::set("killed");
    for (number, held) in [Act::HoldAnswer, Act::HoldRequest].into_iter().enumerate() {
        scene.table.overwrite();
        let told = held.clone();
        scene.with_next_write(move || told.clone());
        let mut run = scene.desk.start(RUN);
        assert!(scene.proxy.wait_for_held(), "{held:?}");
        run.kill().unwrap();
        run.wait().unwrap();
        scene.proxy.rule(|_, _| Act::Pass);
        let said = scene.desk.belay(&format!("resume r-{} --json", number + 1));
        assert_eq!(left(&said.ends(0).answer("run"), "dataset"), "restored", "{held:?}");
        assert_eq!(scene.proxy.writes().len(), number, "{held:?}: written again only where it never arrived");
        assert_eq!(scene.table.read().rows, scene.good.rows, "{held:?}");
        assert_eq!(scene.restores(), number + 1, "{held:?}");
    }
    scene.desk.is_sound();
}

#[test]
fn a_vacuumed_target_and_a_bucket_that_is_not_there_are_named() {
    if is_left_out() {
        return;
    }
    let scene = Scene::set("vacuumed");
    scene.table.overwrite();
    scene.table.vacuum();
    let present = scene.table.read();
    scene.desk.belay(PLAN).says("dataset").says("gone");
    let said = scene.desk.belay(RUN);
    assert_eq!(left(&said.ends(6).answer("run"), "dataset"), "not_touched");
    assert_eq!(scene.table.read(), present, "and the table can still be read");
    scene.desk.edit("belay.toml", "bucket = \"vacuumed\"", "bucket = \"never-made\"");
    scene.desk.belay(PLAN).says("the store has no bucket `never-made`");
    scene.desk.is_sound();
}

#[test]
fn what_is_no_answer_of_the_stores_halts_the_run_before_it_writes() {
    if is_left_out() {
        return;
    }
    let scene = Scene::set("garbled");
    scene.table.overwrite();
    scene.desk.edit("belay.toml", "timeout = \"30s\"", "timeout = \"3s\"");
    let page = Answer::bytes(200, "text/html", b"<html><h1>Sign in</h1></html>");
    let denied = b"<Error><Code>ExpiredToken</Code><Message>The token has expired</Message></Error>";
    let cut =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ncontent-length: 900\r\n\r\n<ListBucketResult>".to_vec();
    for (listings, act, expected) in [
        (true, Act::Say(page.clone()), "a proxy"),
        (true, Act::Say(Answer::bytes(403, "application/xml", denied)), "ExpiredToken"),
        (true, Act::Say(cut), "broke off"),
        (true, Act::LoseRequest, "tried 3 times"),
        (false, Act::Say(page), "its answer has no entity tag: it is no store's, a proxy may have answered"),
        (false, Act::LoseRequest, "tried 3 times"),
    ] {
        let garbling = act.clone();
        scene.proxy.rule(
            move |_, request| {
                if request.target.contains("list-type") == listings { garbling.clone() } else { Act::Pass }
            },
        );
        let said = scene.desk.belay(RUN);
        assert_eq!(left(&said.ends(6).answer("run"), "dataset"), "not_touched", "{expected}");
        said.says(expected).says("resume");
        assert_eq!(scene.proxy.writes(), [], "{expected}");
        scene.proxy.rule(|_, _| Act::Pass);
        let run =
            scene.desk.belay("status --json --limit 1").ends(0).answer("runs")[0]["run"].as_str().unwrap().to_owned();
        scene.desk.belay(&format!("resume {run}")).ends(0);
        assert_eq!(scene.table.read().rows, scene.good.rows, "{expected}");
        scene.table.overwrite();
    }
    assert_eq!(
        scene.desk.files_with(b"lab-secret"),
        ["key.secret"],
        "the secret stands where it was put, nowhere else"
    );
    scene.desk.is_sound();
}

#[test]
fn a_writer_every_two_seconds_does_not_starve_a_run() {
    if is_left_out() {
        return;
    }
    let scene = Scene::set("busy");
    scene.table.overwrite();
    let stop = std::sync::Arc::new(AtomicBool::new(false));
    let (stopping, table) = (std::sync::Arc::clone(&stop), scene.table.clone());
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
    // Whatever it says is true: the version that it restored holds the good rows.
    if left(&run, "dataset") == "restored" {
        let after = run["receipt"]["stages"][0]["steps"][0]["after"].as_str().unwrap();
        assert_eq!(scene.table.read_at(after.trim_start_matches('v').parse().unwrap()).rows, scene.good.rows);
    } else {
        assert_ne!(said.status, Some(0), "{said}");
    }
    scene.desk.is_sound();
}
