//! What holds of a write of keys.

use crate::operation::{Expectation, KeyvalueChange, KeyvalueWrite, shown};

use super::MAX_BODY_BYTES;
use super::violation::Breach;

/// The longest key, field or prefix in bytes.
const MAX_KEY_BYTES: usize = 1_024;
/// The most keys that one deletion by prefix may cost: the host holds their names while it deletes.
pub(super) const MAX_KEYS: u64 = 1_000_000;

/// `harmless`: the operator's list says that performing it twice is harmless.
pub(super) fn check(write: &KeyvalueWrite, harmless: bool) -> Vec<Breach> {
    let mut breaches: Vec<Breach> = names(&write.change).into_iter().filter_map(trouble).collect();
    let bytes = write.change.value().map_or(0, |value| value.0.len());
    if bytes > MAX_BODY_BYTES {
        breaches.push(Breach::TooLarge { bytes: bytes as u64, most: MAX_BODY_BYTES as u64 });
    }
    if let KeyvalueChange::DeletePrefix { most, .. } = write.change {
        breaches.extend(bound(most));
    }
    breaches.extend(expectation(write, harmless));
    breaches
}

fn names(change: &KeyvalueChange) -> Vec<&[u8]> {
    match change {
        KeyvalueChange::Set { key, .. } | KeyvalueChange::Delete { key } => vec![&key.0],
        KeyvalueChange::SetField { key, field, .. } | KeyvalueChange::DeleteField { key, field } => {
            vec![&key.0, &field.0]
        }
        KeyvalueChange::DeletePrefix { prefix, .. } => vec![&prefix.0],
    }
}

fn trouble(name: &[u8]) -> Option<Breach> {
    let reason = if name.is_empty() {
        "is empty; an empty prefix would be every key"
    } else if name.len() > MAX_KEY_BYTES {
        "is longer than 1,024 bytes"
    } else {
        return None;
    };
    Some(Breach::Key { key: shown(name).chars().take(200).collect(), reason })
}

fn bound(most: u64) -> Option<Breach> {
    (!(1..=MAX_KEYS).contains(&most)).then_some(Breach::Keys { keys: most, most: MAX_KEYS })
}

fn expectation(write: &KeyvalueWrite, harmless: bool) -> Option<Breach> {
    use KeyvalueChange as Change;
    match (&write.expect, &write.change) {
        (Expectation::Absent | Expectation::Bytes(_), Change::DeletePrefix { .. }) => Some(Breach::ExpectsOfPrefix),
        (Expectation::Anything, Change::DeletePrefix { .. }) => (!harmless).then_some(Breach::BlindPrefix),
        (Expectation::Absent, Change::Delete { .. } | Change::DeleteField { .. }) => Some(Breach::DeletesNothing),
        (Expectation::Anything, _) => (!harmless).then_some(Breach::NoExpectation),
        (Expectation::Absent, Change::Set { .. } | Change::SetField { .. })
        | (
            Expectation::Bytes(_),
            Change::Set { .. } | Change::Delete { .. } | Change::SetField { .. } | Change::DeleteField { .. },
        ) => None,
    }
}
