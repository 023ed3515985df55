//! `belay quarantine`.

use belay_domain::id::EnvironmentName;
use clap::Subcommand;

/// The commands for contents that a rollback left.
#[derive(Subcommand, Debug)]
pub(crate) enum QuarantineCommand {
    /// List what is quarantined
    List {
        /// In this environment; without it, in all
        #[arg(long, value_name = "NAME")]
        env: Option<EnvironmentName>,
    },
    /// Say that a content is sound: it may be released and gone back to again
    #[command(after_help = "Example: belay quarantine lift lake/clicks --env prod --reason 'the reader was at fault'")]
    Lift {
        /// A resource, such as lake/clicks or dataset, or a content by the first digits of its digest
        #[arg(value_name = "CONTENT|RESOURCE")]
        word: String,
        /// Where; needed unless the workspace has only one environment
        #[arg(long, value_name = "NAME")]
        env: Option<EnvironmentName>,
        /// How that is known, for the record
        #[arg(long)]
        reason: String,
    },
}
