//! Failed reads as faults. The host's reasons are whole sentences: nothing is put before them.

use crate::{Fault, http, keyvalue, objects};

impl From<http::Error> for Fault {
    fn from(error: http::Error) -> Self {
        match error {
            http::Error::Denied(why) | http::Error::Unreachable(why) => Self::Unavailable(why),
            http::Error::TimedOut => Self::Unavailable("no answer within the connection's time limit".to_owned()),
            http::Error::TooLarge(limit) => Self::Unexpected(format!("the answer is larger than {limit} bytes")),
        }
    }
}

impl From<objects::Error> for Fault {
    fn from(error: objects::Error) -> Self {
        match error {
            objects::Error::Missing => Self::Missing("nothing has this name".to_owned()),
            objects::Error::Denied(why) | objects::Error::Unreachable(why) => Self::Unavailable(why),
            objects::Error::TimedOut => Self::Unavailable("no answer within the connection's time limit".to_owned()),
            objects::Error::TooLarge(limit) => Self::Unexpected(format!("the object is larger than {limit} bytes")),
        }
    }
}

impl From<keyvalue::Error> for Fault {
    fn from(error: keyvalue::Error) -> Self {
        match error {
            keyvalue::Error::Denied(why) | keyvalue::Error::Refused(why) | keyvalue::Error::Unreachable(why) => {
                Self::Unavailable(why)
            }
            keyvalue::Error::WrongKind(why) => Self::Unexpected(why),
            keyvalue::Error::TimedOut => Self::Unavailable("no answer within the connection's time limit".to_owned()),
            keyvalue::Error::TooLarge(limit) => Self::Unexpected(format!("the answer is larger than {limit} bytes")),
        }
    }
}

impl Fault {
    /// The same fault, its text opening with what was being done: `reading clicks/_delta_log: …`.
    #[must_use]
    pub fn while_doing(self, what: &str) -> Self {
        let with = |text: String| format!("{what}: {text}");
        match self {
            Self::Invalid(text) => Self::Invalid(with(text)),
            Self::Missing(text) => Self::Missing(with(text)),
            Self::Unexpected(text) => Self::Unexpected(with(text)),
            Self::Unavailable(text) => Self::Unavailable(with(text)),
            Self::Unsupported(text) => Self::Unsupported(with(text)),
        }
    }
}
