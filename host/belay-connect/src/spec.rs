//! What the operator configured, as values. Never resolves a name, opens a file or reads a secret.

mod identity;
mod objects;
mod traffic;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use belay_domain::connection::{ConnectionRules, WritePattern};
use serde::{Deserialize, Serialize};

pub use self::identity::{ClientAuth, ClientCertificate, Oauth2};
pub use self::objects::{ObjectsTarget, StoreCredentials};
pub use self::traffic::{Rate, Retry};
use crate::http::HttpConnection;
use crate::objects::StoreConnection;
use crate::redis::RedisConnection;
use crate::secret::{Auth, SecretSource};

/// A connection: its rules and where it leads.
#[derive(Clone, Debug)]
pub struct ConnectionSpec {
    /// Name, kind, allowed writes.
    pub rules: ConnectionRules,
    /// Where it leads. Must be of the rules' kind.
    pub target: Target,
    /// How long a resource that was written is asked again where it can't be observed, in milliseconds.
    pub confirm_within_ms: u64,
}

/// Where a connection leads.
#[derive(Clone, Debug)]
pub enum Target {
    /// A directory.
    Dir(DirTarget),
    /// An HTTP service.
    Http(HttpTarget),
    /// A Redis server.
    Redis(RedisTarget),
    /// An S3-compatible object store.
    Objects(ObjectsTarget),
}

impl ConnectionSpec {
    /// How long a resource is asked again before what it says is final, in milliseconds.
    pub fn patience_ms(&self) -> u64 {
        self.confirm_within_ms.max(self.rules.settle_ms)
    }

    /// What can be said against it without reaching anything: what a workspace is told before anybody needs it.
    ///
    /// # Errors
    /// What is wrong, without repeating what may hold a credential.
    pub fn check(&self) -> Result<(), String> {
        match &self.target {
            // Whether the directory is there is seen when it is opened: it may be made until then.
            Target::Dir(_) => Ok(()),
            Target::Http(target) => HttpConnection::open(self.rules.clone(), target.clone()).map(drop),
            Target::Redis(target) => RedisConnection::open(self.rules.clone(), target.clone()).map(drop),
            Target::Objects(target) => StoreConnection::open(self.rules.clone(), target.clone()).map(drop),
        }
    }
}

/// A directory. Deserialises from the connection's keys in `belay.toml` that are its own.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirTarget {
    /// The directory; absolute, or made so before it gets here.
    pub path: PathBuf,
    /// How long a read or a write may take; 5 s if not given.
    #[serde(default = "default_timeout", with = "humantime_serde")]
    pub timeout: Duration,
    /// How long a streamed digest may take in all; 5 minutes if not given.
    #[serde(default = "default_digest_timeout", with = "humantime_serde")]
    pub digest_timeout: Duration,
    /// The largest object that is read whole, in bytes; 64 MiB if not given.
    #[serde(default = "default_max_object")]
    pub max_object: u64,
}

impl DirTarget {
    /// A directory with the default limits.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            timeout: default_timeout(),
            digest_timeout: default_digest_timeout(),
            max_object: default_max_object(),
        }
    }
}

/// An HTTP service. Deserialises from the connection's keys in `belay.toml` that are its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTarget {
    /// `http://` or `https://`, host, optional port, optional path that every request stays below. No credentials, no
    /// query.
    pub url: String,
    /// Addresses beyond the public ones that the host's name may lead to.
    #[serde(default)]
    pub allow: Vec<Allow>,
    /// How requests are authenticated.
    #[serde(default)]
    pub auth: Auth,
    /// What counts as a read besides GET and HEAD.
    #[serde(default)]
    pub queries: Vec<QueryPattern>,
    /// How long a request may take from name resolution to the last byte; 5 s if not given. For a streamed digest: to
    /// the answer's head, and from one piece of the body to the next.
    #[serde(default = "default_timeout", with = "humantime_serde")]
    pub timeout: Duration,
    /// How long a streamed digest may take in all; 5 minutes if not given.
    #[serde(default = "default_digest_timeout", with = "humantime_serde")]
    pub digest_timeout: Duration,
    /// The largest body that is read whole, in bytes; 16 MiB if not given.
    #[serde(default = "default_max_body")]
    pub max_body: u64,
    /// The largest body that is digested, in bytes; 64 GiB if not given.
    #[serde(default = "default_max_digest")]
    pub max_digest: u64,
    /// PEM file with the only authorities that are trusted; the system's if not given.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// By which certificate belay shows who it is; for https only.
    #[serde(default)]
    pub client_certificate: Option<ClientCertificate>,
    /// How often a read is tried. A write is sent once.
    #[serde(default)]
    pub retry: Retry,
    /// How often the system may be asked; as often as needed if not given.
    #[serde(default)]
    pub rate: Option<Rate>,
}

impl HttpTarget {
    /// A service with no credentials, no permissions and the default limits.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            allow: Vec::new(),
            auth: Auth::None,
            queries: Vec::new(),
            timeout: default_timeout(),
            digest_timeout: default_digest_timeout(),
            max_body: default_max_body(),
            max_digest: default_max_digest(),
            ca_file: None,
            client_certificate: None,
            retry: Retry::default(),
            rate: None,
        }
    }

    /// With relative paths below `root`.
    #[must_use]
    pub fn below(self, root: &Path) -> Self {
        Self {
            auth: self.auth.below(root),
            ca_file: self.ca_file.map(|file| root.join(file)),
            client_certificate: self.client_certificate.map(|certificate| certificate.below(root)),
            ..self
        }
    }
}

/// A Redis server, or what speaks its protocol. Deserialises from the connection's keys in `belay.toml` that are its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisTarget {
    /// `redis://` or, with TLS, `rediss://`; host, optional port (6379), optional `/` and the database's number (0). No
    /// credentials.
    pub url: String,
    /// Addresses beyond the public ones that the host's name may lead to.
    #[serde(default)]
    pub allow: Vec<Allow>,
    /// How to authenticate; not at all if not given.
    #[serde(default)]
    pub auth: Option<RedisAuth>,
    /// How long a read or a write may take; 5 s if not given.
    #[serde(default = "default_timeout", with = "humantime_serde")]
    pub timeout: Duration,
    /// How long looking for the keys of a prefix, or deleting them, may take in all; 1 minute if not given.
    #[serde(default = "default_scan_timeout", with = "humantime_serde")]
    pub scan_timeout: Duration,
    /// The largest answer that is read, in bytes; 16 MiB if not given.
    #[serde(default = "default_max_body")]
    pub max_value: u64,
    /// PEM file with the only authorities that are trusted; the system's if not given.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The certificate by which belay shows who it is, over TLS.
    #[serde(default)]
    pub client_certificate: Option<ClientCertificate>,
}

impl RedisTarget {
    /// A server with no credentials, no permissions and the default limits.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            allow: Vec::new(),
            auth: None,
            timeout: default_timeout(),
            scan_timeout: default_scan_timeout(),
            max_value: default_max_body(),
            ca_file: None,
            client_certificate: None,
        }
    }

    /// With relative paths below `root`.
    #[must_use]
    pub fn below(self, root: &Path) -> Self {
        let auth = self.auth.map(|auth| RedisAuth { password: auth.password.below(root), ..auth });
        Self {
            auth,
            ca_file: self.ca_file.map(|file| root.join(file)),
            client_certificate: self.client_certificate.map(|certificate| certificate.below(root)),
            ..self
        }
    }
}

/// How a Redis server is told who asks.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisAuth {
    /// The user of the server's access list; its default user if not given.
    #[serde(default)]
    pub user: Option<String>,
    /// The password.
    pub password: SecretSource,
}

const fn default_timeout() -> Duration {
    Duration::from_secs(5)
}

const fn default_digest_timeout() -> Duration {
    Duration::from_secs(300)
}

const fn default_scan_timeout() -> Duration {
    Duration::from_secs(60)
}

const fn default_max_body() -> u64 {
    16 << 20
}

const fn default_max_object() -> u64 {
    64 << 20
}

const fn default_max_digest() -> u64 {
    64 << 30
}

/// A kind of address that needs permission.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allow {
    /// This host: `127.0.0.0/8`, `::1`.
    Loopback,
    /// Private networks: RFC 1918, RFC 6598 (carrier-grade NAT), unique local IPv6. Never link-local.
    Private,
}

/// `POST pattern`: a request that only asks. `*` matches within a part of the path, `**` across parts; a query string
/// is part of the path.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct QueryPattern(WritePattern);

impl QueryPattern {
    /// Whether `METHOD path` is such a query.
    pub fn matches(&self, line: &str) -> bool {
        self.0.matches(line)
    }
}

/// A line that is no query.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not a query: it takes `POST`, a space and a path")]
pub struct InvalidQuery(String);

impl TryFrom<String> for QueryPattern {
    type Error = InvalidQuery;

    fn try_from(text: String) -> Result<Self, InvalidQuery> {
        if !text.starts_with("POST /") {
            return Err(InvalidQuery(text));
        }
        WritePattern::try_from(text.clone()).map(Self).map_err(|_| InvalidQuery(text))
    }
}

impl From<QueryPattern> for String {
    fn from(pattern: QueryPattern) -> Self {
        pattern.0.into()
    }
}

impl fmt::Display for QueryPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use belay_domain::connection::ConnectionKind;

    #[test]
    fn the_keys_of_the_configuration_become_a_target() {
        let target: HttpTarget = toml::from_str(
            r#"
            url = "https://mlflow.shop.example"
            auth = { bearer = { file = "/etc/belay/mlflow.token" } }
            queries = ["POST /api/2.0/mlflow/runs/search"]
            allow = ["loopback", "private"]
            timeout = "1m 30s"
            "#,
        )
        .unwrap();
        assert_eq!(target.auth, Auth::Bearer(SecretSource::File("/etc/belay/mlflow.token".into())));
        assert_eq!(target.timeout, Duration::from_secs(90));
        assert_eq!(target.allow, [Allow::Loopback, Allow::Private]);
        assert!(target.queries[0].matches("POST /api/2.0/mlflow/runs/search"));
    }

    #[test]
    fn each_way_to_authenticate_has_its_shape() {
        #[derive(Deserialize)]
        struct Keys {
            auth: Auth,
        }
        for (text, auth) in [
            (r#"{ bearer = { env = "T" } }"#, Auth::Bearer(SecretSource::Env("T".into()))),
            (
                r#"{ basic = { user = "ana", password = { command = ["vault", "read"] } } }"#,
                Auth::Basic {
                    user: "ana".into(),
                    password: SecretSource::Command(vec!["vault".into(), "read".into()]),
                },
            ),
            (
                r#"{ header = { name = "x-api-key", value = { file = "/k" } } }"#,
                Auth::Header { name: "x-api-key".into(), value: SecretSource::File("/k".into()) },
            ),
        ] {
            assert_eq!(toml::from_str::<Keys>(&format!("auth = {text}")).unwrap().auth, auth);
        }
        assert!(toml::from_str::<Keys>(r#"auth = { bearer = "the token itself" }"#).is_err());
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for text in [
            r#"url = "http://x"
               retry = 3"#,
            r#"url = "http://x"
               retry = { attempts = 3, forever = true }"#,
            r#"url = "http://x"
               rate = { requests = 0 }"#,
            r#"url = "http://x"
               client_certificate = { certificate = "c.pem" }"#,
            r#"url = "http://x"
               queries = ["DELETE /x"]"#,
            r#"url = "http://x"
               queries = ["GET /x"]"#,
            r#"url = "http://x"
               allow = ["everything"]"#,
            r#"url = "http://x"
               timeout = "soon""#,
        ] {
            assert!(toml::from_str::<HttpTarget>(text).is_err(), "{text}");
        }
        assert!(toml::from_str::<DirTarget>("path = \"x\"\nurl = \"y\"").is_err());
    }

    fn complaint(kind: ConnectionKind, target: Target) -> String {
        let rules = ConnectionRules {
            name: "c".parse().unwrap(),
            kind,
            criticality: belay_domain::connection::Criticality::Low,
            writes: Vec::new(),
            settle_ms: 0,
        };
        ConnectionSpec { rules, target, confirm_within_ms: 0 }.check().err().unwrap_or_else(|| "sound".to_owned())
    }

    #[test]
    fn what_makes_no_sense_is_told_before_anybody_needs_it() {
        let oauth2 = r#"auth = { oauth2 = { client_id = "b", client_secret = { env = "S" }, token_url = "#;
        let certificate = r#"client_certificate = { certificate = "c.pem", key = { file = "c.key" } }"#;
        for (text, expected) in [
            ("url = \"https://h\"".to_owned(), "sound"),
            (format!("url = \"https://h\"\n{oauth2}\"https://id/token\" }} }}\n{certificate}"), "sound"),
            ("url = \"h\"".to_owned(), "must start with http"),
            (format!("url = \"http://h\"\n{certificate}"), "`client_certificate` needs an https:// address"),
            ("url = \"https://h\"\nretry = { attempts = 0 }".to_owned(), "`attempts` is 1 to 10, not 0"),
            ("url = \"https://h\"\nretry = { attempts = 99 }".to_owned(), "`attempts` is 1 to 10, not 99"),
            ("url = \"https://h\"\nrate = { requests = 1, per = \"0s\" }".to_owned(), "longer than nothing"),
            (format!("url = \"https://h\"\n{oauth2}\"id/token\" }} }}"), "`token_url` is not an address"),
            (format!("url = \"https://h\"\n{oauth2}\"https://u:p@id/t\" }} }}"), "`token_url` holds credentials"),
        ] {
            let said = complaint(ConnectionKind::Http, Target::Http(toml::from_str(&text).unwrap()));
            assert!(said.contains(expected), "{text}: {said}");
        }
        for (more, expected) in [
            ("", "sound"),
            ("prefix = \"a/b\"", "sound"),
            ("prefix = \"../a\"", "`prefix`"),
            ("prefix = \"a/\"", "`prefix`"),
            ("region = \"eu central\"", "`region`"),
            ("retry = { attempts = 11 }", "`attempts`"),
        ] {
            let text = format!("url = \"https://h\"\nbucket = \"lake\"\n{more}");
            let said = complaint(ConnectionKind::Objects, Target::Objects(toml::from_str(&text).unwrap()));
            assert!(said.contains(expected), "{text}: {said}");
        }
        for bucket in ["", "a/b", "..", "a b"] {
            let said = complaint(ConnectionKind::Objects, Target::Objects(ObjectsTarget::new("https://h", bucket)));
            assert!(said.contains("`bucket`"), "{bucket}: {said}");
        }
    }

    #[test]
    fn relative_paths_start_at_the_workspace() {
        let text = r#"
            url = "https://h"
            ca_file = "ca.pem"
            auth = { bearer = { file = "token" } }
            client_certificate = { certificate = "c.pem", key = { file = "/etc/c.key" } }
        "#;
        let target = toml::from_str::<HttpTarget>(text).unwrap().below(Path::new("/w"));
        let certificate = target.client_certificate.unwrap();
        assert_eq!(target.auth, Auth::Bearer(SecretSource::File("/w/token".into())));
        assert_eq!((target.ca_file, certificate.certificate), (Some("/w/ca.pem".into()), "/w/c.pem".into()));
        assert_eq!(certificate.key, SecretSource::File("/etc/c.key".into()));
    }
}
