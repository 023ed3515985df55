//! Reads: requests from the guest, answers to it.

use belay_domain::operation::Body;

use crate::bindings::{http, objects};
use crate::reads::{HttpDigested, HttpError, HttpRequest, HttpResponse, ObjectError, ObjectMeta};

/// The connection's name as the guest wrote it, and the request.
pub(crate) fn http_request(request: http::Request) -> (String, HttpRequest) {
    let http::Request { connection, method, path, headers, body } = request;
    (connection, HttpRequest { method, path, headers, body: Body(body) })
}

pub(crate) fn http_response(response: HttpResponse) -> http::Response {
    let HttpResponse { status, headers, body } = response;
    http::Response { status, headers, body }
}

pub(crate) fn http_digested(digested: HttpDigested) -> http::Digested {
    http::Digested { status: digested.status, size: digested.size, sha256: digested.sha256.to_string() }
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
