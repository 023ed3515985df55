//! Tokens from an OAuth 2.0 token endpoint (RFC 6749, section 4.4): fetched when the first request needs one, kept in
//! memory until shortly before they expire. Never written anywhere, and never shown.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Uri};
use percent_encoding::percent_encode;
use serde::Deserialize;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::base::Base;
use super::body;
use super::dial::Dialer;
use super::failed::Failed;
use super::scrub::{RESERVED, Scrubber};
use super::tls::Tls;
use crate::read::HttpError;
use crate::secret::{Secret, SecretReader};
use crate::spec::{Allow, ClientAuth, Oauth2};

/// How long a token is kept whose endpoint does not say.
const KEPT_UNSAID: Duration = Duration::from_secs(60);
/// The longest that a token is kept, whatever its endpoint says.
const KEPT_LONGEST: Duration = Duration::from_secs(24 * 3_600);
/// A token is not used any more this long before it expires, or a tenth of its life before, whichever is shorter.
const MARGIN: Duration = Duration::from_secs(30);
/// The most that a token endpoint may answer, in bytes.
const MOST: u64 = 64 << 10;

/// Where tokens come from.
#[derive(Debug)]
pub(super) struct TokenSource {
    client: Oauth2,
    secret: SecretReader,
    dialer: Dialer,
    path: Uri,
    timeout: Duration,
    kept: tokio::sync::Mutex<Option<Token>>,
}

#[derive(Clone, Debug)]
struct Token {
    token: Secret,
    good_until: Instant,
}

/// What one request is made with.
pub(super) struct Lent {
    pub(super) token: Secret,
    /// It must not come back either, though no request to the system carries it.
    pub(super) client_secret: Secret,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: String,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    error_description: Option<String>,
}

impl TokenSource {
    /// `timeout` is the connection's: a token is asked for within three quarters of it, so that who was slow is known.
    pub(super) fn new(
        client: &Oauth2,
        allow: &[Allow],
        ca_file: Option<PathBuf>,
        timeout: Duration,
    ) -> Result<Self, String> {
        let wrong = |reason: String| format!("`auth`: {}", reason.replace("`url`", "`token_url`"));
        let base = Base::parse(&client.token_url).map_err(wrong)?;
        let path: Uri = client.token_url.parse().map_err(|_| wrong("`url` is not an address".to_owned()))?;
        if client.client_id.is_empty() {
            return Err("`auth`: `client_id` is empty".to_owned());
        }
        let dialer = Dialer {
            base,
            allow: allow.to_vec(),
            carries_credential: true,
            tls: Tls::new(client.ca_file.clone().or(ca_file), None),
            timeout,
        };
        let path = path.path().parse().map_err(|_| wrong("`url` is not an address".to_owned()))?;
        let secret = SecretReader::new(client.client_secret.clone());
        let timeout = timeout.mul_f32(0.75);
        Ok(Self { client: client.clone(), secret, dialer, path, timeout, kept: tokio::sync::Mutex::new(None) })
    }

    /// A token that is good now, and the secret that it was asked for with.
    pub(super) async fn lend(&self) -> Result<Lent, Failed> {
        let client_secret = self.secret.read().await.map_err(Failed::denied)?;
        // Held while the endpoint is asked: requests side by side must not ask it many times.
        let mut kept = self.kept.lock().await;
        if let Some(found) = kept.as_ref().filter(|found| Instant::now() < found.good_until) {
            return Ok(Lent { token: found.token.clone(), client_secret });
        }
        let scrubber = self.scrubber(&client_secret);
        let asked = timeout(self.timeout, self.ask(&client_secret)).await;
        let asked = asked.unwrap_or_else(|_| {
            Err(Failed::passing(format!("it did not answer within {} ms", self.timeout.as_millis())))
        });
        let granted = asked.map_err(|failed| self.named(failed, &scrubber))?;
        let token = granted.token.clone();
        *kept = Some(granted);
        Ok(Lent { token, client_secret })
    }

    /// Drops a token that the system did not take, unless another has taken its place already.
    pub(super) async fn forget(&self, refused: &Secret) {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_some_and(|found| found.token.bytes() == refused.bytes()) {
            *kept = None;
        }
    }

    async fn ask(&self, secret: &Secret) -> Result<Token, Failed> {
        let request = self.request(secret).map_err(Failed::denied)?;
        let asked = Instant::now();
        let mut sender = self.dialer.dial().await?;
        let answer =
            sender.send_request(request).await.map_err(|error| Failed::passing(format!("no answer: {error}")))?;
        let (head, body) = answer.into_parts();
        let body = Zeroizing::new(body::read_whole(body, MOST).await?);
        let refused = |reason: String| Err(Failed::denied(reason));
        if head.status != 200 {
            let (status, told) = (head.status.as_u16(), refusal(head.status.as_u16(), &body));
            // The same answers of a system's own count as its being down.
            return if matches!(status, 502..=504) { Err(Failed::lasting(told)) } else { refused(told) };
        }
        let Ok(granted) = serde_json::from_slice::<Granted>(&body) else {
            return refused("it answered 200, but not with a token: a proxy may have answered in its place".to_owned());
        };
        if !granted.token_type.eq_ignore_ascii_case("bearer") {
            return refused("it gave a token that is no bearer token".to_owned());
        }
        let token = Secret::new(Zeroizing::new(granted.access_token.into_bytes()))
            .map_err(|reason| Failed::denied(format!("it gave a token that can't be used: {reason}")))?;
        Ok(Token { token, good_until: asked + kept_for(granted.expires_in) })
    }

    fn request(&self, secret: &Secret) -> Result<Request<Full<Bytes>>, String> {
        let mut form = Zeroizing::new("grant_type=client_credentials".to_owned());
        let mut add = |name: &str, value: &[u8]| {
            form.push('&');
            form.push_str(name);
            form.push('=');
            form.push_str(&encoded(value));
        };
        if !self.client.scopes.is_empty() {
            add("scope", self.client.scopes.join(" ").as_bytes());
        }
        if let Some(audience) = &self.client.audience {
            add("audience", audience.as_bytes());
        }
        let authorization = match self.client.client_auth {
            ClientAuth::Basic => {
                let pair = Zeroizing::new(format!(
                    "{}:{}",
                    encoded(self.client.client_id.as_bytes()).as_str(),
                    encoded(secret.bytes()).as_str()
                ));
                Some(Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes()))))
            }
            ClientAuth::Body => {
                add("client_id", self.client.client_id.as_bytes());
                add("client_secret", secret.bytes());
                None
            }
        };
        let mut request = Request::new(Full::new(Bytes::from(form.as_bytes().to_vec())));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.clone();
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::try_from(&self.dialer.base.authority).map_err(|error| error.to_string())?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(text) = authorization {
            let mut value = HeaderValue::try_from(text.as_str()).map_err(|error| error.to_string())?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(request)
    }

    fn scrubber(&self, secret: &Secret) -> Scrubber {
        let pair = Zeroizing::new([self.client.client_id.as_bytes(), b":", secret.bytes()].concat());
        let header = Zeroizing::new(STANDARD.encode(pair.as_slice()));
        Scrubber::of(&[header.as_bytes(), secret.bytes()])
    }

    /// The error as it may be shown: which endpoint, and nothing of what it was given.
    fn named(&self, failed: Failed, scrubber: &Scrubber) -> Failed {
        let told = |reason: String| {
            let reason = String::from_utf8_lossy(&scrubber.scrub(reason.as_bytes())).into_owned();
            format!("no token from {}: {reason}", self.client.token_url)
        };
        let error = match failed.error {
            HttpError::Denied(reason) => HttpError::Denied(told(reason)),
            HttpError::Unreachable(reason) => HttpError::Unreachable(told(reason)),
            error @ HttpError::TooLarge(_) => HttpError::Denied(told(error.to_string())),
            error @ HttpError::TimedOut => HttpError::Unreachable(told(error.to_string())),
        };
        Failed { error, passing: failed.passing }
    }
}

/// `application/x-www-form-urlencoded`, with `%20` for a space.
fn encoded(value: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(percent_encode(value, &RESERVED).to_string())
}

/// `expires_in` is in seconds.
fn kept_for(expires_in: Option<u64>) -> Duration {
    let life = expires_in.map_or(KEPT_UNSAID, Duration::from_secs).min(KEPT_LONGEST);
    life - MARGIN.min(life / 10)
}

/// RFC 6749, section 5.2.
fn refusal(status: u16, body: &[u8]) -> String {
    match serde_json::from_slice::<Refused>(body) {
        Ok(Refused { error, error_description }) => {
            let told = error_description.map_or(error.clone(), |description| format!("{error}: {description}"));
            let told: String = told.chars().filter(|c| !c.is_control()).take(200).collect();
            format!("it answered {status} {told}")
        }
        Err(_) => format!("it answered {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_given_up_shortly_before_it_expires() {
        for (expires_in, kept) in [(Some(3_600), 3_570), (Some(100), 90), (None, 54), (Some(0), 0)] {
            assert_eq!(kept_for(expires_in), Duration::from_secs(kept), "{expires_in:?}");
        }
        assert!(kept_for(Some(u64::MAX)) < KEPT_LONGEST);
    }

    #[test]
    fn a_refusal_is_told_in_the_endpoints_words_if_it_has_any() {
        let body = br#"{"error":"invalid_client","error_description":"unknown\u001b client"}"#;
        assert_eq!(refusal(401, body), "it answered 401 invalid_client: unknown client");
        assert_eq!(refusal(502, b"<html>"), "it answered 502");
    }
}
