//! What plugins get from reads: plain values, the shapes of `wit/`. Nothing here performs one.

use std::time::Duration;

use belay_domain::digest::Digest;
use belay_domain::id::{ConnectionName, Millis};

/// A read over HTTP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpRead {
    /// The connection.
    pub connection: ConnectionName,
    /// `GET`, `HEAD`, or a query that the connection lists.
    pub method: String,
    /// Path and query, from `/`, below the connection's address.
    pub path: String,
    /// `accept` and `content-type` only.
    pub headers: Vec<(String, String)>,
    /// For queries.
    pub body: Vec<u8>,
}

/// What came back, whatever its status, without the connection's credentials.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// Harmless ones only, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, whole.
    pub body: Vec<u8>,
    /// From sending the request to the body's end.
    pub took: Duration,
    /// Why attempts before the one that brought this brought nothing.
    pub failed_before: Vec<String>,
}

/// A body by its digest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Digested {
    /// The HTTP status.
    pub status: u16,
    /// The body's length in bytes.
    pub size: u64,
    /// The body's SHA-256, as it was sent: credentials in it count.
    pub sha256: Digest,
    /// From sending the request to the body's end.
    pub took: Duration,
    /// Why attempts before the one that brought this brought nothing.
    pub failed_before: Vec<String>,
}

/// Why a read over HTTP brought nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HttpError {
    /// The host does not allow this read, has no credential for it, or does not trust who answers. Nobody is down.
    #[error("denied: {0}")]
    Denied(String),
    /// No connection was made, or it broke.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The connection's time limit passed.
    #[error("timed out")]
    TimedOut,
    /// The body is larger than this many bytes.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
}

/// What is known of an object's bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Meta {
    /// Relative, `/` between parts.
    pub key: String,
    /// In bytes.
    pub size: u64,
    /// Milliseconds since 1970 UTC.
    pub modified: Option<u64>,
}

/// Why a read of an object brought nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ObjectError {
    /// The host does not allow this read, has no credential for it, or does not trust who answers. Nobody is down.
    #[error("denied: {0}")]
    Denied(String),
    /// Nothing has this name.
    #[error("missing")]
    Missing,
    /// The directory did not answer.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The connection's time limit passed.
    #[error("timed out")]
    TimedOut,
    /// The object is larger than this many bytes.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
}

/// What a key is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyMeta {
    /// The store's own word: `string`, `hash`.
    pub kind: String,
    /// When it goes by itself, by the store's clock; none: never.
    pub expires: Option<Millis>,
}

/// Some keys, and where to go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyPage {
    /// In no order; a key may be on several pages.
    pub keys: Vec<Vec<u8>>,
    /// Where the next page begins; none: there is none.
    pub next: Option<String>,
}

/// Why a read of keys brought nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// The host does not allow this read, has no credential for it, or does not trust who answers. Nobody is down.
    #[error("denied: {0}")]
    Denied(String),
    /// The store answered that it will not.
    #[error("refused: {0}")]
    Refused(String),
    /// The key holds something of another kind.
    #[error("of another kind: {0}")]
    WrongKind(String),
    /// No connection was made, or it broke.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The connection's time limit passed.
    #[error("timed out")]
    TimedOut,
    /// The answer is larger than this many bytes.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
}
