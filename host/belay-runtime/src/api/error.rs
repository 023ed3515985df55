//! The one error that leaves the runtime: what happened, what was and was not changed, and one next command.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a command ended, as its exit status tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// 0: done, also when nothing needed doing.
    Done,
    /// 1.
    Failed,
    /// 2: wrong usage or configuration.
    Usage,
    /// 3: by a guardrail, a threshold or an allow-list.
    Refused,
    /// 4: for approval.
    Waits,
    /// 5: outside its mandate.
    OutsideMandate,
    /// 6: a person must decide.
    PersonMustDecide,
    /// 7: done in part.
    Partial,
}

impl Ending {
    /// The exit status.
    pub const fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Waits => 4,
            Self::OutsideMandate => 5,
            Self::PersonMustDecide => 6,
            Self::Partial => 7,
        }
    }
}

/// Why a request was not carried out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Error {
    /// The exit status.
    pub ending: Ending,
    /// What happened, with file and line where there is one.
    pub what: String,
    /// What was and was not changed; absent where nothing could have been.
    pub changed: Option<String>,
    /// One command, or one thing to do, next.
    pub next: Option<String>,
}

impl Error {
    /// An error with a cause alone.
    pub fn new(ending: Ending, what: impl Into<String>) -> Self {
        Self { ending, what: what.into(), changed: None, next: None }
    }

    /// Wrong words or a wrong configuration: found before anything was changed.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Ending::Usage, what).changed("nothing was changed")
    }

    /// Something that should have worked did not.
    pub fn failed(what: impl Into<String>) -> Self {
        Self::new(Ending::Failed, what)
    }

    /// Refused by a rule.
    pub fn refused(what: impl Into<String>) -> Self {
        Self::new(Ending::Refused, what)
    }

    /// Says what was and was not changed.
    #[must_use]
    pub fn changed(mut self, changed: impl Into<String>) -> Self {
        self.changed = Some(changed.into());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Error {}
