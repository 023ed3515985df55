//! Keys that never count again.

use std::collections::BTreeMap;

use ssh_key::PublicKey;

use crate::signers::LineProblem;
use crate::{fingerprint, signers};

/// Revoked keys, by fingerprint.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RevokedKeys(BTreeMap<String, u32>);

impl RevokedKeys {
    /// Reads one public key a line, as `ssh-keygen -s` and `-Y verify -r` take them, or one fingerprint (`SHA256:…`) a
    /// line. OpenSSH's binary lists (KRL) are not read.
    pub fn parse(text: &str) -> Result<Self, Vec<LineProblem>> {
        let mut revoked = Self::default();
        let mut problems = Vec::new();
        for (line, text) in signers::lines(text) {
            match named(text) {
                Ok(fingerprint) => {
                    revoked.0.entry(fingerprint).or_insert(line);
                }
                Err(message) => problems.push(LineProblem { line, message }),
            }
        }
        if problems.is_empty() { Ok(revoked) } else { Err(problems) }
    }

    /// Whether a key is revoked.
    pub fn contains(&self, fingerprint: &str) -> bool {
        self.0.contains_key(fingerprint)
    }

    /// Revokes what another list revokes, too.
    pub fn extend(&mut self, other: &Self) {
        self.0.extend(other.0.iter().map(|(fingerprint, line)| (fingerprint.clone(), *line)));
    }

    /// The fingerprints, in order.
    pub fn fingerprints(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The fingerprint that a line stands for.
fn named(text: &str) -> Result<String, String> {
    let first = text.split_whitespace().next().unwrap_or_default();
    if first.starts_with("SHA256:") {
        let known: Result<ssh_key::Fingerprint, _> = first.parse();
        return known.map(|found| found.to_string()).map_err(|error| format!("`{first}` is no fingerprint: {error}"));
    }
    let key = PublicKey::from_openssh(text).map_err(|error| {
        format!("this is neither a public key nor a fingerprint (SHA256:…), one of which each line holds: {error}")
    })?;
    Ok(fingerprint(key.key_data()))
}
