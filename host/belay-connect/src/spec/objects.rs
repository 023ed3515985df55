//! Where an object store is, and who asks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::{Allow, Rate, Retry, default_digest_timeout, default_max_digest, default_max_object, default_timeout};
use crate::secret::SecretSource;

/// A bucket of an S3-compatible store, or a part of it. Deserialises from the connection's keys in `belay.toml` that
/// are its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectsTarget {
    /// The store's address: `http://` or `https://`, host, optional port. The bucket follows it as the first part of
    /// each path.
    pub url: String,
    /// The bucket.
    pub bucket: String,
    /// What every key starts with, before a `/`; nothing if not given. Nothing outside it can be named.
    #[serde(default)]
    pub prefix: String,
    /// The region that requests are signed for; `us-east-1` if not given, which is what most stores other than AWS
    /// expect.
    #[serde(default = "default_region")]
    pub region: String,
    /// Who asks; if not given, requests are not signed.
    #[serde(default)]
    pub credentials: Option<StoreCredentials>,
    /// Addresses beyond the public ones that the host's name may lead to.
    #[serde(default)]
    pub allow: Vec<Allow>,
    /// How long a read or a write may take; 5 s if not given. For a streamed digest: to the answer's head, and from one
    /// piece to the next.
    #[serde(default = "default_timeout", with = "humantime_serde")]
    pub timeout: Duration,
    /// How long a streamed digest may take in all; 5 minutes if not given.
    #[serde(default = "default_digest_timeout", with = "humantime_serde")]
    pub digest_timeout: Duration,
    /// The largest object that is read whole, in bytes; 64 MiB if not given.
    #[serde(default = "default_max_object")]
    pub max_object: u64,
    /// The largest object that is digested, in bytes; 64 GiB if not given.
    #[serde(default = "default_max_digest")]
    pub max_digest: u64,
    /// PEM file with the only authorities that are trusted; the system's if not given.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// How often a read is tried. A write is sent once.
    #[serde(default)]
    pub retry: Retry,
    /// How often the store may be asked; as often as needed if not given.
    #[serde(default)]
    pub rate: Option<Rate>,
}

/// Who asks a store (AWS Signature Version 4).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreCredentials {
    /// The access key's id. It travels with each request, and is kept like a secret all the same.
    pub access_key_id: SecretSource,
    /// The secret that signs.
    pub secret_access_key: SecretSource,
    /// For credentials that were lent for a while.
    #[serde(default)]
    pub session_token: Option<SecretSource>,
}

impl ObjectsTarget {
    /// A bucket with no credentials, no permissions and the default limits.
    pub fn new(url: impl Into<String>, bucket: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            bucket: bucket.into(),
            prefix: String::new(),
            region: default_region(),
            credentials: None,
            allow: Vec::new(),
            timeout: default_timeout(),
            digest_timeout: default_digest_timeout(),
            max_object: default_max_object(),
            max_digest: default_max_digest(),
            ca_file: None,
            retry: Retry::default(),
            rate: None,
        }
    }

    /// With relative paths below `root`.
    #[must_use]
    pub fn below(self, root: &Path) -> Self {
        let credentials = self.credentials.map(|credentials| StoreCredentials {
            access_key_id: credentials.access_key_id.below(root),
            secret_access_key: credentials.secret_access_key.below(root),
            session_token: credentials.session_token.map(|source| source.below(root)),
        });
        Self { ca_file: self.ca_file.map(|file| root.join(file)), credentials, ..self }
    }
}

fn default_region() -> String {
    "us-east-1".to_owned()
}
