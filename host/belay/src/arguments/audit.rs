//! `belay audit`.

mod log;
mod replay;
mod show;
mod verify;

use clap::Subcommand;

pub(crate) use log::LogArguments;
pub(crate) use replay::ReplayArguments;
pub(crate) use show::ShowArguments;
pub(crate) use verify::VerifyArguments;

/// The commands for reviewers.
#[derive(Subcommand, Debug)]
pub(crate) enum AuditCommand {
    /// Read the ledger, the newest entries last
    Log(LogArguments),
    /// Show one entry whole, with its proof
    Show(ShowArguments),
    /// Make recorded plugin calls again, from what the ledger holds alone: same bytes, same fuel?
    #[command(
        after_help = "Exit status: 0 all that can be made again came out as recorded, 1 not.\n\nExamples: belay audit replay 1841, \
                      belay audit replay --run r-77, belay audit replay --all"
    )]
    Replay(ReplayArguments),
    /// Verify the whole ledger: hashes, tree, signature, pairing
    Verify(VerifyArguments),
}
