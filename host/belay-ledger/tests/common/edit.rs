//! Changes to bytes that leave most of them as they were: what is wrong then lies deep.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};

/// One change; places are taken modulo the length.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Flip {
        at: usize,
        mask: u8,
    },
    Cut {
        at: usize,
        length: usize,
    },
    Repeat {
        at: usize,
        length: usize,
    },
    Insert {
        at: usize,
        bytes: Vec<u8>,
    },
    /// Another number in place of the first one behind `at`.
    Number {
        at: usize,
        number: &'static str,
    },
}

const NUMBERS: [&str; 8] =
    ["0", "-1", "1", "255", "4294967296", "9223372036854775807", "18446744073709551615", "99999999999999999999"];

/// One to three changes.
pub(crate) fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = || any::<usize>();
    let edit = prop_oneof![
        (at(), 1_u8..).prop_map(|(at, mask)| Edit::Flip { at, mask }),
        (at(), 1_usize..200).prop_map(|(at, length)| Edit::Cut { at, length }),
        (at(), 1_usize..200).prop_map(|(at, length)| Edit::Repeat { at, length }),
        (at(), vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Edit::Insert { at, bytes }),
        (at(), 0..NUMBERS.len()).prop_map(|(at, which)| Edit::Number { at, number: NUMBERS[which] }),
    ];
    vec(edit, 1..4)
}

pub(crate) fn edited(bytes: &[u8], edits: &[Edit]) -> Vec<u8> {
    edits.iter().fold(bytes.to_vec(), |bytes, edit| edit.apply(bytes))
}

impl Edit {
    fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let length = bytes.len();
        let within = |at: usize| at % (length + 1);
        let range = |at: usize, more: usize| within(at)..(within(at) + more).min(length);
        match self {
            Self::Flip { at, mask } => {
                if let Some(byte) = bytes.get_mut(within(*at)) {
                    *byte ^= mask;
                }
            }
            Self::Cut { at, length } => drop(bytes.drain(range(*at, *length))),
            Self::Repeat { at, length } => {
                let again = bytes[range(*at, *length)].to_vec();
                bytes.splice(within(*at)..within(*at), again);
            }
            Self::Insert { at, bytes: more } => drop(bytes.splice(within(*at)..within(*at), more.iter().copied())),
            Self::Number { at, number } => {
                let from = (within(*at)..length).find(|at| bytes[*at].is_ascii_digit()).unwrap_or(length);
                let to = (from..length).find(|at| !bytes[*at].is_ascii_digit()).unwrap_or(length);
                bytes.splice(from..to, number.bytes());
            }
        }
        bytes
    }
}
