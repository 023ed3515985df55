//! What failed, and what the run did about it. Never decides that.

use std::fmt;

use belay_domain::check::CheckResult;
use belay_domain::id::{Millis, RunbookName, StageName};
use serde::{Deserialize, Serialize};

use crate::outlook::Halt;

/// What failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Failed {
    /// A stage could not be brought to its end.
    Stage {
        /// Which.
        stage: StageName,
        /// What would have made the run halt.
        halt: Halt,
    },
    /// Every stage was restored, but a check did not pass.
    Check {
        /// Its place in [`crate::RunSpec::checks`].
        check: u32,
        /// What it said; inconclusive is not a pass.
        result: CheckResult,
    },
}

/// What the mandate lets follow a failure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Response {
    /// What the run wrote is put back.
    Undo,
    /// The stages of another runbook.
    Runbook {
        /// Which.
        name: RunbookName,
    },
}

/// A failure that the run went on from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// What failed.
    pub failed: Failed,
    /// What followed.
    pub response: Response,
    /// The first of the stages that followed.
    pub from_stage: u32,
    /// When.
    pub at: Millis,
}

impl fmt::Display for Failed {
    /// `restore: the registry refused`; for a check, what it found.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage { stage, halt } => write!(f, "{stage}: {halt}"),
            Self::Check { result: CheckResult::Passed { value }, .. } => write!(f, "a check: {value}"),
            Self::Check { result: CheckResult::Failed { reason }, .. } => write!(f, "a check did not pass: {reason}"),
            Self::Check { result: CheckResult::Inconclusive { reason }, .. } => {
                write!(f, "a check is inconclusive: {reason}")
            }
        }
    }
}
