//! `belay audit`.

mod replay;

use std::path::PathBuf;

use belay_domain::id::{EnvironmentName, IncidentId, RunId};
use belay_runtime::api::LogRequest;
use clap::{Args, Subcommand};

pub(crate) use replay::ReplayArguments;

/// The commands for reviewers.
#[derive(Subcommand, Debug)]
pub(crate) enum AuditCommand {
    /// Read the ledger, the newest entries last
    Log(LogArguments),
    /// Show one entry whole, with its proof
    Show {
        /// Its number
        entry: u64,
    },
    /// Make recorded plugin calls again, from what the ledger holds alone: same bytes, same fuel?
    #[command(
        after_help = "Exit status: 0 all that can be made again came out as recorded, 1 not.\n\nExamples: belay audit replay 1841, \
                      belay audit replay --run r-77, belay audit replay --all"
    )]
    Replay(ReplayArguments),
    /// Verify the whole ledger: hashes, tree, signature, pairing
    Verify {
        /// A copy of a ledger's folder; without it, the workspace's own ledger
        folder: Option<PathBuf>,
    },
}

/// Which entries.
#[derive(Args, Debug)]
pub(crate) struct LogArguments {
    /// Of this run
    #[arg(long)]
    run: Option<RunId>,
    /// Of this incident
    #[arg(long)]
    incident: Option<IncidentId>,
    /// Of this environment
    #[arg(long, value_name = "NAME")]
    env: Option<EnvironmentName>,
    /// Of this kind, such as intent or outcome
    #[arg(long)]
    kind: Option<String>,
    /// The newest so many; 200 if not given
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

impl From<LogArguments> for LogRequest {
    fn from(typed: LogArguments) -> Self {
        Self { run: typed.run, incident: typed.incident, environment: typed.env, kind: typed.kind, limit: typed.limit }
    }
}
