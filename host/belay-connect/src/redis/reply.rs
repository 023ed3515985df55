//! What a server answers, as far as the commands that are sent here are answered. Never an error: those are failures.

use redis::Value;

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Reply {
    /// Nothing is there.
    Nothing,
    /// A value.
    Bytes(Vec<u8>),
    /// A number.
    Number(i64),
    /// A word of the server's own.
    Word(String),
    /// Several answers in one.
    List(Vec<Self>),
    /// What none of the commands is answered with.
    Other,
}

impl From<Value> for Reply {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the client's enum is open")]
    fn from(value: Value) -> Self {
        match value {
            Value::Nil => Self::Nothing,
            Value::BulkString(bytes) => Self::Bytes(bytes),
            Value::Int(number) => Self::Number(number),
            Value::SimpleString(word) => Self::Word(word),
            Value::Okay => Self::Word("OK".to_owned()),
            Value::Array(values) => Self::List(values.into_iter().map(Self::from).collect()),
            _ => Self::Other,
        }
    }
}
