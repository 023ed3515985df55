//! What comes of a call: an answer or the reason why there is none, and the record of it.

use std::fmt;

use belay_domain::state::Fault;
use serde::{Deserialize, Serialize};

use crate::limits::Limit;
use crate::record::CallRecord;

/// A finished call. The record is complete whether or not there is an answer.
#[derive(Clone, Debug)]
pub struct Call<T> {
    /// All that the plugin saw and said.
    pub record: CallRecord,
    /// What it answered.
    pub result: Result<T, CallError>,
    /// The most linear memory that it had, in bytes. Not recorded: it follows from component and input.
    pub memory_bytes: u64,
}

/// Why a call has no answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum CallError {
    /// The plugin said so.
    #[error("{0}")]
    Fault(Fault),
    /// It crashed.
    #[error("the plugin crashed: {0}")]
    Trap(String),
    /// It used up its fuel.
    #[error("the plugin used up its fuel")]
    OutOfFuel,
    /// It took too long.
    #[error("the plugin took too long: {0}")]
    TimedOut(Deadline),
    /// It wanted more than it may have.
    #[error("the plugin went over its limit: {0}")]
    OverLimit(Limit),
    /// It answered with something that can't be.
    #[error("the plugin's answer makes no sense: {0}")]
    Nonsense(String),
    /// The host could not make the call.
    #[error("the call could not be made: {0}")]
    HostFailed(String),
}

impl CallError {
    pub(crate) fn nonsense(what: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self::Nonsense(format!("{what}: {why}"))
    }

    /// How the call ended.
    pub const fn status(&self) -> Status {
        match self {
            Self::Fault(_) => Status::Fault,
            Self::Trap(_) => Status::Trap,
            Self::OutOfFuel => Status::OutOfFuel,
            Self::TimedOut(_) => Status::TimedOut,
            Self::OverLimit(_) => Status::OverLimit,
            Self::Nonsense(_) => Status::Nonsense,
            Self::HostFailed(_) => Status::HostFailed,
        }
    }
}

/// Which time ran out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deadline {
    /// [`crate::Limits::compute_ms`].
    Computing,
    /// [`crate::Limits::total_ms`].
    InAll,
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Computing => "computing",
            Self::InAll => "computing and waiting for its reads",
        })
    }
}

/// How a call ended, without what the plugin said.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// With an answer.
    Answered,
    /// See [`CallError::Fault`].
    Fault,
    /// See [`CallError::Trap`].
    Trap,
    /// See [`CallError::OutOfFuel`].
    OutOfFuel,
    /// See [`CallError::TimedOut`].
    TimedOut,
    /// See [`CallError::OverLimit`].
    OverLimit,
    /// See [`CallError::Nonsense`].
    Nonsense,
    /// See [`CallError::HostFailed`].
    HostFailed,
}

impl Status {
    /// Whether the same call ends the same way each time. What a clock or the machine ended may end otherwise.
    pub const fn is_reproducible(self) -> bool {
        match self {
            Self::Answered | Self::Fault | Self::Trap | Self::OutOfFuel | Self::OverLimit | Self::Nonsense => true,
            Self::TimedOut | Self::HostFailed => false,
        }
    }
}
