//! Who belay is to a system, beyond a plain secret: a client certificate, or a client of a token endpoint.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::secret::SecretSource;

/// A certificate by which belay shows who it is (mutual TLS). Read for each connection that is made, so that a renewed
/// one is used at once.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificate {
    /// PEM file: the certificate, then those that lead to its authority.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: SecretSource,
}

impl ClientCertificate {
    /// With relative paths below `root`.
    pub(crate) fn below(self, root: &Path) -> Self {
        Self { certificate: root.join(self.certificate), key: self.key.below(root) }
    }
}

/// OAuth 2.0 client credentials (RFC 6749, section 4.4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oauth2 {
    /// The token endpoint. The connection's `allow` holds for its address too.
    pub token_url: String,
    /// The client's name; no secret.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: SecretSource,
    /// What the token is to be good for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Whom the token is for, where the endpoint wants to be told.
    #[serde(default)]
    pub audience: Option<String>,
    /// How the client says who it is.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// PEM file with the only authorities that are trusted for the token endpoint; the connection's `ca_file` if not
    /// given.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

impl Oauth2 {
    /// With relative paths below `root`.
    pub(crate) fn below(self, root: &Path) -> Self {
        Self {
            client_secret: self.client_secret.below(root),
            ca_file: self.ca_file.map(|file| root.join(file)),
            ..self
        }
    }
}

/// How a client says who it is (RFC 6749, section 2.3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// `authorization: Basic …`, which every endpoint must understand.
    #[default]
    Basic,
    /// `client_id` and `client_secret` in the body.
    Body,
}
