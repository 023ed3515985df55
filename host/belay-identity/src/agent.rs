//! Keys that stay in ssh-agent: a client for the two requests that signing takes (draft-ietf-sshm-ssh-agent, sections
//! 3.5 and 3.6). It never adds, removes or unlocks a key.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use ssh_key::Signature;
use ssh_key::encoding::{Decode, Encode};
use ssh_key::public::KeyData;

use crate::fingerprint;

const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
/// For RSA keys; others ignore it.
const RSA_SHA2_512: u32 = 4;
/// What OpenSSH's agent takes and gives at the most.
const LARGEST_MESSAGE: usize = 256 * 1_024;
/// A person may have to confirm, or to touch the key.
const PATIENCE: Duration = Duration::from_secs(120);

/// Why the agent did not help.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Nothing says where one is.
    #[error("no key was named and there is no ssh-agent (SSH_AUTH_SOCK is not set): name a key file with --key")]
    None,
    /// It can't be reached.
    #[error("ssh-agent at {socket} can't be reached: {error}")]
    Unreachable {
        /// Where it was looked for.
        socket: String,
        /// Why.
        error: io::Error,
    },
    /// It does not have the key.
    #[error("ssh-agent doesn't hold the key {fingerprint}: ssh-add it")]
    NotHeld {
        /// Which.
        fingerprint: String,
    },
    /// It has the key and would not sign.
    #[error("ssh-agent would not sign with {fingerprint}: it is locked, or nobody confirmed")]
    Refused {
        /// Which.
        fingerprint: String,
    },
    /// What it says can't be read.
    #[error("what ssh-agent answered can't be read: {0}")]
    Nonsense(String),
}

/// A connection to ssh-agent.
pub(crate) struct Agent {
    socket: String,
    stream: UnixStream,
}

impl Agent {
    /// Connects to the agent that listens there.
    pub(crate) fn connect(socket: Option<&Path>) -> Result<Self, AgentError> {
        let path = socket.ok_or(AgentError::None)?;
        let socket = path.display().to_string();
        let open = || {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Ok(stream)
        };
        match open() {
            Ok(stream) => Ok(Self { socket, stream }),
            Err(error) => Err(AgentError::Unreachable { socket, error }),
        }
    }

    /// The keys that it holds, in its order; what is no plain key is left out.
    pub(crate) fn keys(&mut self) -> Result<Vec<KeyData>, AgentError> {
        let answer = self.ask(&[REQUEST_IDENTITIES])?;
        let mut body = self.body(&answer, IDENTITIES_ANSWER)?;
        let count = u32::decode(&mut body).map_err(nonsense)?;
        let mut keys = Vec::new();
        for _ in 0..count {
            let blob = Vec::<u8>::decode(&mut body).map_err(nonsense)?;
            let _comment = Vec::<u8>::decode(&mut body).map_err(nonsense)?;
            // Certificates stand between the keys, and kinds that nobody here knows.
            keys.extend(KeyData::decode(&mut blob.as_slice()).ok());
        }
        Ok(keys)
    }

    /// Has these bytes signed.
    pub(crate) fn sign(&mut self, key: &KeyData, data: &[u8]) -> Result<Signature, AgentError> {
        let mut request = vec![SIGN_REQUEST];
        key.encode_prefixed(&mut request).map_err(nonsense)?;
        data.encode(&mut request).map_err(nonsense)?;
        RSA_SHA2_512.encode(&mut request).map_err(nonsense)?;
        let answer = self.ask(&request)?;
        if answer.first() == Some(&FAILURE) {
            return Err(AgentError::Refused { fingerprint: fingerprint(key) });
        }
        let mut body = self.body(&answer, SIGN_RESPONSE)?;
        let signature = Vec::<u8>::decode(&mut body).map_err(nonsense)?;
        Signature::try_from(signature.as_slice()).map_err(nonsense)
    }

    fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>, AgentError> {
        let length = u32::try_from(request.len()).map_err(nonsense)?;
        let mut exchange = || {
            self.stream.write_all(&[&length.to_be_bytes(), request].concat())?;
            let mut length = [0; 4];
            self.stream.read_exact(&mut length)?;
            let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
            if length > LARGEST_MESSAGE {
                return Err(io::Error::other(format!("an answer of {length} bytes")));
            }
            let mut answer = vec![0; length];
            self.stream.read_exact(&mut answer)?;
            Ok(answer)
        };
        exchange().map_err(|error| AgentError::Unreachable { socket: self.socket.clone(), error })
    }

    fn body<'a>(&self, answer: &'a [u8], wanted: u8) -> Result<&'a [u8], AgentError> {
        match answer.split_first() {
            Some((kind, body)) if *kind == wanted => Ok(body),
            Some((kind, _)) => Err(AgentError::Nonsense(format!("message {kind} instead of {wanted}"))),
            None => Err(AgentError::Nonsense("nothing".to_owned())),
        }
    }
}

fn nonsense(error: impl std::fmt::Display) -> AgentError {
    AgentError::Nonsense(error.to_string())
}
