//! What some requests told.

use belay_sdk::{Fault, http};

use crate::Config;

/// The times of good answers, and why the others were none.
pub(crate) struct Samples {
    /// In microseconds, ascending.
    took: Vec<u64>,
    failed: Vec<String>,
}

impl Samples {
    /// Asks as often as configured. That nobody answers is a failed request, as users see it; that the host does not allow the request is a
    /// fault, since it says nothing of the system.
    pub(crate) fn take(
        mut ask: impl FnMut(&http::Request) -> Result<http::Response, http::Error>,
        connection: &str,
        config: &Config,
    ) -> Result<Self, Fault> {
        let request = http::Request::get(connection, &config.path);
        let (mut took, mut failed) = (Vec::new(), Vec::new());
        for _ in 0..config.requests {
            match ask(&request) {
                Ok(answer) if answer.status == config.status => took.push(answer.took),
                Ok(answer) => failed.push(answer.status.to_string()),
                Err(error @ http::Error::Denied(_)) => return Err(error.into()),
                Err(http::Error::Unreachable(why)) => failed.push(why),
                Err(http::Error::TimedOut) => failed.push("no answer in time".to_owned()),
                Err(http::Error::TooLarge(_)) => failed.push("an answer that is too large".to_owned()),
            }
        }
        took.sort_unstable();
        Ok(Self { took, failed })
    }

    /// How many answers were good.
    pub(crate) fn good(&self) -> usize {
        self.took.len()
    }

    /// The nearest-rank percentile in milliseconds; nothing where no answer was good.
    pub(crate) fn latency_ms(&self, percentile: u8) -> Option<String> {
        let rank = (self.took.len() * usize::from(percentile)).div_ceil(100);
        let microseconds = self.took.get(rank.checked_sub(1)?)?;
        Some(format!("{}.{:03}", microseconds / 1_000, microseconds % 1_000))
    }

    /// Which part failed, with four digits, rounded up: one of many is never none.
    pub(crate) fn error_ratio(&self) -> String {
        let all = self.took.len() + self.failed.len();
        let parts = (self.failed.len() * 10_000).div_ceil(all.max(1));
        format!("{}.{:04}", parts / 10_000, parts % 10_000)
    }

    /// For people: how many failed, and the first reason.
    pub(crate) fn failures(&self) -> String {
        let all = self.took.len() + self.failed.len();
        match self.failed.first() {
            None => format!("none of {all} requests failed"),
            Some(first) => format!("{} of {all} requests failed, the first with: {first}", self.failed.len()),
        }
    }
}
