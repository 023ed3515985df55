//! `[retention]`: how long blobs are kept.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A number of days: `400d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Days(pub u32);

/// Text that is no number of days.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no number of days from 1 to 36500, such as `400d`")]
pub struct NotDays(String);

/// `[retention]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetentionTable {
    pub(super) older_than: Days,
}

impl FromStr for Days {
    type Err = NotDays;

    fn from_str(text: &str) -> Result<Self, NotDays> {
        let number = text.strip_suffix('d').and_then(|number| number.parse().ok());
        let number = number.filter(|days| (1..=36_500).contains(days));
        number.map(Self).ok_or_else(|| NotDays(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for Days {
    type Error = NotDays;

    fn try_from(text: String) -> Result<Self, NotDays> {
        text.parse()
    }
}

impl From<Days> for String {
    fn from(days: Days) -> Self {
        days.to_string()
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_a_number_and_a_letter() {
        assert_eq!("400d".parse(), Ok(Days(400)));
        for text in ["400", "d", "-1d", "0d", "36501d", "1.5d", "400 d", "99999999999d"] {
            assert!(text.parse::<Days>().is_err(), "{text}");
        }
    }
}
