//! One request's credential: the header that is added last, and what is taken out of the answer. Never printed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::failed::Failed;
use super::oauth2::{Lent, TokenSource};
use super::scrub::Scrubber;
use crate::secret::{Auth, Secret, SecretReader};
use crate::spec::HttpTarget;

/// How a connection authenticates.
#[derive(Debug)]
pub(super) enum Authenticator {
    None,
    Secret { scheme: Scheme, reader: SecretReader },
    Token(Box<TokenSource>),
}

/// How a secret is said.
#[derive(Debug)]
pub(super) enum Scheme {
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
    pub(super) fn new(target: &HttpTarget) -> Result<Self, String> {
        let (scheme, source) = match &target.auth {
            Auth::None => return Ok(Self::None),
            Auth::Oauth2(client) => {
                let tokens = TokenSource::new(client, &target.allow, target.ca_file.clone(), target.timeout)?;
                return Ok(Self::Token(Box::new(tokens)));
            }
            Auth::Bearer(source) => (Scheme::Bearer, source),
            Auth::Basic { user, .. } if user.contains(':') || user.contains(char::is_control) => {
                return Err("`auth`: a user's name has no colon and no control characters".to_owned());
            }
            Auth::Basic { user, password } => (Scheme::Basic { user: user.clone() }, password),
            Auth::Header { name, value } => (Scheme::Header { name: header(name)? }, value),
        };
        Ok(Self::Secret { scheme, reader: SecretReader::new(source.clone()) })
    }

    pub(super) const fn is_needed(&self) -> bool {
        match self {
            Self::None => false,
            Self::Secret { .. } | Self::Token(_) => true,
        }
    }

    /// Reads the secret, or borrows a token.
    pub(super) async fn credential(&self) -> Result<Credential, Failed> {
        match self {
            Self::None => Ok(Credential { header: None, token: None, scrubber: Scrubber::none() }),
            Self::Secret { scheme, reader } => {
                let secret = reader.read().await.map_err(Failed::denied)?;
                scheme.say(&secret).map_err(Failed::denied)
            }
            Self::Token(tokens) => tokens.lend().await.and_then(|lent| bearer(lent).map_err(Failed::denied)),
        }
    }

    /// Gives up a token that the system did not take. Whether there may be a better one: a secret stays what it is.
    pub(super) async fn give_up(&self, refused: &Credential) -> bool {
        match (self, &refused.token) {
            (Self::Token(tokens), Some(token)) => {
                tokens.forget(token).await;
                true
            }
            (Self::None | Self::Secret { .. } | Self::Token(_), _) => false,
        }
    }
}

impl Scheme {
    fn say(&self, secret: &Secret) -> Result<Credential, String> {
        match self {
            Self::Bearer => credential(AUTHORIZATION, b"Bearer ", secret.bytes(), secret),
            Self::Basic { user } => {
                let pair = Zeroizing::new([user.as_bytes(), b":", secret.bytes()].concat());
                let encoded = Zeroizing::new(STANDARD.encode(pair.as_slice()));
                credential(AUTHORIZATION, b"Basic ", encoded.as_bytes(), secret)
            }
            Self::Header { name } => credential(name.clone(), b"", secret.bytes(), secret),
        }
    }
}

fn bearer(lent: Lent) -> Result<Credential, String> {
    let made = credential(AUTHORIZATION, b"Bearer ", lent.token.bytes(), &lent.client_secret)?;
    Ok(Credential { token: Some(lent.token), ..made })
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
    Ok(Credential { header: Some((name, header)), token: None, scrubber: Scrubber::of(&[value, secret.bytes()]) })
}

/// What one request carries.
pub(super) struct Credential {
    header: Option<(HeaderName, HeaderValue)>,
    /// The token in it, where it is one.
    token: Option<Secret>,
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

    fn authenticator(auth: Auth) -> Result<Authenticator, String> {
        Authenticator::new(&HttpTarget { auth, ..HttpTarget::new("http://h") })
    }

    async fn sent(auth: Auth) -> (HeaderMap, Credential) {
        let credential = authenticator(auth).unwrap().credential().await.unwrap();
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
        let authenticator = authenticator(Auth::Bearer(printed("canary\nx: y"))).unwrap();
        let error = authenticator.credential().await.err().unwrap().error.to_string();
        assert_eq!(error, "denied: the credential contains control characters");
        for name in ["host", "Content-Length", "a b", ""] {
            let auth = Auth::Header { name: name.into(), value: printed("x") };
            assert!(self::authenticator(auth).is_err(), "{name}");
        }
    }
}
