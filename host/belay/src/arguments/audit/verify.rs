//! `belay audit verify`.

use std::path::{Path, PathBuf};

use belay_runtime::api::{Error, VerifyRequest};
use clap::Args;

use super::kept::KeptCheckpoint;
use super::read;

/// What is verified, and against what.
#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    /// An evidence file, a copy of a state folder or a published log's folder; without it, the workspace's own ledger
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// A checkpoint that you kept: that the log still begins as it did then
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// The key to believe, a file such as ledger.vkey or its line; without it the one beside the log
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

impl VerifyArguments {
    /// What the log is held against.
    pub(crate) fn request(&self) -> Result<VerifyRequest, Error> {
        Ok(VerifyRequest {
            since: self.since.as_deref().map(KeptCheckpoint::read).transpose()?.map(|kept| kept.text),
            key: self.key.as_ref().map(|key| line(key)).transpose()?,
        })
    }
}

/// A verifier key has two `+`, which the name of a file that is there could have too.
fn line(key: &str) -> Result<String, Error> {
    let is_line = !Path::new(key).exists() && key.split('+').count() > 2;
    if is_line { Ok(key.to_owned()) } else { read(Path::new(key)) }
}
