//! A bucket of an S3-compatible store as a place of named bytes. Requests are built and signed by `object_store` and
//! sent by this crate's own hands, so that they keep to the connection's addresses, limits and pace, and nothing retries
//! a write.

mod list;
mod look;
mod read;
mod refusal;
mod service;
mod session;
#[cfg(test)]
mod tests;
mod write;

use std::sync::Arc;

use belay_domain::connection::ConnectionRules;

use crate::http::base::Base;
use crate::http::dial::Dialer;
use crate::http::line::Line;
use crate::http::tls::Tls;
use crate::key;
use crate::secret::SecretReader;
use crate::spec::{ObjectsTarget, StoreCredentials};

/// One bucket, or a part of it. Opening it reaches nothing.
#[derive(Debug)]
pub(crate) struct StoreConnection {
    rules: ConnectionRules,
    target: ObjectsTarget,
    line: Arc<Line>,
    signer: Option<Signer>,
}

/// Where the parts of a credential are read.
#[derive(Debug)]
struct Signer {
    key_id: SecretReader,
    secret: SecretReader,
    token: Option<SecretReader>,
}

impl StoreConnection {
    pub(crate) fn open(rules: ConnectionRules, target: ObjectsTarget) -> Result<Self, String> {
        target.retry.check()?;
        target.rate.map_or(Ok(()), |rate| rate.check())?;
        check_bucket(&target.bucket)?;
        if !target.prefix.is_empty() {
            key::check(&target.prefix).map_err(|reason| format!("`prefix`: {reason}"))?;
        }
        if target.region.is_empty() || !target.region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err("`region` has letters, digits and hyphens, as in `eu-central-1`".to_owned());
        }
        let dialer = Dialer {
            base: Base::parse(&target.url)?,
            allow: target.allow.clone(),
            carries_credential: target.credentials.is_some(),
            tls: Tls::new(target.ca_file.clone(), None),
            timeout: target.timeout,
        };
        let line = Arc::new(Line::new(dialer, target.rate));
        let signer = target.credentials.clone().map(Signer::new);
        Ok(Self { rules, target, line, signer })
    }

    pub(crate) const fn rules(&self) -> &ConnectionRules {
        &self.rules
    }

    /// A checked key as the store knows it.
    fn full(&self, key: &str) -> String {
        match self.target.prefix.as_str() {
            "" => key.to_owned(),
            prefix => format!("{prefix}/{key}"),
        }
    }
}

impl Signer {
    fn new(credentials: StoreCredentials) -> Self {
        Self {
            key_id: SecretReader::new(credentials.access_key_id),
            secret: SecretReader::new(credentials.secret_access_key),
            token: credentials.session_token.map(SecretReader::new),
        }
    }
}

/// What all stores take for a bucket's name, and some more.
fn check_bucket(bucket: &str) -> Result<(), String> {
    let plain = bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    if !plain || !(1..=255).contains(&bucket.len()) || matches!(bucket, "." | "..") {
        return Err("`bucket` has 1 to 255 letters, digits, `-`, `.` or `_`".to_owned());
    }
    Ok(())
}
