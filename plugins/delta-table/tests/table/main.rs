//! The plugin on tables that the `deltalake` library wrote; `tests/lab/make_delta_fixtures.py` makes them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod lake;
mod reads;
mod refuses;
mod restores;
