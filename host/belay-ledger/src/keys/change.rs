//! One change of a log's key, as its entry says it: both keys, and a note that they signed.

use serde::{Deserialize, Serialize};

use crate::note::{InvalidNote, Verifier};

/// The first line of what is signed. It keeps the note from being read as a checkpoint, whose first line is the log's name.
const FIRST_LINE: &str = "belay key change v1";

/// The body of an entry `key.rotated` or `key.compromised`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    /// The key until then, or the one that is compromised. As signed notes write keys.
    pub before: String,
    /// The key from then on.
    pub after: String,
    /// Only where `before` is compromised: what it alone signed of a log with more entries than this counts for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// The same as a signed note, C2SP signed-note: `after` signed it, and `before` too where it was the present key.
    pub note: String,
}

/// Why a change of keys is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChange {
    /// A key or the note can't be read, or a signature is missing or wrong.
    #[error("a change of keys: {0}")]
    Note(#[from] InvalidNote),
    /// The note says something else than the entry.
    #[error("a change of keys whose note says something else")]
    OtherNote,
    /// A log has one name.
    #[error("a change of keys between logs of other names: {0}, {1}")]
    OtherName(String, String),
    /// It begins with a key that is not the present one.
    #[error("a change from the key {found}, where the present one is {present}")]
    NotPresent {
        /// As the change says.
        found: String,
        /// As the changes before it say.
        present: String,
    },
    /// A key that the log had before.
    #[error("a change to the key {0}, which the log has had before")]
    Again(String),
    /// Nothing can be compromised from an entry on that is not there yet.
    #[error("a key is compromised since entry {since}, but the entry that says so is {entry}")]
    Future {
        /// As the change says.
        since: u64,
        /// The entry that says so.
        entry: u64,
    },
}

/// A change that was read: the keys themselves.
pub(super) struct Read {
    pub(super) before: Verifier,
    pub(super) after: Verifier,
}

impl KeyChange {
    /// The keys, if `after` signed the note, and `before` too where `both` says so.
    pub(super) fn read(&self, both: bool) -> Result<Read, InvalidChange> {
        let (before, after): (Verifier, Verifier) = (self.before.parse()?, self.after.parse()?);
        if before.name() != after.name() {
            return Err(InvalidChange::OtherName(before.name().to_owned(), after.name().to_owned()));
        }
        let expected = text(&before, &after, self.since);
        let signed = if both { vec![&before, &after] } else { vec![&after] };
        for key in signed {
            if key.open(&self.note)? != expected {
                return Err(InvalidChange::OtherNote);
            }
        }
        Ok(Read { before, after })
    }
}

/// What is signed.
pub(crate) fn text(before: &Verifier, after: &Verifier, since: Option<u64>) -> String {
    let since = since.map_or_else(String::new, |since| format!("since {since}\n"));
    format!("{FIRST_LINE}\nbefore {before}\nafter {after}\n{since}")
}
