//! Requests to the sidecar, and what its refusals mean.

use belay_sdk::{Answer, BodyTest, Fault, HttpWrite, Reads, Write, http, json};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What this crate understands: `api` in each of the sidecar's answers.
const API: u64 = 1;
/// RFC 3986: all but unreserved characters.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The sidecar behind a connection, asked about one feature view.
#[derive(Clone, Copy)]
pub struct Sidecar<'a> {
    reads: &'a dyn Reads,
    connection: &'a str,
    view: &'a str,
}

/// Any answer's head.
#[derive(Deserialize)]
struct Head {
    api: Option<u64>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl<'a> Sidecar<'a> {
    /// Asks through this connection about the feature view of this name. An empty name is [`Fault::Invalid`].
    pub fn about(reads: &'a dyn Reads, connection: &'a str, view: &'a str) -> Result<Self, Fault> {
        if view.is_empty() {
            return Err(Fault::Invalid("the resource names no feature view, as in `features/clicks`".to_owned()));
        }
        Ok(Self { reads, connection, view })
    }

    /// The feature view's name.
    pub fn view_name(&self) -> &'a str {
        self.view
    }

    /// `GET /v1/feature-views/NAME`
    pub(crate) fn get<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        self.ask("GET", "", Vec::new())
    }

    /// A query: `POST /v1/feature-views/NAME/…`, which the connection must list among its `queries`.
    pub(crate) fn query<T: DeserializeOwned>(&self, what: &str, body: &impl Serialize) -> Result<T, Fault> {
        self.ask("POST", what, json::text(body)?.into_bytes())
    }

    fn path(&self, what: &str) -> String {
        format!("/v1/feature-views/{}{what}", utf8_percent_encode(self.view, &RESERVED))
    }

    fn ask<T: DeserializeOwned>(&self, method: &str, what: &str, body: Vec<u8>) -> Result<T, Fault> {
        let path = self.path(what);
        let headers = if body.is_empty() { Vec::new() } else { vec![content_type()] };
        let connection = self.connection.to_owned();
        let request = http::Request { connection, method: method.to_owned(), path, headers, body };
        let line = format!("{method} {} at {}", request.path, self.connection);
        let answer = self.reads.http(&request).map_err(|error| Fault::from(error).while_doing(&line))?;
        let line = format!("{line}: {}", answer.status);
        let head: Head = match json::answered(&answer.body, &line) {
            Ok(head) => head,
            // A gateway in front of the sidecar.
            Err(_) if matches!(answer.status, 401 | 403 | 408 | 429 | 500..) => return Err(Fault::Unavailable(line)),
            Err(fault) => return Err(fault),
        };
        check_api(&line, &head)?;
        match answer.status {
            200 => json::answered(&answer.body, &line),
            status => Err(refused(&line, status, head)),
        }
    }

    /// A write that the sidecar does in one go and guards itself: `POST /v1/feature-views/NAME/…`.
    pub fn write(&self, what: &str, body: &impl Serialize) -> Result<Write, Fault> {
        // Only the sidecar's own refusals count; a proxy's say nothing.
        let named = |status| Answer { status, body: Some(("/code".to_owned(), BodyTest::Present)) };
        Ok(Write::Http(HttpWrite {
            connection: self.connection.to_owned(),
            method: "POST".to_owned(),
            path: self.path(what),
            headers: vec![content_type()],
            body: json::text(body)?.into_bytes(),
            applied: vec![Answer { status: 200, body: Some(("/api".to_owned(), BodyTest::Equals(API.to_string()))) }],
            refused: [400, 401, 404, 409, 413, 422].map(named).into(),
        }))
    }
}

fn content_type() -> (String, String) {
    ("content-type".to_owned(), "application/json".to_owned())
}

fn check_api(line: &str, head: &Head) -> Result<(), Fault> {
    match head.api {
        Some(API) => Ok(()),
        Some(other) => Err(Fault::Unsupported(format!(
            "{line}: a sidecar of another version: it speaks version {other} of its API, this plugin version {API}; \
             install the sidecar that comes with the plugin"
        ))),
        None => Err(Fault::Unexpected(format!("{line}: no answer of a Feast sidecar"))),
    }
}

fn refused(line: &str, status: u16, head: Head) -> Fault {
    let Head { code, message, .. } = head;
    match (code.as_str(), status) {
        ("no_such_feature_view" | "no_such_version" | "no_such_service" | "source_lacks", _) => Fault::Missing(message),
        ("unsupported", _) => Fault::Unsupported(message),
        ("bad_request", _) => Fault::Invalid(message),
        (_, 401 | 500..) => Fault::Unavailable(format!("{line}: {message}")),
        _ => Fault::Unexpected(format!("{line}: {code}: {message}")),
    }
}
