//! How often a connection may be asked, and how often a read is tried. Nothing here says that of a write: a write is
//! sent once.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::Deserialize;

/// The most attempts that a read may have: beyond it a system that is down only gets busier.
const MOST_ATTEMPTS: u32 = 10;

/// How often a read is tried that finds nobody, or is told to come back (429, 502, 503, 504). All attempts and the
/// waits between them lie within the connection's `timeout`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts in all, from 1; 3 if not given.
    #[serde(default = "default_attempts")]
    pub attempts: u32,
    /// The longest wait before the second attempt; doubled for each further one. 100 ms if not given. A system's
    /// `retry-after` goes first.
    #[serde(default = "default_backoff", with = "humantime_serde")]
    pub backoff: Duration,
}

impl Retry {
    /// One attempt.
    pub const fn never() -> Self {
        Self { attempts: 1, backoff: default_backoff() }
    }

    /// What is wrong with it, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        if (1..=MOST_ATTEMPTS).contains(&self.attempts) {
            Ok(())
        } else {
            Err(format!("`retry`: `attempts` is 1 to {MOST_ATTEMPTS}, not {}", self.attempts))
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: default_attempts(), backoff: default_backoff() }
    }
}

const fn default_attempts() -> u32 {
    3
}

const fn default_backoff() -> Duration {
    Duration::from_millis(100)
}

/// At most so many requests in a stretch of time, reads and writes and all calls of this process together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How many.
    pub requests: NonZeroU32,
    /// In how long a time; a second if not given.
    #[serde(default = "default_per", with = "humantime_serde")]
    pub per: Duration,
}

impl Rate {
    /// What is wrong with it, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.per.is_zero() { Err("`rate`: `per` is longer than nothing".to_owned()) } else { Ok(()) }
    }
}

const fn default_per() -> Duration {
    Duration::from_secs(1)
}
