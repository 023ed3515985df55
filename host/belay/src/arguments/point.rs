//! `belay point`.

use belay_domain::id::{EnvironmentName, FeatureSetName, PointId, RunbookName};
use belay_runtime::api::{CaptureRequest, Mark};
use clap::{Args, Subcommand, ValueEnum};

use super::pair;

/// The commands for rollback points.
#[derive(Subcommand, Debug)]
pub(crate) enum PointCommand {
    /// Capture the present state of a feature set
    Capture(CaptureArguments),
    /// List points, the newest first
    List {
        /// Of this feature set
        feature_set: Option<FeatureSetName>,
        /// In this environment
        #[arg(long, value_name = "NAME")]
        env: Option<EnvironmentName>,
    },
    /// Show one point and what it pins
    Show {
        /// The point, such as rp-0412
        point: PointId,
    },
    /// Compare a point with another, or with the present
    Diff {
        /// The point
        point: PointId,
        /// The other; without it, the present
        other: Option<PointId>,
    },
    /// Say whether a point is worth going back to
    Mark {
        /// The point
        point: PointId,
        /// What to say of it
        word: Word,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
}

/// What people say of a point.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Word {
    /// Worth going back to.
    Good,
    /// Not to go back to.
    Bad,
}

impl From<Word> for Mark {
    fn from(word: Word) -> Self {
        match word {
            Word::Good => Self::Good,
            Word::Bad => Self::Bad,
        }
    }
}

/// What to capture, and what to say of it.
#[derive(Args, Debug)]
pub(crate) struct CaptureArguments {
    /// The feature set
    feature_set: FeatureSetName,
    /// Where
    #[arg(long, value_name = "NAME")]
    env: Option<EnvironmentName>,
    /// The release's commit
    #[arg(long)]
    commit: Option<String>,
    /// A changelog line
    #[arg(short, long, default_value = "", hide_default_value = true)]
    message: String,
    /// A measure of the release: auc=0.913
    #[arg(long = "metric", value_name = "NAME=NUMBER", value_parser = pair)]
    metrics: Vec<(String, String)>,
    /// Mark it good if this runbook's checks pass
    #[arg(long, value_name = "RUNBOOK")]
    good_if: Option<RunbookName>,
}

impl From<CaptureArguments> for CaptureRequest {
    fn from(typed: CaptureArguments) -> Self {
        Self {
            feature_set: typed.feature_set,
            environment: typed.env,
            commit: typed.commit,
            message: typed.message,
            metrics: typed.metrics.into_iter().collect(),
            good_if: typed.good_if,
        }
    }
}
