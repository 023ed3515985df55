//! At most so many requests in a stretch of time. Never lets one go early, and never keeps a place for one that can't
//! wait so long.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::spec::Rate;

/// The pace of one connection: its calls share it, whichever run or plugin they come from.
#[derive(Debug)]
pub(crate) struct Pace(Option<Bucket>);

/// A bucket of `requests` that fills up again within `per`, kept as the moment when it is full (the generic cell rate
/// algorithm).
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    full: Mutex<Option<Instant>>,
}

impl Pace {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self(rate.map(|rate| Bucket { rate, full: Mutex::new(None) }))
    }

    /// Waits for the next request's turn; says why it does not where that would take longer than `patience`.
    pub(crate) async fn turn(&self, patience: Duration) -> Result<(), String> {
        let Some(bucket) = &self.0 else { return Ok(()) };
        let now = Instant::now();
        let at = bucket.reserve(now, patience).ok_or_else(|| {
            let Rate { requests, per } = bucket.rate;
            format!(
                "the connection's `rate` of {requests} in {} ms leaves no room within {} ms; nothing was sent",
                per.as_millis(),
                patience.as_millis()
            )
        })?;
        if at > now {
            sleep_until(at).await;
        }
        Ok(())
    }
}

impl Bucket {
    /// The moment of the next request, which then counts; none if that is later than patience lasts.
    fn reserve(&self, now: Instant, patience: Duration) -> Option<Instant> {
        let Rate { requests, per } = self.rate;
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let from = full.filter(|full| *full > now).unwrap_or(now);
        let next = from + per / requests.get();
        // A request may go while the bucket is at most `per` short of full once it has gone.
        let at = next.checked_sub(per).map_or(now, |at| at.max(now));
        if at > now + patience {
            return None;
        }
        *full = Some(next);
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(requests: u32, per_ms: u64) -> Bucket {
        let rate = Rate { requests: requests.try_into().unwrap(), per: Duration::from_millis(per_ms) };
        Bucket { rate, full: Mutex::new(None) }
    }

    /// When each of so many that are asked for at once may go, in milliseconds from now.
    fn turns(bucket: &Bucket, now: Instant, count: usize) -> Vec<u128> {
        let long = Duration::from_secs(60);
        let at = |_| bucket.reserve(now, long).unwrap().duration_since(now).as_millis();
        (0..count).map(at).collect()
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_in_step() {
        let now = Instant::now();
        assert_eq!(turns(&bucket(3, 300), now, 6), [0, 0, 0, 100, 200, 300]);
        assert_eq!(turns(&bucket(1, 50), now, 3), [0, 50, 100]);
    }

    #[test]
    fn a_pause_fills_the_bucket_and_no_further() {
        let (now, bucket) = (Instant::now(), bucket(2, 200));
        assert_eq!(turns(&bucket, now, 3), [0, 0, 100]);
        assert_eq!(turns(&bucket, now + Duration::from_secs(9), 3), [0, 0, 100]);
    }

    #[test]
    fn who_can_not_wait_takes_nobodys_place() {
        let (now, bucket) = (Instant::now(), bucket(1, 1_000));
        assert_eq!(turns(&bucket, now, 1), [0]);
        for _ in 0..100 {
            assert_eq!(bucket.reserve(now, Duration::from_millis(999)), None);
        }
        assert_eq!(turns(&bucket, now, 1), [1_000]);
    }
}
