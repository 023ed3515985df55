//! What it takes to perform an operation, and what is told of it afterwards. Nothing here performs one.

use std::sync::Arc;

use belay_domain::digest::Digest;
use belay_domain::id::Millis;
use belay_domain::json;
use belay_domain::operation::{Operation, Outcome};

use crate::read::HttpResponse;

/// The present moment. Asked again right before a write becomes visible, so that a host that slept does not act late.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// Leave to perform one operation once, given by whoever made its intent durable. Performing consumes it, and it
/// can't be cloned.
#[derive(Debug)]
pub struct Permit {
    operation: Operation,
    act_by: Millis,
}

/// The operation is not the one that was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the operation is not the one of the intent, whose digest is {recorded}")]
pub struct PermitMismatch {
    recorded: Digest,
}

impl Permit {
    /// `recorded` is the digest that the durable intent names: the SHA-256 of the operation's canonical JSON. `act_by`
    /// is the moment until which the intent may be acted on.
    pub fn new(operation: Operation, recorded: Digest, act_by: Millis) -> Result<Self, PermitMismatch> {
        match json::digest_of(&operation) {
            Ok(digest) if digest == recorded => Ok(Self { operation, act_by }),
            Ok(_) | Err(_) => Err(PermitMismatch { recorded }),
        }
    }

    /// What it permits.
    pub const fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Until when.
    pub const fn act_by(&self) -> Millis {
        self.act_by
    }

    /// Takes the permit apart: from here on it can't be used again.
    pub(crate) fn spend(self, clock: Clock) -> (Operation, Deadline) {
        (self.operation, Deadline { act_by: self.act_by, clock })
    }
}

/// The moment until which a permit may be acted on.
pub(crate) struct Deadline {
    act_by: Millis,
    clock: Clock,
}

impl Deadline {
    /// Fails once the moment has passed, with the outcome of an operation of which nothing was sent or made visible.
    pub(crate) fn check(&self) -> Result<(), Outcome> {
        let now = (self.clock)();
        if now <= self.act_by {
            return Ok(());
        }
        let late = now.since(self.act_by);
        Err(Outcome::NotApplied { reason: format!("the permit expired {late} ms before the write") })
    }
}

/// What became of a permitted operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Performed {
    /// Applied, not applied or unknown.
    pub outcome: Outcome,
    /// What an HTTP system answered, without credentials; absent where nothing came back, and for objects.
    pub answer: Option<RecordedAnswer>,
}

/// An answer to a write, as it may be recorded.
pub type RecordedAnswer = HttpResponse;

/// Why a write is not allowed or makes no sense. Nothing was tried.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub(crate) String);

/// What lies where an operation writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Look {
    /// What the operation leaves: its bytes; for a deletion, nothing.
    HoldsOperationsBytes,
    /// Other bytes.
    HoldsOther,
    /// Nothing, where the operation would have left bytes.
    Absent,
    /// It can't be told, and why.
    CannotTell(String),
}
