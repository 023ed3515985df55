//! What entries say about blobs that were taken away. Reads bodies; never destroys anything, verifies no signature and
//! knows nobody's roles.

mod known;
mod said;

pub use known::Redactions;
pub use said::{Asked, NamedBlob, Redacted, Retained};

use crate::entry::Entry;
use crate::kind;

/// Whether `taking` says that the `n`th blob of `entry` was taken away. `asked` gives the entry that asked for it.
pub(crate) fn takes(taking: &Entry, entry: &Entry, n: usize, asked: impl FnOnce(u64) -> Option<Entry>) -> bool {
    let Some(commitment) = entry.blobs.get(n).filter(|_| entry.seq < taking.seq) else { return false };
    match taking.kind.as_str() {
        kind::REDACTION => Redacted::of(taking).is_ok_and(|redacted| {
            redacted.takes(entry.seq, commitment)
                && asked(redacted.asked).is_some_and(|asked| {
                    asked.seq < taking.seq && Asked::of(&asked).is_ok_and(|asked| redacted.answers(&asked).is_ok())
                })
        }),
        kind::RETENTION => Retained::of(taking).is_ok_and(|retained| retained.takes(entry)),
        _ => false,
    }
}
