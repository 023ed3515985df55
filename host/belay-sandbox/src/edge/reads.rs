//! Reads: requests from the guest, answers to it.

use belay_domain::operation::Body;

use crate::bindings::{http, keyvalue, objects};
use crate::reads::{
    HttpDigested, HttpError, HttpRequest, HttpResponse, KeyError, KeyMeta, KeyPage, ObjectError, ObjectMeta,
};

/// The connection's name as the guest wrote it, and the request.
pub(crate) fn http_request(request: http::Request) -> (String, HttpRequest) {
    let http::Request { connection, method, path, headers, body } = request;
    (connection, HttpRequest { method, path, headers, body: Body(body) })
}

pub(crate) fn http_response(response: HttpResponse) -> http::Response {
    let HttpResponse { status, headers, body, took_us, failed_before: _ } = response;
    http::Response { status, headers, body, took: took_us }
}

pub(crate) fn http_digested(digested: HttpDigested) -> http::Digested {
    let HttpDigested { status, size, sha256, took_us, failed_before: _ } = digested;
    http::Digested { status, size, sha256: sha256.to_string(), took: took_us }
}

pub(crate) fn http_error(error: HttpError) -> http::Error {
    match error {
        HttpError::Denied(why) => http::Error::Denied(why),
        HttpError::Unreachable(why) => http::Error::Unreachable(why),
        HttpError::TimedOut => http::Error::TimedOut,
        HttpError::TooLarge(limit) => http::Error::TooLarge(limit),
    }
}

pub(crate) fn object_meta(meta: ObjectMeta) -> objects::Meta {
    objects::Meta { key: meta.key, size: meta.size, modified: meta.modified.map(|at| at.0) }
}

pub(crate) fn object_error(error: ObjectError) -> objects::Error {
    match error {
        ObjectError::Denied(why) => objects::Error::Denied(why),
        ObjectError::Missing => objects::Error::Missing,
        ObjectError::Unreachable(why) => objects::Error::Unreachable(why),
        ObjectError::TimedOut => objects::Error::TimedOut,
        ObjectError::TooLarge(limit) => objects::Error::TooLarge(limit),
    }
}

pub(crate) fn bodies(bytes: Vec<Vec<u8>>) -> Vec<Body> {
    bytes.into_iter().map(Body).collect()
}

pub(crate) fn field_values(values: Vec<Option<Body>>) -> Vec<Option<Vec<u8>>> {
    values.into_iter().map(|value| value.map(|Body(bytes)| bytes)).collect()
}

pub(crate) fn key_meta(meta: KeyMeta) -> keyvalue::Meta {
    keyvalue::Meta { kind: meta.kind, expires: meta.expires.map(|at| at.0) }
}

pub(crate) fn key_page(page: KeyPage) -> keyvalue::Page {
    keyvalue::Page { keys: page.keys.into_iter().map(|Body(key)| key).collect(), next: page.next }
}

pub(crate) fn key_error(error: KeyError) -> keyvalue::Error {
    match error {
        KeyError::Denied(why) => keyvalue::Error::Denied(why),
        KeyError::Refused(why) => keyvalue::Error::Refused(why),
        KeyError::WrongKind(why) => keyvalue::Error::WrongKind(why),
        KeyError::Unreachable(why) => keyvalue::Error::Unreachable(why),
        KeyError::TimedOut => keyvalue::Error::TimedOut,
        KeyError::TooLarge(limit) => keyvalue::Error::TooLarge(limit),
    }
}
