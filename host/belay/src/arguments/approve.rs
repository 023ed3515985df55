//! `belay approve`, `belay reject` and `belay review`: what people say of runs that are not theirs, signed.

use std::path::PathBuf;

use belay_domain::id::RunId;
use belay_runtime::api::{Error, Keys, SignWith};
use clap::{Args, Subcommand};

/// `belay approve`.
#[derive(Args, Debug)]
#[command(after_help = "With plain OpenSSH, on any machine:\n  \
    belay approve r-77 --show > mandate.txt\n  \
    ssh-keygen -Y sign -n mandate@belay -f ~/.ssh/id_ed25519 mandate.txt\n  \
    belay approve r-77 --signature mandate.txt.sig")]
pub(crate) struct ApproveArguments {
    /// The run, such as r-77
    pub run: RunId,
    /// Agree that bands and denials are overridden; opens a review
    #[arg(long)]
    pub break_glass: bool,
    /// Print what is signed, to the last byte, and how it differs from an earlier mandate; record nothing
    #[arg(long)]
    pub show: bool,
    /// The first 8 digits of the mandate's digest, where nobody can be asked for them
    #[arg(long, value_name = "8HEX", conflicts_with = "signature")]
    pub digest: Option<String>,
    /// How it is signed.
    #[command(flatten)]
    pub signing: SigningArguments,
}

/// `belay reject`.
#[derive(Args, Debug)]
pub(crate) struct RejectArguments {
    /// The run
    pub run: RunId,
    /// What is signed, for the record.
    #[command(flatten)]
    pub word: WordArguments,
}

/// `belay review`.
#[derive(Subcommand, Debug)]
pub(crate) enum ReviewCommand {
    /// List what must be looked at because the glass was broken, and what was
    List,
    /// Show one: who, why, what was overridden, who was skipped
    Show {
        /// The run
        run: RunId,
    },
    /// Close one: an admin or auditor who is not one of the two
    Close {
        /// The run
        run: RunId,
        /// What is signed, for the record.
        #[command(flatten)]
        word: WordArguments,
    },
}

/// A word that is signed together with its reason.
#[derive(Args, Debug)]
pub(crate) struct WordArguments {
    /// Why, for the record
    #[arg(long)]
    pub reason: String,
    /// Print what is signed, to the last byte; record nothing
    #[arg(long)]
    pub show: bool,
    /// How it is signed.
    #[command(flatten)]
    pub signing: SigningArguments,
}

/// With a key, or elsewhere.
#[derive(Args, Debug)]
pub(crate) struct SigningArguments {
    /// The key.
    #[command(flatten)]
    pub key: KeyArguments,
    /// Signed already: the file that `ssh-keygen -Y sign` wrote
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub signature: Option<PathBuf>,
}

/// Which key signs.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct KeyArguments {
    /// Sign with this key: a private key file, or a public one whose private half ssh-agent has; without it, with your key
    /// in ssh-agent
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

impl KeyArguments {
    /// The key, and where ssh-agent listens.
    pub(crate) fn keys(&self) -> Keys {
        Keys { file: self.key.clone(), agent: std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from) }
    }
}

impl SigningArguments {
    /// How it is signed; `digest` is what the person typed.
    pub(crate) fn how(&self, digest: String) -> Result<SignWith, Error> {
        let Some(file) = &self.signature else { return Ok(SignWith::Key { keys: self.key.keys(), digest }) };
        let read = std::fs::read_to_string(file);
        read.map(SignWith::Signature).map_err(|error| Error::usage(format!("{}: {error}", file.display())))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::arguments::Arguments;

    #[test]
    fn a_word_is_signed_in_one_way() {
        let parsed = |line: &str| Arguments::try_parse_from(line.split(' ')).map(|_| ());
        for line in [
            "belay approve r-77",
            "belay approve r-77 --show",
            "belay approve r-77 --key k --digest 0a1b2c3d",
            "belay approve r-77 --signature s --break-glass",
            "belay reject r-77 --reason no --key k",
            "belay review close r-77 --reason looked --signature s",
        ] {
            assert!(parsed(line).is_ok(), "{line}");
        }
        for line in ["belay approve r-77 --key k --signature s", "belay reject r-77", "belay review close r-77"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
