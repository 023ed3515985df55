//! `belay governance`.

use std::path::PathBuf;

use belay_domain::people::PersonName;
use clap::{Args, Subcommand};

/// The commands for what governs: bands, guardrails, people, plugin pins, lists of writes.
#[derive(Subcommand, Debug)]
pub(crate) enum GovernanceCommand {
    /// Show what is in force, who can change it, and what waits to be accepted
    Show,
    /// Show how the files differ from what is in force
    Diff,
    /// Propose the files as they are; whoever proposes can't accept
    #[command(after_help = "Signed elsewhere, with plain ssh-keygen:\n  \
        belay governance propose --as ben --show > change.txt\n  \
        ssh-keygen -Y sign -n proposal@belay -f KEY change.txt\n  \
        belay governance propose --as ben --signature change.txt.sig")]
    Propose {
        /// Who proposes; without it, whose key signs
        #[arg(long = "as", value_name = "PERSON")]
        author: Option<PersonName>,
        /// Why, for the record
        #[arg(long)]
        reason: Option<String>,
        /// How it is signed.
        #[command(flatten)]
        signing: Signing,
    },
    /// Accept the change that is proposed, as an admin who did not propose it
    #[command(after_help = "Signed elsewhere, with plain ssh-keygen:\n  \
        belay governance accept --show > change.txt\n  \
        ssh-keygen -Y sign -n governance@belay -f KEY change.txt\n  \
        belay governance accept --signature change.txt.sig")]
    Accept {
        /// The change: the eight digits that `belay governance propose` and `show` print
        #[arg(value_name = "DIGITS")]
        change: Option<String>,
        /// How it is signed.
        #[command(flatten)]
        signing: Signing,
    },
}

/// With a key here, or elsewhere.
#[derive(Args, Debug)]
pub(crate) struct Signing {
    /// Sign with this key: a private key file, or a public one whose private half ssh-agent has; without it, with your key
    /// in ssh-agent
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Signed already: the file that `ssh-keygen -Y sign` wrote
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub signature: Option<PathBuf>,
    /// Print what is to be signed, to the last byte; record nothing
    #[arg(long, conflicts_with_all = ["key", "signature"])]
    pub show: bool,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::arguments::Arguments;

    #[test]
    fn a_change_is_shown_or_signed_in_one_way() {
        let parsed = |line: &str| Arguments::try_parse_from(line.split(' ')).is_ok();
        for line in [
            "belay governance diff",
            "belay governance propose --key k --reason r",
            "belay governance propose --as ben --show",
            "belay governance accept 0a1b2c3d --key k",
            "belay governance accept --signature s",
        ] {
            assert!(parsed(line), "{line}");
        }
        for line in [
            "belay governance",
            "belay governance propose --show --key k",
            "belay governance accept x --key k --signature s",
        ] {
            assert!(!parsed(line), "{line}");
        }
    }
}
