//! `belay audit`.

mod export;
mod heartbeat;
mod kept;
mod log;
mod redact;
mod replay;
mod report;
mod show;
mod verify;

use std::path::Path;

use belay_runtime::api::Error;
use clap::Subcommand;

pub(crate) use export::ExportArguments;
pub(crate) use heartbeat::HeartbeatArguments;
pub(crate) use log::LogArguments;
pub(crate) use redact::{HoldCommand, RedactCommand, RetainArguments};
pub(crate) use replay::ReplayArguments;
pub(crate) use report::{Format, ReportArguments};
pub(crate) use show::ShowArguments;
pub(crate) use verify::VerifyArguments;

/// The commands for reviewers.
#[derive(Subcommand, Debug)]
pub(crate) enum AuditCommand {
    /// Read the ledger, the newest entries last: by run, person, plugin, resource, words, time
    #[command(
        after_help = "Examples: belay audit log --incident INC-4211, belay audit log --person ana --kind approval, \
                            belay audit log --plugin blast-radius --from 2026-10-01, belay audit log --follow --env prod"
    )]
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
    /// Report every run and every exception of a time, with a statement of how complete that is
    #[command(after_help = "Exit status: 1 if the log is not sound; the report is made all the same, and says so.\n\n\
                            Examples: belay audit report --from 2026-10-01 --to 2026-12-31 -o q4.html, \
                            belay audit report --team ranking --format csv")]
    Report(ReportArguments),
    /// Record that belay could record: silence between heartbeats can be told from a belay that was away
    #[command(after_help = "Examples: belay audit heartbeat --every 10m (a service), \
                            belay audit heartbeat --every 10m --once (a timer)")]
    Heartbeat(HeartbeatArguments),
    /// Make the index again that `audit log` searches; the log itself is not touched
    Reindex,
    /// Verify a ledger, a published log or an evidence file: hashes, tree, signatures, pairing
    #[command(
        after_help = "Exit status: 0 everything fits, 1 not.\n\nExamples: belay audit verify, belay audit verify --since \
                      checkpoint-of-june, belay audit verify inc-4211.evidence --key ledger.vkey"
    )]
    Verify(VerifyArguments),
}

fn read(file: &Path) -> Result<String, Error> {
    std::fs::read_to_string(file).map_err(|error| Error::usage(format!("{}: {error}", file.display())))
}
