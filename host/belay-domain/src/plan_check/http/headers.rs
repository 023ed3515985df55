//! The headers of a write. The host sets those that frame a request, say who sends it or where it goes.

use super::super::violation::Breach;

const MAX_HEADERS: usize = 32;
const MAX_VALUE_BYTES: usize = 4_096;

const FRAMING: &str = "the host frames the request";
const CREDENTIALS: &str = "credentials are the connection's";
const REWRITES: &str = "it can change what the request means";

/// Hop-by-hop (RFC 9110, section 7.6.1) and framing headers.
const FRAMES: [&str; 11] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
];

/// What a header's name contains when it says who sends the request.
const SECRETS: [&str; 8] = ["auth", "cookie", "token", "secret", "password", "api-key", "apikey", "credential"];

/// What a header's name starts with when proxies and frameworks take another method, path, host or sender from it.
const REWRITERS: [&str; 12] = [
    "x-http-method",
    "x-method",
    "x-override",
    "x-original",
    "x-rewrite",
    "x-forwarded",
    "x-host",
    "x-real-ip",
    "x-envoy",
    "x-accel",
    "forwarded",
    "proxy",
];

pub(super) fn check(headers: &[(String, String)]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    if headers.len() > MAX_HEADERS {
        breaches.push(Breach::TooMany { what: "headers", count: headers.len(), most: MAX_HEADERS });
    }
    for (index, (name, value)) in headers.iter().enumerate() {
        let shown = || name.chars().filter(char::is_ascii_graphic).take(60).collect();
        let twice = headers.iter().take(index).any(|(earlier, _)| earlier == name);
        let reason = name_trouble(name).or_else(|| value_trouble(value)).or(twice.then_some("it is there twice"));
        breaches.extend(reason.map(|reason| Breach::Header { name: shown(), reason }));
    }
    breaches
}

fn name_trouble(name: &str) -> Option<&'static str> {
    let token = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"!#$%&'*+-.^`|~".contains(&c);
    // An underscore is a hyphen to CGI and to what grew out of it.
    if name.is_empty() || name.len() > 100 || !name.bytes().all(token) {
        Some("a name is lower-case letters, digits and hyphens")
    } else if FRAMES.contains(&name) {
        Some(FRAMING)
    } else if SECRETS.iter().any(|part| name.contains(part)) {
        Some(CREDENTIALS)
    } else if REWRITERS.iter().any(|start| name.starts_with(start)) {
        Some(REWRITES)
    } else {
        None
    }
}

fn value_trouble(value: &str) -> Option<&'static str> {
    let plain = value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    (!plain || value.len() > MAX_VALUE_BYTES || value.trim() != value)
        .then_some("a value is at most 4,096 visible ASCII characters, without spaces around it")
}
