//! `belay audit redact`, `belay audit hold`, `belay audit retain`: what people sign who take blobs away, or keep them.

use belay_domain::id::{IncidentId, RunId};
use belay_runtime::Days;
use belay_runtime::api::{HoldChange, OnHold, RedactRequest};
use clap::{Args, Subcommand};

use crate::arguments::approve::{SigningArguments, WordArguments};

/// `belay audit redact`.
#[derive(Subcommand, Debug)]
pub(crate) enum RedactCommand {
    /// Ask for blobs of an entry to be taken away: an admin or auditor. Takes nothing away
    #[command(
        after_help = "Examples:\n  belay audit redact ask 1841 --authority 'GDPR Art. 17, LEGAL-9' --reason 'a customer asked'\n  \
                      belay audit redact ask 1841 --blob 'read 0 body' --authority LEGAL-9 --reason 'a token in an answer'"
    )]
    Ask(AskArguments),
    /// Approve what somebody else asked for: an admin. The bytes and their key are destroyed
    #[command(after_help = "With plain OpenSSH, on any machine:\n  belay audit redact approve 1902 --show > text\n  \
                      ssh-keygen -Y sign -n redaction@belay -f ~/.ssh/id_ed25519 text\n  \
                      belay audit redact approve 1902 --signature text.sig")]
    Approve {
        /// The entry that asked for it
        asked: u64,
        /// Print what is signed, to the last byte; record nothing
        #[arg(long)]
        show: bool,
        /// How it is signed.
        #[command(flatten)]
        signing: SigningArguments,
    },
    /// List what was asked for, and what became of it
    List,
}

/// What is to go.
#[derive(Args, Debug)]
pub(crate) struct AskArguments {
    /// The entry that names it
    entry: u64,
    /// Only this blob, by its name in belay audit show; may be repeated
    #[arg(long, value_name = "NAME")]
    blob: Vec<String>,
    /// On what authority: a law's article, a court's order, a ticket
    #[arg(long, value_name = "TEXT")]
    authority: String,
    /// What is signed, for the record.
    #[command(flatten)]
    pub(crate) word: WordArguments,
}

impl AskArguments {
    pub(crate) fn request(&self) -> RedactRequest {
        RedactRequest {
            entry: self.entry,
            blobs: self.blob.clone(),
            authority: self.authority.clone(),
            reason: self.word.reason.clone(),
        }
    }
}

/// `belay audit hold`.
#[derive(Subcommand, Debug)]
pub(crate) enum HoldCommand {
    /// Keep what belongs to a run, an incident, or everything from being taken away: an admin or auditor
    #[command(after_help = "Example: belay audit hold set --incident INC-4211 --reason 'litigation, LEGAL-12'")]
    Set {
        /// What it covers.
        #[command(flatten)]
        covers: CoversArguments,
        /// What is signed, for the record.
        #[command(flatten)]
        word: WordArguments,
    },
    /// Lift a hold: an admin or auditor who did not set it
    Lift {
        /// The entry that set it
        hold: u64,
        /// What is signed, for the record.
        #[command(flatten)]
        word: WordArguments,
    },
    /// List the holds in force
    List,
}

/// What a hold covers.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct CoversArguments {
    /// The entries of this run
    #[arg(long)]
    run: Option<RunId>,
    /// The entries of this incident, and of its runs
    #[arg(long)]
    incident: Option<IncidentId>,
    /// Everything
    #[arg(long)]
    everything: bool,
}

impl CoversArguments {
    /// The change; `clap` has seen to it that one is given.
    pub(crate) fn change(self) -> HoldChange {
        HoldChange::Set(match (self.run, self.incident) {
            (Some(run), _) => OnHold::Run(run),
            (None, Some(incident)) => OnHold::Incident(incident),
            (None, None) => OnHold::Everything,
        })
    }
}

/// `belay audit retain`.
#[derive(Args, Debug)]
pub(crate) struct RetainArguments {
    /// Older than this, such as 400d; without it, by [retention] in belay.toml
    #[arg(long, value_name = "DAYS")]
    pub(crate) older_than: Option<Days>,
    /// Let it go: an admin or auditor signs. Without it, only shows what would go
    #[arg(long)]
    pub(crate) apply: bool,
    /// Print what is signed, to the last byte; record nothing
    #[arg(long, conflicts_with = "apply")]
    pub(crate) show: bool,
    /// How it is signed.
    #[command(flatten)]
    pub(crate) signing: SigningArguments,
}
