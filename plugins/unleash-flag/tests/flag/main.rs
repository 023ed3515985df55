//! The plugin on what a real Unleash server answered; `tests/lab/record_unleash.py` records it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod answers;
mod declines;
mod finds;
mod plans;
mod recorded;
