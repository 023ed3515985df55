//! Operations: single writes, complete, proposed by plugins and performed by the host.

mod keyvalue;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{ConnectionName, Millis};
use crate::json::Json;

pub use keyvalue::{Expiry, KeyvalueChange, KeyvalueWrite, shown};

/// How a write can be taken back. Ordered: later is worse.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reversibility {
    /// A later run can undo it completely.
    Reversible,
    /// With effort or from elsewhere.
    Recoverable,
    /// Not at all.
    Irreversible,
}

impl fmt::Display for Reversibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Reversible => "reversible",
            Self::Recoverable => "recoverable",
            Self::Irreversible => "irreversible",
        })
    }
}

/// One write, complete.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Operation {
    /// For people.
    pub summary: String,
    /// The write itself.
    pub write: Write,
    /// The resource's content once it is done.
    pub yields: Json,
    /// How it can be taken back, as the plugin declared it.
    pub reversibility: Reversibility,
    /// How many things it touches, as the plugin declared it.
    pub touches: u64,
}

/// Where a write goes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Write {
    /// An HTTP request.
    Http(HttpWrite),
    /// Named bytes in a directory or an object store.
    Object(ObjectWrite),
    /// Keys in a key-value store.
    Keyvalue(KeyvalueWrite),
}

impl Write {
    /// The connection that it goes through.
    pub const fn connection(&self) -> &ConnectionName {
        match self {
            Self::Http(write) => &write.connection,
            Self::Object(write) => &write.connection,
            Self::Keyvalue(write) => &write.connection,
        }
    }

    /// `METHOD path`, as a connection's list of writes matches it; `PUT key` or `DELETE key` for objects, and for keys
    /// what [`KeyvalueChange::line`] says.
    pub fn line(&self) -> String {
        match self {
            Self::Http(write) => format!("{} {}", write.method, write.path),
            Self::Object(write) => {
                format!("{} {}", if write.content.is_some() { "PUT" } else { "DELETE" }, write.key)
            }
            Self::Keyvalue(write) => write.change.line(),
        }
    }
}

/// An HTTP request that changes something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HttpWrite {
    /// The connection.
    pub connection: ConnectionName,
    /// In capitals.
    pub method: String,
    /// Path and query, from `/`.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// Answers that say it was applied.
    pub applied: Vec<Answer>,
    /// Answers that say it was not.
    pub refused: Vec<Answer>,
}

/// How an answer is recognised.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// A JSON pointer and what it must find; without one the body must be empty or JSON.
    pub body: Option<(String, BodyTest)>,
}

/// What a JSON pointer must find.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyTest {
    /// Anything.
    Present,
    /// This value.
    Equals(Json),
    /// A string that contains this one.
    Contains(String),
}

/// Named bytes put or deleted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ObjectWrite {
    /// The connection.
    pub connection: ConnectionName,
    /// Relative, `/` between parts.
    pub key: String,
    /// The bytes; absent deletes.
    pub content: Option<Body>,
    /// What must hold of the present bytes.
    pub expect: Expectation,
}

/// What must hold for a write to happen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// Nothing.
    Anything,
    /// Nothing is there yet.
    Absent,
    /// The present bytes have this SHA-256.
    Bytes(Digest),
}

/// Bytes that travel in JSON: UTF-8 as it is (`{"text": …}`), others as hex (`{"hex": …}`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "BodyText", try_from = "BodyText")]
pub struct Body(pub Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BodyText {
    Text(String),
    Hex(String),
}

impl From<Body> for BodyText {
    fn from(body: Body) -> Self {
        String::from_utf8(body.0).map_or_else(|error| Self::Hex(hex(error.as_bytes())), Self::Text)
    }
}

impl TryFrom<BodyText> for Body {
    type Error = String;

    fn try_from(text: BodyText) -> Result<Self, String> {
        match text {
            BodyText::Text(text) => Ok(Self(text.into_bytes())),
            BodyText::Hex(text) => unhex(&text).map(Self).ok_or_else(|| "not hex".to_owned()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    digits.chunks(2).map(|pair| if let [high, low] = pair { Some(high << 4 | low) } else { None }).collect()
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

/// A reason why a change is riskier than its operations show.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RiskFactor {
    /// For people.
    pub cause: String,
    /// Points of risk, 0 to 100.
    pub score: u32,
}

/// What takes a resource from one state to the next.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// In order. Empty: the resource is as desired.
    pub operations: Vec<Operation>,
    /// Reasons for more risk.
    pub factors: Vec<RiskFactor>,
    /// What is set aside by going back; absent: not measurable.
    pub loss: Option<Loss>,
    /// For the plan's reader.
    pub notes: Vec<String>,
}

/// Later data that the resource no longer shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Loss {
    /// Since when.
    pub since: Millis,
    /// How many changes.
    pub changes: u64,
    /// How many rows, where it can be told.
    pub rows: Option<u64>,
}

/// What became of an operation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The system said so, or holds the operation's bytes.
    Applied {
        /// The answer, for people: `201`.
        detail: String,
    },
    /// It did not happen: refused, or nothing was sent.
    NotApplied {
        /// Why.
        reason: String,
    },
    /// It may have happened, or may still. Never retried blindly.
    Unknown {
        /// Why nobody can tell.
        reason: String,
    },
}
