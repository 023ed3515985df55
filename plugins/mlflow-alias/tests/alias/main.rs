//! The plugin on what a real MLflow server answered; `tests/lab/record_mlflow.py` records it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod declines;
mod recorded;
mod restores;
