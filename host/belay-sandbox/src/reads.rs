//! What plugins read through: the host's side of `http` and `objects`. Nothing here can write.

use std::future::Future;
use std::pin::Pin;

use belay_domain::digest::Digest;
use belay_domain::id::{ConnectionName, Millis};
use belay_domain::operation::Body;
use serde::{Deserialize, Serialize};

/// An answer on its way.
pub type Reading<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Reads through named connections. The sandbox asks only for connections that the call grants; whether the
/// connection counts the request as a read is this trait's to judge, and to answer with `Denied`.
pub trait Reads: Send + Sync {
    /// `http.send`.
    fn http_send<'a>(
        &'a self,
        connection: &'a ConnectionName,
        request: &'a HttpRequest,
    ) -> Reading<'a, Result<HttpResponse, HttpError>>;
    /// `http.digest`.
    fn http_digest<'a>(
        &'a self,
        connection: &'a ConnectionName,
        request: &'a HttpRequest,
    ) -> Reading<'a, Result<HttpDigested, HttpError>>;
    /// `objects.get`.
    fn object_get<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a str,
    ) -> Reading<'a, Result<Vec<u8>, ObjectError>>;
    /// `objects.head`.
    fn object_head<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a str,
    ) -> Reading<'a, Result<ObjectMeta, ObjectError>>;
    /// `objects.digest`.
    fn object_digest<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a str,
    ) -> Reading<'a, Result<ObjectDigested, ObjectError>>;
    /// `objects.list`.
    fn object_list<'a>(
        &'a self,
        connection: &'a ConnectionName,
        range: &'a ObjectRange,
    ) -> Reading<'a, Result<Vec<ObjectMeta>, ObjectError>>;
}

/// A read over HTTP.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HttpRequest {
    /// `GET`, `HEAD`, or the method of a query that the connection lists. As the plugin wrote it.
    pub method: String,
    /// Path and query, from `/`. As the plugin wrote it.
    pub path: String,
    /// As the plugin wrote them.
    pub headers: Vec<(String, String)>,
    /// For queries.
    pub body: Body,
}

/// What came back, without credentials.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, whole.
    pub body: Vec<u8>,
}

/// A body by its digest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HttpDigested {
    /// The HTTP status.
    pub status: u16,
    /// The body's length in bytes.
    pub size: u64,
    /// The body's SHA-256.
    pub sha256: Digest,
}

/// Why nothing came back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpError {
    /// The host does not allow this read, and why.
    Denied(String),
    /// No connection was made, or it broke.
    Unreachable(String),
    /// The connection's time limit passed.
    TimedOut,
    /// The body is larger than this many bytes.
    TooLarge(u64),
}

/// Which objects to list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ObjectRange {
    /// What their keys start with.
    pub prefix: String,
    /// The key after which to begin.
    pub after: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// A key and what is known of its bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ObjectMeta {
    /// Relative, `/` between parts.
    pub key: String,
    /// In bytes.
    pub size: u64,
    /// When it last changed.
    pub modified: Option<Millis>,
}

/// An object by its digest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ObjectDigested {
    /// In bytes.
    pub size: u64,
    /// The object's SHA-256.
    pub sha256: Digest,
}

/// Why nothing came back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectError {
    /// The host does not allow this read, and why.
    Denied(String),
    /// Nothing has this name.
    Missing,
    /// The directory or store did not answer.
    Unreachable(String),
    /// The connection's time limit passed.
    TimedOut,
    /// The object is larger than this many bytes.
    TooLarge(u64),
}
