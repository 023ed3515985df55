//! The one script that belay sends: compares and writes a key in one step. Its text is fixed; what a plugin proposes
//! only ever becomes an argument.

use belay_domain::operation::{Expiry, KeyvalueChange};
use redis::{Cmd, cmd};

const SCRIPT: &str = include_str!("write.lua");

/// What must hold when the script runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expected<'a> {
    Anything,
    Absent,
    /// The bytes themselves: the server can't compute a SHA-256.
    Bytes(&'a [u8]),
}

/// The command for one key's change; none for a prefix, which is no single key.
pub(super) fn write(change: &KeyvalueChange, expected: Expected<'_>) -> Option<Cmd> {
    let mut script = cmd("EVAL");
    let (key, command) = match change {
        KeyvalueChange::Set { key, .. } => (key, "SET"),
        KeyvalueChange::Delete { key } => (key, "DEL"),
        KeyvalueChange::SetField { key, .. } => (key, "HSET"),
        KeyvalueChange::DeleteField { key, .. } => (key, "HDEL"),
        KeyvalueChange::DeletePrefix { .. } => return None,
    };
    let (what, bytes) = match expected {
        Expected::Anything => ("anything", &b""[..]),
        Expected::Absent => ("absent", &b""[..]),
        Expected::Bytes(bytes) => ("bytes", bytes),
    };
    script.arg(SCRIPT).arg(1).arg(&key.0).arg(what).arg(bytes).arg(command);
    match change {
        KeyvalueChange::Set { value, expiry, .. } => {
            script.arg(&value.0);
            match expiry {
                Expiry::Kept => script.arg("KEEPTTL"),
                Expiry::Never => &mut script,
                Expiry::At(at) => script.arg("PXAT").arg(at.0),
            };
        }
        KeyvalueChange::SetField { field, value, .. } => {
            script.arg(&field.0).arg(&value.0);
        }
        KeyvalueChange::DeleteField { field, .. } => {
            script.arg(&field.0);
        }
        KeyvalueChange::Delete { .. } | KeyvalueChange::DeletePrefix { .. } => {}
    }
    Some(script)
}
