//! The kinds of entries that the ledger itself must understand. All others belong to whoever appends them.

/// Before an act: what is about to be done. Durable before the act.
pub const INTENT: &str = "intent";
/// After an act: `body.intent` is the sequence number of the intent that it closes.
pub const OUTCOME: &str = "outcome";
/// Somebody asks for blobs of an entry to be taken away.
pub const REDACTION_ASKED: &str = "redaction.asked";
/// Somebody else approved it: the blobs are gone.
pub const REDACTION: &str = "redaction";
/// Blobs of whole runs and months are gone, by the workspace's rule.
pub const RETENTION: &str = "retention.applied";
/// Nothing that it covers can be taken away.
pub const HOLD_SET: &str = "hold.set";
/// The hold of `body.hold`, an entry's number, is lifted.
pub const HOLD_LIFTED: &str = "hold.lifted";

/// Another key signs from now on; the body is a [`crate::keys::KeyChange`].
pub const KEY_ROTATED: &str = "key.rotated";
/// A key fell into wrong hands; the body is a [`crate::keys::KeyChange`] with `since`.
pub const KEY_COMPROMISED: &str = "key.compromised";
/// Before the first entry of a process that found a note of failures: `body.failures` are [`crate::Failure`]s, what
/// failed while it could not be recorded.
pub const RECOVERED: &str = "ledger.recovered";
/// Says only that something could be recorded; `body.every_ms`, where it is there, promises that another entry follows within
/// so many milliseconds.
pub const HEARTBEAT: &str = "ledger.heartbeat";

const MAX_LEN: usize = 64;

/// Whether a text has the shape of a kind: 1 to 64 of `a-z`, `0-9`, `-`, `_`, `.`, the first a letter.
pub fn fits(kind: &str) -> bool {
    kind.len() <= MAX_LEN
        && kind.starts_with(|c: char| c.is_ascii_lowercase())
        && kind.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.'))
}
