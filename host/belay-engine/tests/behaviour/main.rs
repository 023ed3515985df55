//! What a run does, as claims over data: a few moves of the world, and what the run wants after each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod consent;
mod down;
mod failing;
#[path = "../fixture/mod.rs"]
mod fixture;
mod limits;
mod outcomes;
mod people;
mod people_on_ramps;
mod ramps;
mod stages;
mod stopping;
mod story;
mod time;
mod unknown;
