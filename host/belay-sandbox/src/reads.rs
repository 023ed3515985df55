//! What plugins read through: the host's side of `http`, `objects` and `keyvalue`. Nothing here can write.

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
    /// `keyvalue.get`.
    fn key_get<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a [u8],
    ) -> Reading<'a, Result<Option<Vec<u8>>, KeyError>>;
    /// `keyvalue.fields`.
    fn key_fields<'a>(
        &'a self,
        connection: &'a ConnectionName,
        fields: &'a KeyFields,
    ) -> Reading<'a, Result<Vec<Option<Body>>, KeyError>>;
    /// `keyvalue.head`.
    fn key_head<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a [u8],
    ) -> Reading<'a, Result<Option<KeyMeta>, KeyError>>;
    /// `keyvalue.scan`.
    fn key_scan<'a>(
        &'a self,
        connection: &'a ConnectionName,
        scan: &'a KeyScan,
    ) -> Reading<'a, Result<KeyPage, KeyError>>;
    /// `keyvalue.count`.
    fn key_count<'a>(
        &'a self,
        connection: &'a ConnectionName,
        count: &'a KeyCount,
    ) -> Reading<'a, Result<Option<u64>, KeyError>>;
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
    /// From sending the request to the body's end, in microseconds.
    pub took_us: u64,
    /// Why the host's attempts before this one brought nothing; the plugin is not told.
    pub failed_before: Vec<String>,
}

/// A body by its digest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HttpDigested {
    /// The HTTP status.
    pub status: u16,
    /// The body's length in bytes.
    pub size: u64,
    /// The body's SHA-256.
    pub sha256: Digest,
    /// From sending the request to the body's end, in microseconds.
    #[serde(default)]
    pub took_us: u64,
    /// Why the host's attempts before this one brought nothing; the plugin is not told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_before: Vec<String>,
}

/// Why nothing came back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpError {
    /// The host does not allow this read, or has no credential for it, or does not trust who answers; and why.
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
    /// The host does not allow this read, or has no credential for it, or does not trust who answers; and why.
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

/// Which fields of a hash.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyFields {
    /// The hash's key.
    pub key: Body,
    /// The fields' names.
    pub names: Vec<Body>,
}

/// Which page of keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyScan {
    /// What they start with.
    pub prefix: Body,
    /// Where the page before ended; none: from the beginning.
    pub from: Option<String>,
    /// About this many.
    pub limit: u32,
}

/// Which keys to count.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyCount {
    /// What they start with.
    pub prefix: Body,
    /// How far to count; canonical JSON has no larger number than 2⁵³ − 1, so neither has this.
    pub most: u64,
}

/// What a key is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyMeta {
    /// The store's own word.
    pub kind: String,
    /// When it goes by itself; none: never.
    pub expires: Option<Millis>,
}

/// Some keys, and where to go on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyPage {
    /// In no order; a key may be on several pages.
    pub keys: Vec<Body>,
    /// Where the next page begins; none: there is none.
    pub next: Option<String>,
}

/// Why nothing came back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyError {
    /// The host does not allow this read, or has no credential for it, or does not trust who answers; and why.
    Denied(String),
    /// The store answered that it will not.
    Refused(String),
    /// The key holds something of another kind.
    WrongKind(String),
    /// No connection was made, or it broke.
    Unreachable(String),
    /// The connection's time limit passed.
    TimedOut,
    /// The answer is larger than this many bytes.
    TooLarge(u64),
}
