//! What holds of any value.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod hostile_plans;
mod mandate_text;
mod people;
mod round_trip;
mod strategies;
