//! A lab that is brought up, broken and mended by hand, killed, and taken down, as people do it. Never the developer's own
//! lab: it has a folder of its own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use belay_tests::lab::part::{Part, installation};
use belay_tests::lab::tier::{Tier, is_left_out};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// How long something may take to end.
const PATIENCE: Duration = Duration::from_secs(30);

struct Lab(tempfile::TempDir);

impl Lab {
    fn type_(&self, words: &str) -> Output {
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        xtask.arg("lab").args(words.split(' ')).env("BELAY_LAB", installation()).env("BELAY_LAB_UP", self.folder());
        xtask.output().unwrap()
    }

    /// Types a command that must end like this, and say this on one of its outputs.
    fn says(&self, words: &str, status: i32, what: &str) {
        let output = self.type_(words);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(status), "lab {words}: {said}");
        assert!(said.contains(what), "lab {words} must say `{what}`: {said}");
    }

    fn folder(&self) -> std::path::PathBuf {
        self.0.path().join("up")
    }

    fn state(&self) -> Value {
        serde_json::from_slice(&fs::read(self.folder().join("lab.json")).unwrap()).unwrap()
    }

    fn listens(&self, address: &str) -> bool {
        TcpStream::connect(address).is_ok()
    }

    /// Waits until nothing listens there.
    fn falls_silent(&self, address: &str) {
        let began = Instant::now();
        while self.listens(address) {
            assert!(began.elapsed() < PATIENCE, "{address} still listens");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.type_("down");
    }
}

fn address(of: &Value, system: &str) -> String {
    of["systems"][system]["address"].as_str().unwrap().to_owned()
}

#[test]
fn a_lab_goes_up_is_broken_and_mended_and_goes_down() {
    if is_left_out(Tier::Fast, &[Part::Prometheus]) {
        return;
    }
    let lab = Lab(tempfile::tempdir().unwrap());
    lab.says("status", 1, "no lab is up");
    lab.says("stop prometheus", 1, "no lab is up");
    lab.says("up nonsense", 2, "there are");
    // With what it needs, and without the others.
    lab.says("up prometheus", 0, "the lab is up");
    lab.says("up", 0, "up already");
    lab.says("status", 0, "answers");
    lab.says("stop unleash", 1, "without");
    let up = lab.state();
    let (prometheus, alertmanager) = (address(&up, "prometheus"), address(&up, "alertmanager"));
    assert_eq!(up["systems"].as_object().unwrap().len(), 2);

    lab.says("stop alertmanager", 0, "stopped");
    assert!(!lab.listens(&alertmanager) && lab.listens(&prometheus));
    lab.says("status", 1, "stopped");
    lab.says("start alertmanager", 0, "answers");
    assert_eq!(address(&lab.state(), "alertmanager"), alertmanager, "it is where it was");
    lab.says("status", 0, "answers");

    lab.says("down", 0, "the lab is down");
    assert!(!lab.listens(&alertmanager) && !lab.listens(&prometheus));
    assert!(!Path::new(&lab.folder()).exists());
    lab.says("down", 0, "no lab was up");
}

#[test]
fn everything_ends_with_the_supervisor_and_what_it_left_is_cleaned() {
    if is_left_out(Tier::Fast, &[Part::Prometheus]) {
        return;
    }
    let lab = Lab(tempfile::tempdir().unwrap());
    lab.says("up alertmanager", 0, "the lab is up");
    let up = lab.state();
    let supervisor = Pid::from_raw(i32::try_from(up["pid"].as_i64().unwrap()).unwrap());
    kill(supervisor, Signal::SIGKILL).unwrap();
    lab.falls_silent(&address(&up, "alertmanager"));
    lab.says("status", 1, "half a lab");
    lab.says("up alertmanager", 0, "the lab is up");
    assert_ne!(lab.state()["pid"], up["pid"]);
}
