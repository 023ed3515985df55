//! What people sign, and what they look at afterwards.

use belay_domain::digest::Digest;
use belay_domain::id::{EnvironmentName, IncidentId, Millis, RunId};
use belay_domain::mandate::Difference;
use belay_domain::people::Need;
use belay_engine::Wait;
use serde::{Deserialize, Serialize};

/// A run's mandate, to be read and signed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MandateAnswer {
    /// The run.
    pub run: RunId,
    /// What people sign, to the last byte.
    pub text: String,
    /// The mandate's digest.
    pub digest: Digest,
    /// Its first digits, which an approver types.
    pub short: String,
    /// What the signature is made for: `ssh-keygen -Y sign -n` takes it.
    pub namespace: String,
    /// How it differs from the last one for the same, where people were asked to approve that.
    pub earlier: Option<Earlier>,
    /// Who must approve, who has, who could; absent where the run doesn't wait.
    pub waits: Option<Wait>,
}

/// How a mandate differs from an earlier one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Earlier {
    /// The run of the earlier one.
    pub run: RunId,
    /// What is gone and what is new.
    pub difference: Difference,
}

/// An approval that was recorded, and what is still missing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApprovalAnswer {
    /// The run.
    pub run: RunId,
    /// Who approved.
    pub person: String,
    /// They had approved before; nothing new was recorded.
    pub already: bool,
    /// Whether the run waits now; it may come to that later.
    pub waits: bool,
    /// Who must approve, who has, who could.
    pub needs: Vec<Need>,
    /// Whether a process waits for it and goes on by itself.
    pub owned: bool,
}

/// What somebody must look at, because the glass was broken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Review {
    /// The run.
    pub run: RunId,
    /// The entry that opened it.
    pub entry: u64,
    /// When.
    pub at: Millis,
    /// Where.
    pub environment: Option<EnvironmentName>,
    /// The incident.
    pub incident: Option<IncidentId>,
    /// Who asked.
    pub requester: String,
    /// Who agreed.
    pub second: String,
    /// Why.
    pub reason: String,
    /// What was overridden.
    pub overrides: Vec<String>,
    /// Whose approval was not waited for.
    pub skipped: Vec<String>,
    /// How it ended; absent while it is open.
    pub closed: Option<Closed>,
}

/// How a review ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Closed {
    /// Who closed it.
    pub by: String,
    /// When.
    pub at: Millis,
    /// What they found.
    pub reason: String,
}
