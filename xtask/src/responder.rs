//! The person at the keyboard of a story. Never looks away: a command that ends otherwise ends the story.

use std::path::PathBuf;
use std::process::Command;

use crate::demo::Error;

/// Where somebody types, and what.
pub(crate) struct Responder {
    pub(crate) belay: PathBuf,
    pub(crate) workspace: PathBuf,
}

impl Responder {
    /// Types a command, shows it and what it prints, and holds its exit status against what it must be.
    pub(crate) fn run(&self, expected: i32, words: &[&str]) -> Result<(), Error> {
        println!("\n$ belay {}", words.join(" "));
        let status = Command::new(&self.belay).args(words).current_dir(&self.workspace).status();
        let status = status.map_err(|source| Error::File { path: self.belay.clone(), source })?;
        if status.code() == Some(expected) {
            return Ok(());
        }
        let found = status.code().map_or_else(|| status.to_string(), |code| code.to_string());
        Err(Error::Ended { command: format!("belay {}", words.join(" ")), found, expected })
    }
}
