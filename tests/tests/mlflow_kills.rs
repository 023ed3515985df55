//! belay killed between every request to a real MLflow server and its answer, then resumed. The run must be restored or
//! halted with a true picture, and no write sent again unless that is harmless.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::Child;
use std::thread;
use std::time::Duration;

use belay_tests::lab::desk::{Desk, left};
use belay_tests::lab::mlflow::{Mlflow, mlflow};
use belay_tests::lab::proxy::{Act, Proxy};
use belay_tests::lab::tier::is_left_out;
use belay_tests::lab::{Part, Tier};
use serde_json::Value;

const RUN: &str = "run model-back ranker --to latest-good";

/// A registry behind a proxy, and a desk whose runs are killed.
struct Scene {
    desk: Desk,
    server: &'static Mlflow,
    proxy: Proxy,
    model: &'static str,
}

/// What a kill left.
#[derive(Debug)]
struct Left {
    /// The run, where it had been recorded by then.
    run: Option<String>,
    /// Whether an intent was recorded and its outcome not.
    between: bool,
}

impl Scene {
    fn set(model: &'static str, repeatable: bool) -> Self {
        let server = mlflow();
        server.model(model, &[&[("weights.bin", b"good")], &[("weights.bin", b"bad!")]]);
        server.promote(model, 1);
        let proxy = Proxy::start(server.address());
        let desk = Desk::at_registry(&proxy.url(), model);
        if !repeatable {
            desk.edit("belay.toml", "repeatable = true", "repeatable = false");
        }
        desk.capture("ranker");
        Self { desk, server, proxy, model }
    }

    /// Promotes the bad version, starts a run, and kills it when a request is held. Nothing where the run ended first.
    fn kill_when(&self, held: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> Option<Left> {
        self.server.promote(self.model, 2);
        let before = self.latest();
        self.proxy.rule(move |number, request| held(number, &request.method));
        let mut run = self.desk.start(RUN);
        let was_held = self.is_held(&mut run);
        run.kill().unwrap();
        run.wait().unwrap();
        let verified = self.desk.belay("audit verify --json").ends(0).answer("verification");
        let latest = self.latest();
        was_held.then(|| Left {
            run: latest.filter(|latest| Some(latest) != before.as_ref()),
            between: verified["open_intents"].as_array().is_some_and(|open| !open.is_empty()),
        })
    }

    fn is_held(&self, run: &mut Child) -> bool {
        loop {
            if self.proxy.holds() {
                return true;
            }
            if run.try_wait().unwrap().is_some() {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn latest(&self) -> Option<String> {
        let runs = self.desk.belay("status --json --limit 1").ends(0).answer("runs");
        Some(runs[0]["run"].as_str()?.to_owned())
    }

    /// Lets everything pass from now on, and says how many writes the server saw and how many were sent until then.
    fn let_pass(&self) -> (usize, usize) {
        let writes = self.proxy.writes();
        self.proxy.rule(|_, _| Act::Pass);
        (writes.iter().filter(|write| write.reached()).count(), writes.len())
    }

    fn resume(&self, run: &str, status: i32) -> Value {
        self.desk.belay(&format!("resume {run} --json")).ends(status).answer("run")
    }
}

/// Kills a run at its first request, the next one at its second, and so on, until one is through. Each is resumed and
/// must be restored, by one write.
fn kill_at_every_request(scene: &Scene, held: Act) {
    let (mut kills, mut between) = (0, 0);
    loop {
        let hold = held.clone();
        let when = move |number, _: &str| if number == kills { hold.clone() } else { Act::Pass };
        let Some(found) = scene.kill_when(when) else { break };
        let (seen, _) = scene.let_pass();
        assert_eq!(scene.server.champion(scene.model), if seen == 1 { 1 } else { 2 });
        match found.run {
            Some(run) => {
                assert_eq!(left(&scene.resume(&run, 0), "model"), "restored", "killed at request {kills}");
                let after = scene.proxy.writes().len();
                assert_eq!(seen + after, 1, "killed at request {kills}: written once, not {seen} + {after} times");
                assert_eq!(scene.server.champion(scene.model), 1);
            }
            None => assert_eq!(seen, 0, "killed at request {kills}: nothing is written before the run is recorded"),
        }
        kills += 1;
        between += usize::from(found.between);
    }
    assert_eq!(between, 1, "the write is the only request between an intent and its outcome");
    println!("{held:?}: {kills} kills, {between} of them between intent and outcome");
    scene.desk.is_sound();
}

#[test]
fn a_run_killed_at_any_request_is_restored_by_resume_and_wrote_once() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    let scene = Scene::set("killed", true);
    kill_at_every_request(&scene, Act::HoldAnswer);
    kill_at_every_request(&scene, Act::HoldRequest);
}

#[test]
fn a_write_that_must_not_be_repeated_is_sent_once_wherever_the_run_is_killed() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    kill_at_every_request(&Scene::set("killed-once", false), Act::HoldAnswer);
}

/// The proxy has the write and the server never gets it.
fn hold_the_write(_: usize, method: &str) -> Act {
    if method == "POST" { Act::HoldRequest } else { Act::Pass }
}

#[test]
fn a_write_that_did_not_arrive_waits_for_a_person_where_repeating_may_harm() {
    if is_left_out(Tier::Full, &[Part::Models]) {
        return;
    }
    let scene = Scene::set("unheard-once", false);
    let run = scene.kill_when(hold_the_write).unwrap().run.unwrap();
    assert_eq!(scene.let_pass(), (0, 1));
    assert_eq!(left(&scene.resume(&run, 6), "model"), "unknown");
    assert_eq!(left(&scene.resume(&run, 6), "model"), "unknown");
    assert_eq!(scene.proxy.writes(), [], "not sent again");
    scene.desk.belay(&format!("resolve {run} model --as not-applied --reason looked"));
    assert_eq!(left(&scene.resume(&run, 0), "model"), "restored");
    assert_eq!((scene.proxy.writes().len(), scene.server.champion("unheard-once")), (1, 1));
    scene.desk.is_sound();
}
