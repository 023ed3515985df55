//! `belay audit show`.

use clap::Args;

/// Which entry.
#[derive(Args, Debug)]
pub(crate) struct ShowArguments {
    /// Its number
    pub(crate) entry: u64,
}
