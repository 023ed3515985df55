//! Whether a feature set could be rolled back, and what it must not go back to.

use belay_domain::id::{EnvironmentName, FeatureSetName};
use belay_domain::quarantine::Quarantined;
use serde::{Deserialize, Serialize};

/// Whether a feature set could be rolled back now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GateAnswer {
    /// Where.
    pub environment: EnvironmentName,
    /// What.
    pub feature_set: FeatureSetName,
    /// Whether no check failed.
    pub open: bool,
    /// Each check.
    pub checks: Vec<GateCheck>,
}

/// One check of a gate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GateCheck {
    /// What was looked at: `point`, `artifacts`, `runbook NAME`, `guardrails`, `quarantine`.
    pub check: String,
    /// What came of it.
    pub word: GateWord,
    /// What was found, for people.
    pub found: String,
}

impl GateCheck {
    pub(crate) fn passed(check: &str, found: String) -> Self {
        Self { check: check.to_owned(), word: GateWord::Passed, found }
    }

    pub(crate) fn failed(check: &str, found: String) -> Self {
        Self { check: check.to_owned(), word: GateWord::Failed, found }
    }

    pub(crate) fn not_tried(check: &str, found: String) -> Self {
        Self { check: check.to_owned(), word: GateWord::NotTried, found }
    }
}

/// What came of a check.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateWord {
    /// As it should be.
    Passed,
    /// The gate is closed for it.
    Failed,
    /// It could not be looked at, which says nothing.
    NotTried,
}

/// A content that is quarantined.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QuarantineAnswer {
    /// Where.
    pub environment: EnvironmentName,
    /// What, and which run left it.
    #[serde(flatten)]
    pub left: Quarantined,
}
