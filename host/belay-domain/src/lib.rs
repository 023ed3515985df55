//! The values and rules of a rollback. No I/O, no async, no clock, no randomness: what comes from outside is a value.

pub mod assess;
pub mod bounds;
pub mod check;
pub mod connection;
pub mod consistency;
pub mod digest;
pub mod examined;
pub mod facts;
pub mod fallback;
pub mod feature_set;
pub mod governance;
pub mod grouped;
pub mod guard;
pub mod id;
pub mod json;
pub mod limits;
pub mod lineage;
pub mod mandate;
pub mod no_return;
pub mod operation;
pub mod people;
pub mod plain;
pub mod plan;
pub mod plan_check;
pub mod point;
pub mod quarantine;
pub mod ramp;
pub mod risk;
pub mod runbook;
pub mod skip;
pub mod state;
pub mod verdict;

#[cfg(test)]
mod sample;
