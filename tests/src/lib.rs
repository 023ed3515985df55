//! Whole-system tests. They use belay as people do: they type commands, and look at the files that it acts on. They
//! never link belay's own crates, so that nothing is tested by way of what it tests.
//!
//! `cargo xtask test` builds what they need first.
// A harness fails its test by panicking, with the command and what it said.
#![allow(
    clippy::wildcard_enum_match_arm,
    clippy::zombie_processes,
    reason = "a tracer waits for whatever its process does"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod kill;
pub mod lab;
pub mod people;
pub mod redact;
pub mod repository;
pub mod staff;
pub mod stage;
pub mod workspace;
