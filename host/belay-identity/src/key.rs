//! Keys to sign with: a private key file, or one that stays in ssh-agent. Nothing secret leaves this module.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ssh_key::public::KeyData;
use ssh_key::{HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};
use zeroize::Zeroizing;

use crate::agent::{Agent, AgentError};
use crate::{AllowedSigners, Namespace, RevokedKeys, fingerprint};

/// A private key file is a few thousand bytes at the most.
const LARGEST_FILE: u64 = 64 * 1_024;

/// A key that can sign.
pub struct SigningKey(Held);

enum Held {
    File(Box<PrivateKey>),
    Agent { agent: Agent, key: KeyData },
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file can't be read.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Others can read the private key.
    #[error("{}: others can read this private key (mode {mode:04o}): chmod 600 {}", path.display(), path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The private key has a passphrase.
    #[error(
        "{}: this private key has a passphrase, which belay doesn't ask for: ssh-add {}, then --key {}.pub",
        path.display(), path.display(), path.display()
    )]
    Encrypted {
        /// Which.
        path: PathBuf,
    },
    /// The file holds no key.
    #[error("{}: this is no OpenSSH key: {why}", path.display())]
    NotAKey {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The agent did not help.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The agent has no key of anybody's.
    #[error("ssh-agent holds no key of the allowed signers: ssh-add your key, or name its file with --key")]
    NobodysKey,
    /// The agent has keys of several people.
    #[error("ssh-agent holds keys of {}: say with --key which one signs", people.join(" and "))]
    SeveralPeople {
        /// Whose.
        people: Vec<String>,
    },
    /// The key can't sign.
    #[error("the key {fingerprint} can't sign: {why}")]
    CantSign {
        /// Which.
        fingerprint: String,
        /// Why.
        why: String,
    },
}

impl SigningKey {
    /// Reads a private key file; or a public one, whose private half ssh-agent has, which listens at `agent`
    /// (`SSH_AUTH_SOCK`).
    pub fn open(path: &Path, agent: Option<&Path>) -> Result<Self, KeyError> {
        let text = read(path)?;
        let not_a_key = |why: ssh_key::Error| KeyError::NotAKey { path: path.to_owned(), why: why.to_string() };
        if !text.starts_with("-----BEGIN ") {
            let key = PublicKey::from_openssh(text.trim()).map_err(not_a_key)?;
            let mut agent = Agent::connect(agent)?;
            let held = agent.keys()?;
            if !held.contains(key.key_data()) {
                return Err(AgentError::NotHeld { fingerprint: fingerprint(key.key_data()) }.into());
            }
            return Ok(Self(Held::Agent { agent, key: key.into() }));
        }
        not_open_to_others(path)?;
        let key = PrivateKey::from_openssh(text.as_bytes()).map_err(not_a_key)?;
        if key.is_encrypted() {
            return Err(KeyError::Encrypted { path: path.to_owned() });
        }
        Ok(Self(Held::File(Box::new(key))))
    }

    /// The key in ssh-agent that is one of the allowed signers' and not revoked. Where the agent has several of one
    /// person, its first. It listens at `agent` (`SSH_AUTH_SOCK`).
    pub fn from_agent(agent: Option<&Path>, signers: &AllowedSigners, revoked: &RevokedKeys) -> Result<Self, KeyError> {
        let mut agent = Agent::connect(agent)?;
        let mut keys = agent.keys()?;
        keys.retain(|key| signers.owner(key).is_some() && !revoked.contains(&fingerprint(key)));
        let mut people: Vec<_> = keys.iter().filter_map(|key| signers.owner(key)).map(ToString::to_string).collect();
        people.sort();
        people.dedup();
        if people.len() > 1 {
            return Err(KeyError::SeveralPeople { people });
        }
        let key = keys.into_iter().next().ok_or(KeyError::NobodysKey)?;
        Ok(Self(Held::Agent { agent, key }))
    }

    /// The key's name: `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        match &self.0 {
            Held::File(key) => fingerprint(key.public_key().key_data()),
            Held::Agent { key, .. } => fingerprint(key),
        }
    }

    /// Signs these bytes for one purpose: what `ssh-keygen -Y sign -n NAMESPACE` writes.
    pub fn sign(&mut self, text: &[u8], namespace: Namespace) -> Result<String, KeyError> {
        let name = self.fingerprint();
        let cant = |error: ssh_key::Error| KeyError::CantSign { fingerprint: name.clone(), why: error.to_string() };
        let signature = match &mut self.0 {
            Held::File(key) => key.sign(namespace.as_str(), HashAlg::Sha512, text).map_err(cant)?,
            Held::Agent { agent, key } => {
                let data = SshSig::signed_data(namespace.as_str(), HashAlg::Sha512, text).map_err(cant)?;
                let made = agent.sign(key, &data)?;
                SshSig::new(key.clone(), namespace.as_str(), HashAlg::Sha512, made).map_err(cant)?
            }
        };
        signature.to_pem(LineEnding::LF).map_err(cant)
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let cant = |error| KeyError::File { path: path.to_owned(), error };
    let size = std::fs::metadata(path).map_err(cant)?.len();
    if size > LARGEST_FILE {
        return Err(KeyError::NotAKey { path: path.to_owned(), why: format!("it has {size} bytes") });
    }
    std::fs::read_to_string(path).map(Zeroizing::new).map_err(cant)
}

/// As ssh does: whoever else can read the key can sign as its owner.
fn not_open_to_others(path: &Path) -> Result<(), KeyError> {
    let metadata = std::fs::metadata(path).map_err(|error| KeyError::File { path: path.to_owned(), error })?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 { Err(KeyError::Open { path: path.to_owned(), mode }) } else { Ok(()) }
}
