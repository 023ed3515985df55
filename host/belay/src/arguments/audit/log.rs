//! `belay audit log`.

use belay_domain::id::{EnvironmentName, IncidentId, RunId};
use belay_runtime::api::LogRequest;
use clap::Args;

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
