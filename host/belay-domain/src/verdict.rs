//! What guardrails say of a plan. The shapes of `wit/`, as the host holds them.

use serde::{Deserialize, Serialize};

use crate::operation::RiskFactor;

/// What a guardrail says. A guardrail that could not answer has denied; whoever asked it makes that verdict.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The plan may go on.
    Allow,
    /// It may not; each line says why.
    Deny(Vec<String>),
    /// It may, once each of these quorums has approved. Never empty.
    NeedsApprovals(Vec<Quorum>),
}

/// People who must approve.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Quorum {
    /// How many; at least one.
    pub approvals: u32,
    /// Of which role.
    pub role: String,
    /// For people.
    pub because: String,
}

/// A verdict with what the plan's reader should know.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Reasons for more risk.
    pub factors: Vec<RiskFactor>,
    /// For people.
    pub notes: Vec<String>,
}
