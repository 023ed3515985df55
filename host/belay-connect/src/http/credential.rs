//! One request's credential: the header that is added last, and what is taken out of the answer. Never printed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::scrub::Scrubber;
use crate::secret::{Auth, Secret, SecretReader};

/// How a connection authenticates.
#[derive(Debug)]
pub(super) struct Authenticator {
    scheme: Scheme,
    secret: Option<SecretReader>,
}

#[derive(Debug)]
enum Scheme {
    None,
    Bearer,
    Basic { user: String },
    Header { name: HeaderName },
}

/// Headers that say something else than who asks.
const NOT_FOR_CREDENTIALS: [&str; 9] = [
    "host",
    "connection",
    "content-length",
    "content-type",
    "transfer-encoding",
    "accept",
    "accept-encoding",
    "te",
    "upgrade",
];

impl Authenticator {
    pub(super) fn new(auth: &Auth) -> Result<Self, String> {
        let scheme = match auth {
            Auth::None => Scheme::None,
            Auth::Bearer(_) => Scheme::Bearer,
            Auth::Basic { user, .. } if user.contains(':') || user.contains(char::is_control) => {
                return Err("`auth`: a user's name has no colon and no control characters".to_owned());
            }
            Auth::Basic { user, .. } => Scheme::Basic { user: user.clone() },
            Auth::Header { name, .. } => Scheme::Header { name: header(name)? },
        };
        Ok(Self { scheme, secret: auth.source().cloned().map(SecretReader::new) })
    }

    pub(super) const fn is_needed(&self) -> bool {
        self.secret.is_some()
    }

    /// Reads the secret.
    pub(super) async fn credential(&self) -> Result<Credential, String> {
        let Some(reader) = &self.secret else {
            return Ok(Credential { header: None, scrubber: Scrubber::none() });
        };
        let secret = reader.read().await?;
        match &self.scheme {
            Scheme::None => Ok(Credential { header: None, scrubber: Scrubber::none() }),
            Scheme::Bearer => credential(AUTHORIZATION, b"Bearer ", secret.bytes(), &secret),
            Scheme::Basic { user } => {
                let pair = Zeroizing::new([user.as_bytes(), b":", secret.bytes()].concat());
                let encoded = Zeroizing::new(STANDARD.encode(pair.as_slice()));
                credential(AUTHORIZATION, b"Basic ", encoded.as_bytes(), &secret)
            }
            Scheme::Header { name } => credential(name.clone(), b"", secret.bytes(), &secret),
        }
    }
}

fn header(name: &str) -> Result<HeaderName, String> {
    match HeaderName::try_from(name) {
        Ok(header) if !NOT_FOR_CREDENTIALS.contains(&header.as_str()) => Ok(header),
        Ok(_) | Err(_) => Err(format!("`auth`: the header `{}` can't carry a credential", name.escape_debug())),
    }
}

fn credential(name: HeaderName, scheme: &[u8], value: &[u8], secret: &Secret) -> Result<Credential, String> {
    let text = Zeroizing::new([scheme, value].concat());
    let mut header = HeaderValue::from_bytes(&text).map_err(|_| "the credential contains control characters")?;
    header.set_sensitive(true);
    Ok(Credential { header: Some((name, header)), scrubber: Scrubber::of(&[value, secret.bytes()]) })
}

/// What one request carries.
pub(super) struct Credential {
    header: Option<(HeaderName, HeaderValue)>,
    pub(super) scrubber: Scrubber,
}

impl Credential {
    /// Adds the credential; it wins over what stands there.
    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        if let Some((name, value)) = &self.header {
            headers.insert(name.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretSource;

    async fn sent(auth: Auth) -> (HeaderMap, Credential) {
        let credential = Authenticator::new(&auth).unwrap().credential().await.unwrap();
        let mut headers = HeaderMap::new();
        credential.add_to(&mut headers);
        (headers, credential)
    }

    fn printed(text: &str) -> SecretSource {
        SecretSource::Command(vec!["printf".into(), "%s".into(), text.into()])
    }

    #[tokio::test]
    async fn each_scheme_says_it_in_its_header_and_takes_it_back_out() {
        let header = Auth::Header { name: "X-Api-Key".into(), value: printed("canary") };
        for (auth, name, value) in [
            (Auth::Bearer(printed("canary")), "authorization", "Bearer canary"),
            (
                Auth::Basic { user: "ana".into(), password: printed("canary") },
                "authorization",
                "Basic YW5hOmNhbmFyeQ==",
            ),
            (header, "x-api-key", "canary"),
        ] {
            let (headers, credential) = sent(auth).await;
            assert_eq!(headers.get(name).unwrap(), value);
            assert!(!format!("{headers:?}").contains(value));
            let echo = format!("{value} canary");
            let clean = String::from_utf8(credential.scrubber.scrub(echo.as_bytes()).into_owned()).unwrap();
            assert!(!clean.contains("canary") && !clean.contains("YW5h"), "{clean}");
        }
        assert!(sent(Auth::None).await.0.is_empty());
    }

    #[tokio::test]
    async fn a_credential_that_no_header_can_hold_is_refused_unprinted() {
        let authenticator = Authenticator::new(&Auth::Bearer(printed("canary\nx: y"))).unwrap();
        let error = authenticator.credential().await.err().unwrap();
        assert_eq!(error, "the credential contains control characters");
        for name in ["host", "Content-Length", "a b", ""] {
            let auth = Auth::Header { name: name.into(), value: printed("x") };
            assert!(Authenticator::new(&auth).is_err(), "{name}");
        }
    }
}
