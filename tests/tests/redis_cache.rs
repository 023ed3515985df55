//! Caches in a real Redis server, taken back by belay: a generation that is flipped, a prefix that is emptied, with
//! kills, lost answers, other writers and a server that dies.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use belay_tests::lab::desk::{Desk, left, writes};
use belay_tests::lab::gate::{Act, Gate};
use belay_tests::lab::guarded::Folder;
use belay_tests::lab::redis::{Redis, ask};
use belay_tests::lab::tier::is_left_out;
use belay_tests::lab::{Part, Tier, running};

const NEEDS: [Part; 1] = [Part::Redis];
const BACK: &str = "run generation-back ranker --to latest-good";
const OUT: &str = "run scores-out ranker --to latest-good";

/// A server behind a gate, and a desk: captured with generation 8, then released with 9.
struct Scene {
    desk: Desk,
    gate: Gate,
    redis: Redis,
    _folder: Folder,
}

impl Scene {
    fn set() -> Self {
        let _folder = Folder::guarded(running("redis"));
        let redis = Redis::start(_folder.path());
        let gate = Gate::start(redis.address());
        let desk = Desk::of("redis", &["redis_cache"]);
        desk.edit("belay.toml", "redis://127.0.0.1:9", &format!("redis://{}", gate.address()));
        redis.ask(&["SET", "features:generation", "8"]);
        redis.fill("features:8:", 12);
        desk.capture("ranker");
        let scene = Self { desk, gate, redis, _folder };
        scene.release();
        scene
    }

    fn release(&self) {
        self.redis.ask(&["SET", "features:generation", "9"]);
    }

    fn generation(&self) -> String {
        self.redis.ask(&["GET", "features:generation"])
    }

    /// Starts a run and kills it when the gate holds something. Whether it did before the run ended.
    fn kill_when(&self, run: &str, rule: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> bool {
        self.gate.rule(rule);
        let mut run = self.desk.start(run);
        let held = loop {
            if self.gate.holds() {
                break true;
            }
            if run.try_wait().unwrap().is_some() {
                break false;
            }
            thread::sleep(Duration::from_millis(1));
        };
        run.kill().unwrap();
        run.wait().unwrap();
        held
    }

    /// Resumes the last run, if it is one that did not end.
    fn resume(&self) {
        self.gate.rule(|_, _| Act::Pass);
        let runs = self.desk.belay("status --json --limit 1").ends(0).answer("runs");
        if let Some(run) = runs[0]["run"].as_str().filter(|_| runs[0]["view"]["status"]["ended"].is_null()) {
            self.desk.belay(&format!("resume {run}"));
        }
    }
}

#[test]
fn a_generation_is_flipped_back_undone_and_flipped_back_again() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let Scene { desk, redis, _folder, .. } = &Scene::set();
    redis.ask(&["PEXPIRE", "features:generation", "600000"]);
    let generation = || redis.ask(&["GET", "features:generation"]);
    desk.belay("plan generation-back ranker --to latest-good")
        .ends(0)
        .says("9 → 8")
        .says("reversible")
        .says("generation 8 still has 12 values");
    assert_eq!(generation(), "9", "a plan writes nothing");
    desk.belay("plan show generation-back ranker --to latest-good --as-commands").ends(0).says("redis-cli -u");
    desk.belay(BACK).ends(0);
    assert_eq!(generation(), "8");
    assert_ne!(redis.ask(&["PTTL", "features:generation"]), "-1", "the pointer still goes by itself");
    desk.belay("plan generation-back ranker --to latest-good").ends(0).says("nothing");
    desk.belay(BACK).ends(0).says("nothing to do");
    desk.belay("undo r-1").ends(0);
    assert_eq!(generation(), "9");
    desk.belay("run generation-back ranker --at generation=8").ends(0);
    assert_eq!(generation(), "8");
    desk.belay("plan generation-back ranker --at generation=7").says("no key starts with features:7:");
    desk.is_sound();
}

#[test]
fn a_prefix_is_emptied_and_nothing_beside_it() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let Scene { desk, redis, _folder, .. } = &Scene::set();
    redis.fill("scores:v9:", 2_500);
    redis.ask(&["HSET", "scores:v9:hash", "a", "1"]);
    redis.fill("scores:v8:", 7);
    desk.belay("plan scores-out ranker --to latest-good")
        .ends(0)
        .says("in use → empty")
        .says("recoverable")
        .says("readers make each value again");
    desk.belay(OUT).ends(0);
    assert_eq!((redis.count("scores:v9:"), redis.count("scores:v8:")), (0, 7));
    desk.belay("plan scores-out ranker --to latest-good").ends(0).says("nothing");

    // Undo has nothing to put back, and says so until readers have filled the cache again.
    desk.belay("undo r-1").says("readers make it again");
    redis.fill("scores:v9:", 3);
    desk.belay("undo r-1").ends(0);
    assert_eq!(redis.count("scores:v9:"), 3);
    desk.is_sound();
}

#[test]
fn a_step_that_does_not_say_what_to_set_is_told_so() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let _folder = Folder::guarded(running("redis"));
    let redis = Redis::start(_folder.path());
    let desk = Desk::of("redis", &["redis_cache"]);
    desk.edit("belay.toml", "redis://127.0.0.1:9", &format!("redis://{}", redis.address()));
    redis.fill("scores:v9:", 3);
    desk.capture("ranker");
    desk.belay("plan scores-back ranker --to latest-good").says("set = { empty = true }");
    assert_eq!(redis.count("scores:v9:"), 3);
}

#[test]
fn a_flip_by_somebody_else_between_plan_and_write_is_noticed_by_the_server() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let scene = Scene::set();
    let (server, unspent) = (scene.redis.address(), AtomicBool::new(true));
    scene.gate.rule(move |_, name| {
        // After the host compared and before the server does.
        if name == "EVAL" && unspent.swap(false, Ordering::SeqCst) {
            ask(server, &["SET", "features:generation", "10"]);
        }
        Act::Pass
    });
    let said = scene.desk.belay(&format!("{BACK} --json"));
    let run = said.ends(0).answer("run");
    assert_eq!(scene.generation(), "8", "planned again from what was there");
    assert!(writes(&run, "generation").iter().any(|write| write.starts_with("not_applied")), "{said}");
    assert_eq!(scene.gate.came().iter().filter(|name| *name == "EVAL").count(), 2);
    scene.desk.is_sound();
}

#[test]
fn a_lost_answer_is_settled_by_looking() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let scene = Scene::set();
    scene.redis.fill("scores:v9:", 30);
    let lose = |_, name: &str| if matches!(name, "EVAL" | "UNLINK") { Act::LoseAnswer } else { Act::Pass };
    for (words, resource) in [(BACK, "generation"), (OUT, "scores")] {
        scene.gate.rule(lose);
        let said = scene.desk.belay(&format!("{words} --json"));
        let run = said.ends(0).answer("run");
        assert_eq!(writes(&run, resource), ["unknown, found_applied"], "{said}");
    }
    assert_eq!((scene.generation().as_str(), scene.redis.count("scores:v9:")), ("8", 0));
    scene.desk.is_sound();
}

#[test]
fn a_run_killed_at_any_command_is_restored_by_resume() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let scene = Scene::set();
    for act in [Act::HoldRequest, Act::HoldAnswer] {
        let (mut kills, mut writes_held) = (0, 0);
        while scene.kill_when(BACK, move |number, _| if number == kills { act } else { Act::Pass }) {
            writes_held += usize::from(scene.gate.came().last().is_some_and(|name| name == "EVAL"));
            scene.resume();
            scene.desk.belay(BACK).ends(0);
            assert_eq!(scene.generation(), "8", "{act:?} at command {kills}");
            scene.release();
            kills += 1;
        }
        assert_eq!(writes_held, 1, "{act:?}: the write was held once");
        println!("{act:?}: {kills} kills");
        scene.release();
    }
    scene.desk.is_sound();
}

#[test]
fn a_run_killed_between_two_batches_deletes_the_rest_when_it_is_resumed() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let scene = Scene::set();
    scene.redis.fill("scores:v9:", 12_500);
    let batches = AtomicUsize::new(0);
    let second = move |_, name: &str| {
        let second = name == "UNLINK" && batches.fetch_add(1, Ordering::SeqCst) == 1;
        if second { Act::HoldRequest } else { Act::Pass }
    };
    assert!(scene.kill_when(OUT, second));
    assert_eq!(scene.redis.count("scores:v9:"), 7_500);
    scene.resume();
    assert_eq!(scene.redis.count("scores:v9:"), 0);
    scene.desk.is_sound();
}

#[test]
fn a_server_that_dies_in_the_middle_of_a_write_is_resumed_when_it_is_back() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    for (words, resource) in [(BACK, "generation"), (OUT, "scores")] {
        let mut scene = Scene::set();
        scene.redis.fill("scores:v9:", 250);
        scene.gate.rule(|_, name| if matches!(name, "EVAL" | "UNLINK") { Act::HoldAnswer } else { Act::Pass });
        let mut run = scene.desk.start(words);
        while !scene.gate.holds() {
            assert!(run.try_wait().unwrap().is_none(), "the run ended before its write");
            thread::sleep(Duration::from_millis(1));
        }
        scene.redis.service().kill();
        assert_ne!(run.wait().unwrap().code(), Some(0), "nobody could look");
        let status = scene.desk.belay("status --json");
        status.ends(0);
        scene.redis.service().revive();
        scene.gate.rule(|_, _| Act::Pass);
        let said = scene.desk.belay("resume r-1 --json");
        assert_eq!(left(&said.ends(0).answer("run"), resource), "restored", "{said}");
        if resource == "generation" {
            assert_eq!(scene.generation(), "8");
        } else {
            assert_eq!(scene.redis.count("scores:v9:"), 0);
        }
        scene.desk.is_sound();
    }
}

#[test]
fn a_server_that_refuses_says_why_and_nothing_is_changed() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let scene = Scene::set();
    scene.redis.ask(&["ACL", "SETUSER", "belay", "on", ">lab-s3cret-7c1", "~*", "+@all"]);
    let auth = "kind = \"redis\"\nauth = { user = \"belay\", password = { file = \"../redis.password\" } }";
    scene.desk.edit("belay.toml", "kind = \"redis\"", auth);
    let password = scene.desk.file("../redis.password");
    std::fs::write(&password, "lab-s3cret-7c1\n").unwrap();
    // Full: it refuses what needs memory before it does anything.
    scene.redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    let said = scene.desk.belay(&format!("{BACK} --json"));
    assert_eq!(left(&said.ends(1).answer("run"), "generation"), "not_touched", "{said}");
    said.says("maxmemory");
    scene.redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);

    // A user who may not, then a wrong password, then the right one.
    scene.redis.ask(&["ACL", "SETUSER", "belay", "-get", "-eval"]);
    scene.desk.belay("resume r-1 --json").says("access list");
    scene.redis.ask(&["ACL", "SETUSER", "belay", "+@all"]);
    std::fs::write(&password, "not-the-password\n").unwrap();
    scene.desk.belay("resume r-1 --json").says("does not accept the user or the password");
    std::fs::write(&password, "lab-s3cret-7c1\n").unwrap();
    scene.desk.belay("resume r-1").ends(0);
    assert_eq!(scene.generation(), "8");
    assert_eq!(scene.desk.files_with(b"lab-s3cret-7c1"), ["redis.password"]);
    scene.desk.is_sound();
}

#[test]
fn a_writer_every_two_seconds_does_not_starve_a_run_once_it_is_contained() {
    if is_left_out(Tier::Fast, &NEEDS) {
        return;
    }
    let scene = Scene::set();
    let (server, stop) = (scene.redis.address(), Arc::new(AtomicBool::new(false)));
    let stopped = Arc::clone(&stop);
    let writer = thread::spawn(move || {
        for number in 10.. {
            if stopped.load(Ordering::SeqCst) {
                return;
            }
            ask(server, &["SET", "features:generation", &format!("{number}")]);
            ask(server, &["SET", &format!("scores:v9:{number}"), "x"]);
            thread::sleep(Duration::from_secs(2));
        }
    });
    thread::sleep(Duration::from_millis(2_500));
    // It may win between two of the writer's turns, or halt with a true picture.
    for (words, resource) in [(BACK, "generation"), (OUT, "scores")] {
        let said = scene.desk.belay(&format!("{words} --json"));
        if left(&said.answer("run"), resource) != "restored" {
            said.ends(6);
        }
    }
    stop.store(true, Ordering::SeqCst);
    writer.join().unwrap();
    scene.desk.belay(BACK).ends(0);
    scene.desk.belay(OUT).ends(0);
    assert_eq!((scene.generation().as_str(), scene.redis.count("scores:v9:")), ("8", 0));
    scene.desk.is_sound();
}
