//! `belay audit replay`.

use belay_domain::id::RunId;
use belay_runtime::api::ReplayRequest;
use clap::Args;

/// Which calls.
#[derive(Args, Debug)]
#[group(id = "calls", required = true, multiple = false)]
pub(crate) struct ReplayArguments {
    /// The call that this entry records
    #[arg(group = "calls")]
    entry: Option<u64>,
    /// The calls of this run
    #[arg(long, group = "calls")]
    run: Option<RunId>,
    /// All that the ledger has
    #[arg(long, group = "calls")]
    all: bool,
}

impl From<ReplayArguments> for ReplayRequest {
    /// The grammar requires one of the three; without the first two it is the third.
    fn from(typed: ReplayArguments) -> Self {
        match (typed.entry, typed.run) {
            (Some(entry), _) => Self::Entry(entry),
            (None, Some(run)) => Self::Run(run),
            (None, None) => Self::All,
        }
    }
}
