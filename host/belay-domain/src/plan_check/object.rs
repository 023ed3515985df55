//! What holds of an object write.

use crate::operation::{Expectation, ObjectWrite};

use super::violation::Breach;
use super::{MAX_BODY_BYTES, text};

/// The longest key in bytes: as long as object stores allow.
const MAX_KEY_BYTES: usize = 1_024;

/// `harmless`: the operator's list says that performing it twice is harmless, so a last writer may win.
pub(super) fn check(write: &ObjectWrite, harmless: bool) -> Vec<Breach> {
    let mut breaches = Vec::new();
    if let Some(reason) = key_trouble(&write.key) {
        let key = write.key.chars().filter(|c| !text::misleads(*c)).take(200).collect();
        breaches.push(Breach::Key { key, reason });
    }
    let bytes = write.content.as_ref().map_or(0, |body| body.0.len());
    if bytes > MAX_BODY_BYTES {
        breaches.push(Breach::TooLarge { bytes: bytes as u64, most: MAX_BODY_BYTES as u64 });
    }
    match (&write.expect, &write.content) {
        (Expectation::Absent, None) => breaches.push(Breach::DeletesNothing),
        (Expectation::Anything, _) if !harmless => breaches.push(Breach::NoExpectation),
        (Expectation::Anything | Expectation::Bytes(_), _) | (Expectation::Absent, Some(_)) => {}
    }
    breaches
}

fn key_trouble(key: &str) -> Option<&'static str> {
    if key.len() > MAX_KEY_BYTES {
        Some("is longer than 1,024 bytes")
    } else if key.contains('\\') || key.chars().any(text::misleads) {
        Some("contains a backslash or a character that can't be shown")
    } else if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        Some("must be relative, without empty parts, `.` or `..`")
    } else {
        None
    }
}
