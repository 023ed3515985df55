//! The values and rules of a rollback. No I/O, no async, no clock, no randomness: what comes from outside is a value.

pub mod check;
pub mod connection;
pub mod digest;
pub mod examined;
pub mod feature_set;
pub mod guard;
pub mod id;
pub mod json;
pub mod mandate;
pub mod operation;
pub mod plan;
pub mod point;
pub mod risk;
pub mod runbook;
pub mod state;
pub mod verdict;
