//! How long a guest has computed: the processor time that its thread spent on it. Never counts the time in which others
//! had the processor, so that a busy machine shortens nobody's call.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// One call's meter. It begins to count when the clock first finds the guest computing: most calls have ended by then,
/// and reading a thread's processor time costs a system call.
#[derive(Clone, Default)]
pub(crate) struct Meter(Arc<Counted>);

/// Only the thread that polls the call touches it.
#[derive(Default)]
struct Counted {
    counts: AtomicBool,
    /// Nanoseconds of the polls that ended.
    spent: AtomicU64,
    /// The thread's processor time when the present poll began, or the meter began to count in it; in nanoseconds.
    since: AtomicU64,
}

impl Meter {
    /// Performs a call that may be read meanwhile.
    pub(crate) async fn over<F: Future>(&self, call: F) -> F::Output {
        let mut call = pin!(call);
        poll_fn(|context| {
            self.begin();
            let polled = call.as_mut().poll(context);
            self.end();
            polled
        })
        .await
    }

    /// What the guest has computed since the meter began to count, which it does with the first reading. For whoever runs
    /// inside the call.
    pub(crate) fn read(&self) -> Duration {
        let now = thread_time();
        if !self.0.counts.swap(true, Ordering::Relaxed) {
            self.0.since.store(now, Ordering::Relaxed);
        }
        Duration::from_nanos(self.0.spent.load(Ordering::Relaxed).saturating_add(self.running(now)))
    }

    fn begin(&self) {
        if self.0.counts.load(Ordering::Relaxed) {
            self.0.since.store(thread_time(), Ordering::Relaxed);
        }
    }

    fn end(&self) {
        if self.0.counts.load(Ordering::Relaxed) {
            self.0.spent.fetch_add(self.running(thread_time()), Ordering::Relaxed);
        }
    }

    fn running(&self, now: u64) -> u64 {
        now.saturating_sub(self.0.since.load(Ordering::Relaxed))
    }
}

/// The processor time of this thread, in nanoseconds. A system without this clock counts nothing: fuel and the time in
/// all still end each call.
fn thread_time() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from);
    time.ok().and_then(|time| u64::try_from(time.as_nanos()).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn waiting_is_not_computing_and_neither_is_what_came_before() {
        let meter = Meter::default();
        let hand = meter.clone();
        let (first, starved, later) = meter
            .over(async move {
                compute(Duration::from_millis(30));
                let first = hand.read();
                // The thread is there and gets no processor.
                thread::sleep(Duration::from_millis(200));
                tokio::time::sleep(Duration::from_millis(20)).await;
                let starved = hand.read();
                compute(Duration::from_millis(30));
                tokio::task::yield_now().await;
                (first, starved, hand.read())
            })
            .await;
        assert_eq!(first, Duration::ZERO);
        assert!(starved < Duration::from_millis(20), "{starved:?}");
        assert!(later >= Duration::from_millis(30), "{later:?}");
    }

    #[tokio::test]
    async fn others_on_the_same_thread_are_not_counted() {
        let meter = Meter::default();
        let hand = meter.clone();
        let call = meter.over(async move {
            hand.read();
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
            hand.read()
        });
        let other = async {
            for _ in 0..5 {
                compute(Duration::from_millis(20));
                tokio::task::yield_now().await;
            }
        };
        let (computed, ()) = tokio::join!(call, other);
        assert!(computed < Duration::from_millis(20), "{computed:?}");
    }

    fn compute(length: Duration) {
        let ends = thread_time() + u64::try_from(length.as_nanos()).unwrap();
        while thread_time() < ends {
            std::hint::spin_loop();
        }
    }
}
