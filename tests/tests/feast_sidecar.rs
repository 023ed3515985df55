//! The sidecar's own tests, on the lab's Feast and Redis: `plugins/feast-sidecar/service/tests`.

use std::process::Command;

use belay_tests::lab::tier::is_left_out;
use belay_tests::lab::{Part, Tier, program, python};
use belay_tests::repository;

#[test]
fn the_sidecars_own_tests_pass() {
    if is_left_out(Tier::Full, &[Part::Python, Part::Redis]) {
        return;
    }
    let mut tests = Command::new(python());
    tests.args(["-B", "-m", "unittest"]).current_dir(repository::root().join("plugins/feast-sidecar/service"));
    let output = tests.env("REDIS_SERVER", program("redis-server")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("\nRan ") && !said.contains("\nRan 0 "), "none was found: {said}");
}
