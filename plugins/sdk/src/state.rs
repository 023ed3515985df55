//! States with typed content.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Change, Expectation, Fault, Pin, RiskFactor, State, json};

impl State {
    /// A state from its label, what must be equal, and what moves whenever somebody touches the resource.
    pub fn of(version: impl Into<String>, content: &impl Serialize, revision: &impl Serialize) -> Result<Self, Fault> {
        Ok(Self { version: version.into(), content: json::text(content)?, revision: json::text(revision)? })
    }

    /// The content, typed. A content of another shape, as of an older plugin's, is [`Fault::Unsupported`].
    pub fn content<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_str(&self.content)
            .map_err(|error| Fault::Unsupported(format!("the content of `{}`: {error}", self.version)))
    }

    /// The revision, typed.
    pub fn revision<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_str(&self.revision)
            .map_err(|error| Fault::Unsupported(format!("the revision of `{}`: {error}", self.version)))
    }

    /// Whether the resource is absent: its content is `null`.
    pub fn is_absent(&self) -> bool {
        json::same(&self.content, "null")
    }
}

impl Pin {
    /// A pin with nothing established beyond the state's content.
    pub fn without_proof(state: State) -> Self {
        Self { state, proof: "null".to_owned() }
    }
}

impl Change {
    /// The change that leaves everything as it is.
    pub fn nothing() -> Self {
        Self { operations: Vec::new(), factors: Vec::new(), loss: None, notes: Vec::new() }
    }
}

impl Expectation {
    /// That the present bytes are these: what a plugin read and based its plan on.
    pub fn these(bytes: &[u8]) -> Self {
        Self::Bytes(sha256(bytes))
    }
}

/// The SHA-256 of bytes, in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl RiskFactor {
    /// A reason for `score` more points of risk, 0 to 100.
    pub fn new(cause: impl Into<String>, score: u32) -> Self {
        Self { cause: cause.into(), score }
    }
}
