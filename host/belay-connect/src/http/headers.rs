//! Which headers pass. What is not named here does not.

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};

use super::scrub::Scrubber;

/// What a plugin may say with a read.
const READ: [&str; 2] = ["accept", "content-type"];

/// What an operation may say. Nothing that belongs to the connection itself (hop-by-hop headers, `host`, lengths),
/// names a caller, changes the method or carries credentials.
const WRITE: [&str; 11] = [
    "accept",
    "content-type",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "idempotency-key",
    "x-idempotency-key",
    "x-request-id",
    "prefer",
    "content-language",
];

/// What a plugin learns of an answer, and what is recorded.
const ANSWER: [&str; 13] = [
    "content-type",
    "content-length",
    "content-encoding",
    "content-range",
    "accept-ranges",
    "etag",
    "last-modified",
    "date",
    "age",
    "retry-after",
    "link",
    "x-total-count",
    "x-request-id",
];

/// The headers of a read, or why one may not be sent.
pub(super) fn for_read(headers: &[(String, String)]) -> Result<HeaderMap, String> {
    collect(headers, &READ)
}

/// The headers of a write, or why one may not be sent.
pub(super) fn for_write(headers: &[(String, String)]) -> Result<HeaderMap, String> {
    collect(headers, &WRITE)
}

/// What is passed on of an answer's headers.
pub(super) fn of_answer(headers: &HeaderMap, scrubber: &Scrubber) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| ANSWER.contains(&name.as_str()))
        .map(|(name, value)| {
            let value = scrubber.scrub(value.as_bytes());
            (name.as_str().to_owned(), String::from_utf8_lossy(&value).into_owned())
        })
        .collect()
}

fn collect(headers: &[(String, String)], allowed: &[&str]) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        // Compared as it stands: in the contract names are in lower case.
        if !allowed.contains(&name.as_str()) {
            return Err(format!("the header `{}` is not allowed", name.escape_debug()));
        }
        let header = HeaderName::try_from(name).map_err(|error| error.to_string())?;
        let value =
            HeaderValue::try_from(value).map_err(|_| format!("the header `{name}` contains control characters"))?;
        if map.insert(header, value).is_some() {
            return Err(format!("the header `{name}` is there twice"));
        }
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), value.to_owned())]
    }

    #[test]
    fn only_harmless_headers_pass() {
        assert!(for_read(&one("accept", "application/json")).is_ok());
        assert!(for_write(&one("if-match", "\"7\"")).is_ok());
        for name in [
            "authorization",
            "cookie",
            "host",
            "connection",
            "transfer-encoding",
            "content-length",
            "te",
            "upgrade",
            "proxy-authorization",
            "x-http-method-override",
            "x-method-override",
            "x-forwarded-for",
            "expect",
            "Accept",
            "accept\r\nx",
            "",
        ] {
            assert!(for_read(&one(name, "x")).is_err(), "{name}");
            assert!(for_write(&one(name, "x")).is_err(), "{name}");
        }
        assert!(for_read(&one("if-match", "x")).is_err());
        assert!(for_read(&one("accept", "a\r\nhost: b")).is_err());
        assert!(for_read(&[one("accept", "a"), one("accept", "b")].concat()).is_err());
    }

    #[test]
    fn an_answers_cookies_and_places_stay_here() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("set-cookie", "s=1"), ("location", "/x"), ("etag", "\"7\""), ("server", "x")] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        assert_eq!(of_answer(&headers, &Scrubber::none()), one("etag", "\"7\""));
    }
}
