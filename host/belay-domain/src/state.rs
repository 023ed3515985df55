//! Resources, their states, and what a step wants of them. The shapes of `wit/`, as the host holds them.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{ConnectionName, Millis};
use crate::json::Json;

/// A resource as its plugin is told of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Resource {
    /// The system it lives in.
    pub connection: ConnectionName,
    /// What the plugin needs to find it there.
    pub id: String,
    /// The rest of its configuration.
    pub config: Json,
}

/// A resource at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct State {
    /// What people call it. Not compared.
    pub version: String,
    /// What must be equal for two states to be the same; `null` where the resource is absent.
    pub content: Json,
    /// What moves whenever somebody touches the resource.
    pub revision: Json,
}

impl State {
    /// The digest of the content: equal digests, same state.
    pub fn content_digest(&self) -> Digest {
        self.content.digest()
    }
}

/// A state that something can go back to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pin {
    /// The state.
    pub state: State,
    /// What was established beyond its content, such as digests of artifacts; `null` where nothing was.
    pub proof: Json,
}

/// What a step wants.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Desired {
    /// A state that a point pinned.
    Pinned(Pin),
    /// Some attributes of the content set; always an object.
    Attributes(Json),
}

impl Desired {
    /// Whether a content is what is wanted: equal to the pin's, or containing each attribute.
    pub fn is_met_by(&self, content: &Json) -> bool {
        match self {
            Self::Pinned(pin) => pin.state.content == *content,
            Self::Attributes(attributes) => content.contains(attributes),
        }
    }
}

/// How people point at a state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The state that is there now.
    Present,
    /// By its label.
    Version(String),
    /// The state that was there at this moment.
    At(Millis),
}

/// A state that a resource once had.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Past {
    /// Its label.
    pub version: String,
    /// Since when.
    pub at: Option<Millis>,
    /// For people.
    pub summary: String,
}

/// What a plugin may know about the moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Context {
    /// Now.
    pub now: Millis,
    /// Unique to the run and step.
    pub key: String,
}

/// Why a plugin could not answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", content = "message", rename_all = "snake_case")]
pub enum Fault {
    /// The configuration or the resource's id makes no sense.
    #[error("invalid: {0}")]
    Invalid(String),
    /// The resource, or what the desired state needs, is not there.
    #[error("missing: {0}")]
    Missing(String),
    /// The system answered in a way that the plugin does not understand.
    #[error("unexpected answer: {0}")]
    Unexpected(String),
    /// The system refused or did not answer.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The plugin knows this case and declines it.
    #[error("unsupported: {0}")]
    Unsupported(String),
}

/// What a plugin says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One line.
    pub summary: String,
    /// JSON Schema of its configuration. Kept as text: a schema may hold floats.
    pub config_schema: String,
    /// JSON Schema of the attributes that a step can set; empty for other worlds than `reverter`.
    pub attributes_schema: String,
}

/// One number that a probe measured, or its absence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// Which.
    pub name: String,
    /// A decimal number as text; absent where there is no data.
    pub value: Option<String>,
    /// `ms`, `%`, or empty.
    pub unit: String,
    /// For people.
    pub detail: String,
}
