//! `belay keys`.

use belay_runtime::api::CompromisedRequest;
use clap::{Args, Subcommand};

/// The commands for the keys that sign the log.
#[derive(Subcommand, Debug)]
pub(crate) enum KeysCommand {
    /// Show every key that the log has had, and where the present one lies
    Show,
    /// Make a new key: the old one signs that, and is gone
    #[command(after_help = "Whoever trusts the old key can follow: the log's own entries lead to the new one.\n\n\
                      Example: belay keys rotate --reason 'yearly'")]
    Rotate {
        /// Why, for the record
        #[arg(long)]
        reason: Option<String>,
    },
    /// Say that a key fell into wrong hands, and from where on it counts for nothing; the present key is replaced
    #[command(
        after_help = "Give whoever checks this log the new verifier on another way: a thief can sign with the old key.\n\n\
                      Example: belay keys compromised --since 1841 --reason 'the backup was open from Monday on'"
    )]
    Compromised(CompromisedArguments),
}

/// Which key, and from where on.
#[derive(Args, Debug)]
pub(crate) struct CompromisedArguments {
    /// The first entry that a thief may have signed another one in the place of: what the key alone signed of a longer log
    /// counts for nothing
    #[arg(long, value_name = "ENTRY")]
    since: u64,
    /// How that is known, for the record
    #[arg(long)]
    reason: String,
    /// An earlier key, by its 8 digits or its verifier; without it, the present one
    #[arg(long)]
    key: Option<String>,
}

impl From<CompromisedArguments> for CompromisedRequest {
    fn from(typed: CompromisedArguments) -> Self {
        Self { key: typed.key, since: typed.since, reason: typed.reason }
    }
}
