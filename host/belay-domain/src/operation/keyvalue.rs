//! Writes of keys. Keys, fields and values are bytes; what people and patterns see of them is [`shown`].

use serde::{Deserialize, Serialize};

use super::{Body, Expectation};
use crate::id::{ConnectionName, Millis};

/// Keys set or deleted in a key-value store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyvalueWrite {
    /// The connection.
    pub connection: ConnectionName,
    /// What is set or deleted.
    pub change: KeyvalueChange,
    /// What must hold of the present bytes of the key or field. A prefix has none.
    pub expect: Expectation,
}

/// What happens to keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyvalueChange {
    /// A key holds a value; what it held before, of whatever kind, is gone.
    Set {
        /// The key.
        key: Body,
        /// The value.
        value: Body,
        /// When it goes by itself.
        expiry: Expiry,
    },
    /// A key, of whatever kind, is gone.
    Delete {
        /// The key.
        key: Body,
    },
    /// A field of a hash holds a value.
    SetField {
        /// The hash's key.
        key: Body,
        /// The field.
        field: Body,
        /// The value.
        value: Body,
    },
    /// A field of a hash is gone.
    DeleteField {
        /// The hash's key.
        key: Body,
        /// The field.
        field: Body,
    },
    /// Every key that starts with a prefix is gone.
    DeletePrefix {
        /// What the keys start with.
        prefix: Body,
        /// The most keys that may go; where more are there, none does.
        most: u64,
    },
}

/// When a key goes by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// As it was; a key that was not there stays.
    Kept,
    /// Never.
    Never,
    /// At this moment of the store's clock.
    At(Millis),
}

impl KeyvalueChange {
    /// As a connection's list of writes matches it: `SET key`, `DEL key`, `HSET key field`, `HDEL key field`,
    /// `UNLINK prefix*`; keys and fields as [`shown`].
    pub fn line(&self) -> String {
        match self {
            Self::Set { key, .. } => format!("SET {}", shown(&key.0)),
            Self::Delete { key } => format!("DEL {}", shown(&key.0)),
            Self::SetField { key, field, .. } => format!("HSET {} {}", shown(&key.0), shown(&field.0)),
            Self::DeleteField { key, field } => format!("HDEL {} {}", shown(&key.0), shown(&field.0)),
            Self::DeletePrefix { prefix, .. } => format!("UNLINK {}*", shown(&prefix.0)),
        }
    }

    /// The value that it leaves, where it leaves one.
    pub const fn value(&self) -> Option<&Body> {
        match self {
            Self::Set { value, .. } | Self::SetField { value, .. } => Some(value),
            Self::Delete { .. } | Self::DeleteField { .. } | Self::DeletePrefix { .. } => None,
        }
    }
}

/// Bytes as people and patterns see them: printable ASCII as it is, everything else, the space, `%` and `*` as `%`
/// and two hex digits in capitals. No two byte strings look alike, and what starts with some bytes is shown to.
pub fn shown(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_graphic() && !matches!(byte, b'%' | b'*') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Body {
        Body(text.as_bytes().to_vec())
    }

    #[test]
    fn bytes_are_shown_so_that_no_two_look_alike() {
        for (bytes, text) in [
            (&b"cache:v9:{ana}/[1]?"[..], "cache:v9:{ana}/[1]?"),
            (b"a b", "a%20b"),
            (b"50%*", "50%25%2A"),
            (b"%2A", "%252A"),
            (b"\x00\xff\n", "%00%FF%0A"),
            ("ü".as_bytes(), "%C3%BC"),
        ] {
            assert_eq!(shown(bytes), text);
        }
    }

    #[test]
    fn a_line_names_the_command_and_what_it_is_about() {
        let (key, field, value) = (bytes("cache:gen"), bytes("a b"), bytes("9"));
        for (change, line) in [
            (KeyvalueChange::Set { key: key.clone(), value: value.clone(), expiry: Expiry::Kept }, "SET cache:gen"),
            (KeyvalueChange::Delete { key: key.clone() }, "DEL cache:gen"),
            (KeyvalueChange::SetField { key: key.clone(), field: field.clone(), value }, "HSET cache:gen a%20b"),
            (KeyvalueChange::DeleteField { key, field }, "HDEL cache:gen a%20b"),
            (KeyvalueChange::DeletePrefix { prefix: bytes("cache:v9:"), most: 10 }, "UNLINK cache:v9:*"),
        ] {
            assert_eq!(change.line(), line);
        }
    }
}
