//! `belay audit heartbeat`.

use belay_runtime::api::Error;
use clap::Args;
use jiff::SignedDuration;

/// How often.
#[derive(Args, Debug)]
pub(crate) struct HeartbeatArguments {
    /// Go on until Ctrl-C: record one whenever nothing else was recorded for so long, such as 10m
    #[arg(long, value_name = "TIME")]
    every: Option<String>,
    /// With --every: record one now and end; a timer comes again within that time
    #[arg(long, requires = "every")]
    pub(crate) once: bool,
}

impl HeartbeatArguments {
    /// How often, in milliseconds; none where nothing is promised.
    pub(crate) fn every_ms(&self) -> Result<Option<u64>, Error> {
        let Some(text) = &self.every else { return Ok(None) };
        let bad = || Error::usage(format!("--every: `{text}` is no time of a second to a day: write 10m, 1h"));
        let every: SignedDuration = text.parse().map_err(|_| bad())?;
        let allowed = SignedDuration::from_secs(1)..=SignedDuration::from_hours(24);
        if !allowed.contains(&every) {
            return Err(bad());
        }
        u64::try_from(every.as_millis()).map(Some).map_err(|_| bad())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_absurd_ones_refused() {
        let read = |text: &str| HeartbeatArguments { every: Some(text.to_owned()), once: false }.every_ms();
        assert_eq!(read("10m").unwrap(), Some(600_000));
        assert_eq!(read("1h").unwrap(), Some(3_600_000));
        for absurd in ["", "often", "0s", "-1m", "500ms", "25h", "9999999999999h"] {
            assert!(read(absurd).is_err(), "{absurd}");
        }
    }
}
