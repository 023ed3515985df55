//! The plugin on what a real sidecar over a real Feast and a real Redis answered;
//! `plugins/feast-sidecar/service/tests/record.py` records it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod declines;
mod recorded;
mod restores;
