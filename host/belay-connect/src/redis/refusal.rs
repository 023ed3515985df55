//! Why a command brought nothing, in words that say what to do. Never shows a credential.

use redis::{ErrorKind, RedisError};

use crate::http::scrub::Scrubber;
use crate::read::KeyError;

/// How much of an answer a person is shown, in characters.
const EXCERPT: usize = 200;

/// Why a command brought no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    /// The server answered with an error.
    Refused {
        /// For people.
        reason: String,
        /// The error is one that the server gives before it does anything.
        before: bool,
        /// The key holds something else than the command is for.
        wrong_kind: bool,
    },
    /// The connection broke; nobody knows what the server did.
    Broken(String),
    /// The time limit passed.
    TimedOut,
    /// The answer is larger than this many bytes.
    TooLarge(u64),
}

impl Failure {
    pub(super) fn of(error: &RedisError, scrubber: &Scrubber) -> Self {
        let (ErrorKind::Server(_) | ErrorKind::Extension) = error.kind() else {
            return Self::Broken(shown(&error.to_string(), scrubber));
        };
        let code = error.code().unwrap_or_default();
        let said = shown(&format!("{code} {}", error.detail().unwrap_or_default()), scrubber);
        let (words, before) = words(code);
        let reason = if words.is_empty() { format!("the server answered {said}") } else { format!("{words} ({said})") };
        Self::Refused { reason, before, wrong_kind: code == "WRONGTYPE" }
    }

    /// An answer of a shape that the command does not have.
    pub(super) fn nonsense() -> Self {
        Self::Broken("the answer is not one to this command; is it a Redis server?".to_owned())
    }

    /// For people.
    pub(super) fn reason(self) -> String {
        match self {
            Self::Refused { reason, .. } | Self::Broken(reason) => reason,
            Self::TimedOut => "no answer within the connection's time limit".to_owned(),
            Self::TooLarge(most) => format!("the answer is larger than {most} bytes"),
        }
    }
}

impl From<Failure> for KeyError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused { reason, wrong_kind: true, .. } => Self::WrongKind(reason),
            Failure::Refused { reason, .. } => Self::Refused(reason),
            Failure::Broken(reason) => Self::Unreachable(reason),
            Failure::TimedOut => Self::TimedOut,
            Failure::TooLarge(most) => Self::TooLarge(most),
        }
    }
}

/// What a code of the server's means, and whether it is given before anything is done. What is not in this list may
/// come from a proxy, which can't know.
fn words(code: &str) -> (&'static str, bool) {
    let words = match code {
        "NOAUTH" => "the server wants a password; set `auth` on the connection",
        "WRONGPASS" => "the server does not accept the user or the password",
        "NOPERM" => "the server's access list does not let this user do that",
        "READONLY" => "the server is a replica, which takes no writes; connect to its primary",
        "OOM" => "the server is at its `maxmemory` and takes no writes",
        "LOADING" => "the server is still loading its data",
        "MISCONF" => "the server can't save its data to its disk and takes no writes",
        "NOREPLICAS" => "the server has fewer replicas than it wants for a write",
        "MASTERDOWN" => "the server is a replica that lost its primary",
        "BUSY" => "the server is busy with somebody's script",
        "MOVED" | "ASK" | "CLUSTERDOWN" | "CROSSSLOT" | "TRYAGAIN" => {
            "the server is one of a cluster, which this connection does not follow"
        }
        "WRONGTYPE" => "the key holds something of another kind",
        _ => return ("", false),
    };
    (words, true)
}

fn shown(text: &str, scrubber: &Scrubber) -> String {
    let text = scrubber.scrub(text.trim().as_bytes()).into_owned();
    String::from_utf8_lossy(&text).chars().filter(|c| !c.is_control()).take(EXCERPT).collect()
}
