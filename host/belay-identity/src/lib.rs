//! Who signed: SSH signatures as `ssh-keygen -Y` makes and checks them. Says who signed a text and whether that counts;
//! never what follows from it.
//!
//! The format is OpenSSH's SSHSIG (`PROTOCOL.sshsig`), the list of people its `allowed_signers` (`ssh-keygen(1)`,
//! "ALLOWED SIGNERS"). Keys are read from OpenSSH's private key files, or stay in ssh-agent.

mod agent;
mod key;
mod moment;
mod namespace;
mod openssh;
mod pattern;
mod revoked;
mod signers;
mod verify;
mod written;

pub use agent::AgentError;
pub use key::{KeyError, SigningKey};
pub use namespace::Namespace;
pub use openssh::verify_time;
pub use revoked::RevokedKeys;
pub use signers::{AllowedSigners, KeyLine, LineProblem};
pub use verify::{Signer, Unaccepted, verify};

use ssh_key::HashAlg;
use ssh_key::public::KeyData;

/// A key's name as ssh-keygen shows it: `SHA256:…`.
fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
