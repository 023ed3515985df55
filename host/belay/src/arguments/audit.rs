//! `belay audit`.

mod export;
mod log;
mod redact;
mod replay;
mod show;
mod verify;

use clap::Subcommand;

pub(crate) use export::ExportArguments;
pub(crate) use log::LogArguments;
pub(crate) use redact::{HoldCommand, RedactCommand, RetainArguments};
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
    /// Take blobs of an entry away for good: one asks, another approves
    #[command(subcommand)]
    Redact(RedactCommand),
    /// Keep entries from losing what they name
    #[command(subcommand)]
    Hold(HoldCommand),
    /// Show or let go what is older than the workspace's rule
    #[command(
        after_help = "The rule, in belay.toml:\n  [retention]\n  older_than = \"400d\"\n\nExamples: belay audit retain, belay \
                      audit retain --apply --key ~/.ssh/id_ed25519"
    )]
    Retain(RetainArguments),
    /// Write entries with their proofs, and all that they name, into one file that a stranger can check
    #[command(
        after_help = "The file is a tar: its README.md says how to check it with openssl, ssh-keygen and Go.\n\nExamples: belay audit export \
                      --incident INC-4211 -o inc-4211.evidence, belay audit export --run r-77 --with-log -o r-77.evidence"
    )]
    Export(ExportArguments),
    /// Verify a ledger, a published log or an evidence file: hashes, tree, signatures, pairing
    #[command(
        after_help = "Exit status: 0 everything fits, 1 not.\n\nExamples: belay audit verify, belay audit verify --since \
                      checkpoint-of-june, belay audit verify inc-4211.evidence --key ledger.vkey"
    )]
    Verify(VerifyArguments),
}
