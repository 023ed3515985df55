//! Whether a signature counts, and whose it is. Never says who may do what.

use belay_domain::id::Millis;
use belay_domain::people::PersonName;
use ssh_key::{PublicKey, SshSig};

use crate::{AllowedSigners, KeyLine, Namespace, RevokedKeys, fingerprint};

/// Who signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signer {
    /// The person.
    pub person: PersonName,
    /// The key's name: `SHA256:…`.
    pub fingerprint: String,
}

/// Why a signature doesn't count.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unaccepted {
    /// It is no signature at all.
    #[error("this is no SSH signature (-----BEGIN SSH SIGNATURE-----): {0}")]
    NotASignature(String),
    /// It was made for something else.
    #[error("the signature was made for `{found}`, not for `{wanted}`: ssh-keygen -Y sign -n {wanted}")]
    OtherNamespace {
        /// What it was made for.
        found: String,
        /// What it should have been made for.
        wanted: Namespace,
    },
    /// No line has this key.
    #[error("the key {fingerprint} is nobody's: no line of the allowed signers has it")]
    UnknownKey {
        /// The key.
        fingerprint: String,
    },
    /// It signs another text, or was changed.
    #[error("{person} signed another text: this one differs from what was signed")]
    OtherText {
        /// Whose key it is.
        person: PersonName,
    },
    /// The key never counts again.
    #[error("the key {fingerprint} of {person} is revoked")]
    Revoked {
        /// Whose key it is.
        person: PersonName,
        /// The key.
        fingerprint: String,
    },
    /// The key counts from a later moment on.
    #[error("the key {fingerprint} of {person} is not valid yet")]
    NotYetValid {
        /// Whose key it is.
        person: PersonName,
        /// The key.
        fingerprint: String,
        /// From when.
        from: Millis,
    },
    /// The key counted until an earlier moment.
    #[error("the key {fingerprint} of {person} has expired")]
    Expired {
        /// Whose key it is.
        person: PersonName,
        /// The key.
        fingerprint: String,
        /// Until when.
        until: Millis,
    },
    /// The key is not meant for this.
    #[error("the key {fingerprint} of {person} is for namespaces=\"{allowed}\", which leaves out `{wanted}`")]
    NotForThis {
        /// Whose key it is.
        person: PersonName,
        /// The key.
        fingerprint: String,
        /// What it is for.
        allowed: String,
        /// What it was used for.
        wanted: Namespace,
    },
}

/// Finds who signed these bytes, if that counts at this moment.
pub fn verify(
    text: &[u8],
    namespace: Namespace,
    signature: &str,
    signers: &AllowedSigners,
    revoked: &RevokedKeys,
    at: Millis,
) -> Result<Signer, Unaccepted> {
    let not_one = |error: ssh_key::Error| Unaccepted::NotASignature(error.to_string());
    let signature = SshSig::from_pem(signature.trim()).map_err(not_one)?;
    if signature.version() != SshSig::VERSION {
        return Err(not_one(ssh_key::Error::Version { number: signature.version() }));
    }
    if signature.namespace() != namespace.as_str() {
        let found: String = signature.namespace().chars().filter(|c| !c.is_control()).take(100).collect();
        return Err(Unaccepted::OtherNamespace { found, wanted: namespace });
    }
    let key = signature.public_key();
    let fingerprint = fingerprint(key);
    let Some(person) = signers.owner(key).cloned() else { return Err(Unaccepted::UnknownKey { fingerprint }) };
    if PublicKey::from(key.clone()).verify(namespace.as_str(), text, &signature).is_err() {
        return Err(Unaccepted::OtherText { person });
    }
    if revoked.contains(&fingerprint) {
        return Err(Unaccepted::Revoked { person, fingerprint });
    }
    // A key may stand on several lines, one for each time that it is good for.
    let mut why_not = None;
    for line in signers.of_key(key) {
        match counts(line, namespace, at) {
            Ok(()) => return Ok(Signer { person, fingerprint }),
            Err(reason) => why_not = Some(reason),
        }
    }
    Err(why_not.unwrap_or(Unaccepted::UnknownKey { fingerprint }))
}

/// As ssh-keygen counts: the key's last moment is still good.
fn counts(line: &KeyLine, namespace: Namespace, at: Millis) -> Result<(), Unaccepted> {
    let (person, fingerprint) = (line.person.clone(), line.fingerprint.clone());
    if !line.is_for(namespace) {
        let allowed = line.namespaces.clone().unwrap_or_default();
        return Err(Unaccepted::NotForThis { person, fingerprint, allowed, wanted: namespace });
    }
    if let Some(from) = line.valid_after.filter(|from| at < *from) {
        return Err(Unaccepted::NotYetValid { person, fingerprint, from });
    }
    if let Some(until) = line.valid_before.filter(|until| at > *until) {
        return Err(Unaccepted::Expired { person, fingerprint, until });
    }
    Ok(())
}
