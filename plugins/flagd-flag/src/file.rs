//! A flag file as it is, and with one flag put, or taken out.

use std::ops::Range;

use belay_sdk::{Fault, Reads, Resource, State};
use sha2::{Digest as _, Sha256};

use crate::Config;
use crate::flag::Flag;
use crate::members::Members;

/// A flag file's text, and the one flag in it that matters here.
#[derive(Debug)]
pub(crate) struct FlagFile {
    text: String,
    key: String,
    /// The place of the object that holds the flags.
    flags: Range<usize>,
    pub(crate) flag: Option<Flag>,
}

impl FlagFile {
    /// Reads the file; `None` where there is none.
    pub(crate) fn read(reads: &dyn Reads, of: &Resource<Config>) -> Result<Option<Self>, Fault> {
        let Some(bytes) = reads.get_object(&of.connection, &of.config.file)? else { return Ok(None) };
        let wrong = |why: String| Fault::Unexpected(format!("{}/{}: {why}", of.connection, of.config.file));
        let text = String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
        Self::parse(text, &of.id).map(Some).map_err(wrong)
    }

    fn parse(text: String, key: &str) -> Result<Self, String> {
        let flags = Members::of(&text)?.value("flags").ok_or("it has no `flags`: is it a flag file?")?;
        let places = Members::find(&text, flags.clone()).map_err(|why| format!("its flags: {why}"))?;
        let source = places.value(key).and_then(|place| text.get(place));
        let flag = source.map(read_whole).transpose().map_err(|why| format!("the flag `{key}`: {why}"))?;
        Ok(Self { key: key.to_owned(), flags, flag, text })
    }

    /// The flag's state; absent where the file doesn't have it.
    pub(crate) fn state(&self) -> Result<State, Fault> {
        let label = self.flag.as_ref().map_or_else(|| "absent".to_owned(), Flag::label);
        State::of(label, &self.flag, &self.digest())
    }

    /// The SHA-256 of the file's bytes, in lower-case hex.
    pub(crate) fn digest(&self) -> String {
        Sha256::digest(self.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The file's bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.text.clone().into_bytes()
    }

    /// The file with the flag's text put in its place, or added as the last flag, or taken out.
    pub(crate) fn with(&self, source: Option<&str>) -> Result<Self, Fault> {
        let changed = || {
            let places = Members::find(&self.text, self.flags.clone())?;
            let text = match source {
                Some(source) => places.with(&self.text, &self.key, source),
                None => places.without(&self.text, &self.key),
            };
            Self::parse(text, &self.key)
        };
        changed().map_err(Fault::Unexpected)
    }
}

/// Reads a flag and refuses one that says something twice.
fn read_whole(source: &str) -> Result<Flag, String> {
    Members::of(source)?;
    Flag::read(source).map_err(|fault| fault.to_string())
}
