//! `belay audit show`.

use std::path::PathBuf;

use clap::Args;

/// Which entry.
#[derive(Args, Debug)]
pub(crate) struct ShowArguments {
    /// Its number
    pub(crate) entry: u64,
    /// Write its proof into this file, as C2SP's tlog-proof says
    #[arg(long, value_name = "FILE")]
    pub(crate) proof: Option<PathBuf>,
}
