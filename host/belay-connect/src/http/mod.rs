//! An HTTP service. Never follows a redirect, never uses a proxy, never decompresses, and never goes where its
//! connection has no permission to.

mod address;
pub(crate) mod base;
mod body;
mod credential;
pub(crate) mod dial;
pub(crate) mod failed;
mod headers;
pub(crate) mod line;
mod oauth2;
mod pace;
mod path;
mod pool;
mod read;
pub(crate) mod scrub;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod tls;
pub(crate) mod tries;
mod write;

use std::time::Duration;

use belay_domain::connection::ConnectionRules;
use http_body_util::Full;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HOST, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response};

use self::base::Base;
use self::credential::{Authenticator, Credential};
use self::dial::Dialer;
use self::failed::Failed;
use self::line::Line;
use self::tls::Tls;
use crate::read::{HttpError, HttpResponse};
use crate::spec::HttpTarget;

/// One HTTP connection. Opening it reaches nothing: names and secrets are read when they are used.
#[derive(Debug)]
pub(crate) struct HttpConnection {
    rules: ConnectionRules,
    target: HttpTarget,
    line: Line,
    authenticator: Authenticator,
}

impl HttpConnection {
    pub(crate) fn open(rules: ConnectionRules, target: HttpTarget) -> Result<Self, String> {
        target.retry.check()?;
        target.rate.map_or(Ok(()), |rate| rate.check())?;
        let authenticator = Authenticator::new(&target)?;
        let base = Base::parse(&target.url)?;
        if target.client_certificate.is_some() && !base.tls {
            return Err(
                "`client_certificate` needs an https:// address: without TLS nobody would ask for it".to_owned()
            );
        }
        let dialer = Dialer {
            base,
            allow: target.allow.clone(),
            carries_credential: authenticator.is_needed(),
            tls: Tls::new(target.ca_file.clone(), target.client_certificate.clone()),
            timeout: target.timeout,
        };
        let line = Line::new(dialer, target.rate);
        Ok(Self { rules, target, line, authenticator })
    }

    pub(crate) const fn rules(&self) -> &ConnectionRules {
        &self.rules
    }

    async fn credential(&self) -> Result<Credential, Failed> {
        self.authenticator.credential().await
    }

    /// A request as it goes out; the credential comes last.
    fn request(
        &self,
        method: &str,
        path: &str,
        mut headers: HeaderMap,
        body: Vec<u8>,
        credential: &Credential,
    ) -> Result<Request<Full<Bytes>>, String> {
        let host = HeaderValue::try_from(&self.line.dialer.base.authority).map_err(|error| error.to_string())?;
        headers.insert(HOST, host);
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("belay/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        credential.add_to(&mut headers);
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
        *request.uri_mut() = self.line.dialer.base.target(path)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// What may be shown of an answer.
fn shown(status: u16, headers: &HeaderMap, body: &[u8], took: Duration, credential: &Credential) -> HttpResponse {
    HttpResponse {
        status,
        headers: headers::of_answer(headers, &credential.scrubber),
        body: credential.scrubber.scrub(body).into_owned(),
        took,
        failed_before: Vec::new(),
    }
}

/// An encoded body could hide a credential, and was not asked for.
fn refuse_encoded(answer: &Response<Incoming>) -> Result<(), HttpError> {
    if answer.body().is_end_stream() {
        return Ok(());
    }
    match answer.headers().get(CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(HttpError::Unreachable(
            "the answer is encoded (`content-encoding`), which was not asked for".to_owned(),
        )),
        Some(_) | None => Ok(()),
    }
}
