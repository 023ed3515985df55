//! The values and rules of a rollback. No I/O, no async, no clock, no randomness: what comes from outside is a value.

pub mod connection;
pub mod digest;
pub mod id;
pub mod json;
pub mod operation;
pub mod state;
