//! What bad input gets: an exit status, the cause with file and line where there is one, what was and was not
//! changed, one thing to do next. Never a panic, never half a write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod configuration;
mod plugins;
mod records;
mod systems;

use std::collections::BTreeMap;
use std::path::Path;

use belay_tests::workspace::{Said, Shop, files};
use expect_test::Expect;

#[track_caller]
fn check(said: &Said, expected: &Expect) {
    assert!(!said.err.contains("panicked"), "{said}");
    expected.assert_eq(&said.redacted());
}

/// Everything but belay's own records: what a refused command must leave as it is.
fn everything(shop: &Shop) -> BTreeMap<String, Vec<u8>> {
    let mut found = files(&shop.folder());
    found.retain(|file, _| !file.starts_with("state/"));
    found
}

/// Breaks the shop in one way, types a plan and a run, and holds what is said against `expected`. Nothing may change.
#[track_caller]
fn refused(breaks: impl FnOnce(&Shop), expected: &Expect) {
    let shop = Shop::released();
    breaks(&shop);
    let before = everything(&shop);
    let said = shop.roll_back("plan", &[]);
    assert!(!matches!(said.status, Some(0) | None), "{said}");
    check(&said, expected);
    let said = shop.roll_back("run", &[]);
    assert!(!matches!(said.status, Some(0) | None) && !said.err.contains("panicked"), "{said}");
    assert!(everything(&shop) == before, "something was changed by a command that was refused");
}

const FEATURES: &str = "features/checkout-ranker.toml";

const RUNBOOK: &str = "runbooks/standard-rollback.toml";

#[test]
fn help_is_there_for_every_command() {
    let shop = Shop::good();
    shop.belay(["--help"]).ends(0).says("Exit status");
    for command in ["plan", "run", "status", "watch", "resume", "abort", "undo", "takeover", "resolve", "confirm"] {
        shop.belay([command, "--help"]).ends(0);
        shop.belay([command, "--no-such-flag"]).ends(2);
    }
    assert!(Path::new(&shop.file("belay.toml")).exists());
}
