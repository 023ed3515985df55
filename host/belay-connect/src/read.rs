//! What plugins get from reads: plain values, the shapes of `wit/`. Nothing here performs one.

use belay_domain::digest::Digest;
use belay_domain::id::ConnectionName;

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
}

/// A body by its digest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digested {
    /// The HTTP status.
    pub status: u16,
    /// The body's length in bytes.
    pub size: u64,
    /// The body's SHA-256, as it was sent: credentials in it count.
    pub sha256: Digest,
}

/// Why a read over HTTP brought nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HttpError {
    /// The host does not allow this read.
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
    /// The host does not allow this read.
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
