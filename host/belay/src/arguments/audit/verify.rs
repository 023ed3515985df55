//! `belay audit verify`.

use std::path::PathBuf;

use clap::Args;

/// Which ledger.
#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    /// A copy of a ledger's folder; without it, the workspace's own ledger
    pub(crate) folder: Option<PathBuf>,
}
