//! JSON text that is canonical already, so that a call neither parses nor sorts it again.

use std::fmt;
use std::sync::Arc;

use belay_domain::json::{Json, NotCanonical};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// RFC 8785 text. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct CanonicalText(Arc<String>);

impl CanonicalText {
    /// Canonicalises text; refuses what [`Json::parse`] refuses.
    pub fn parse(text: &str) -> Result<Self, NotCanonical> {
        Ok(Self::from(&Json::parse(text)?))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as the bindings want it.
    pub(crate) fn as_string(&self) -> &String {
        &self.0
    }
}

impl From<&Json> for CanonicalText {
    fn from(json: &Json) -> Self {
        Self(Arc::new(json.canonical()))
    }
}

impl fmt::Debug for CanonicalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for CanonicalText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Json::parse(&self.0).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CanonicalText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Json::deserialize(deserializer).map(|json| Self::from(&json)).map_err(D::Error::custom)
    }
}
