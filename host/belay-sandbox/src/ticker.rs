//! The clock that makes a guest look at how long it has computed: it moves the engine's epoch. Never wakes up while no
//! call is under way, nor while every guest waits for its reads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::time::{ClockId, ClockNanosleepFlags, clock_nanosleep};
use wasmtime::{Engine, EngineWeak};

/// How often the epoch moves while a guest computes, and so how finely computing time is bounded.
const TICK: Duration = Duration::from_millis(10);
/// How long this process computes, on all of its threads, before the clock looks again whether a guest does, while calls
/// are under way. A guest computes for some microseconds between two reads, so that most looks find none; one that goes
/// on is found by the next. While nothing computes there is nothing to look for: each look would only wake a processor.
const LOOK: Duration = Duration::from_millis(20);

/// Counts calls for the clock's thread. Dropping it ends the thread.
pub(crate) struct Ticker(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    begun: Condvar,
    /// Guests that compute now.
    computing: AtomicUsize,
}

#[derive(Default)]
struct State {
    /// Calls under way.
    calls: usize,
    /// The thread waits for the first of them.
    parked: bool,
    closed: bool,
}

impl Ticker {
    /// Starts the thread that moves this engine's epoch.
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (watched, engine) = (Arc::clone(&shared), engine.weak());
        thread::Builder::new().name("belay epoch".to_owned()).spawn(move || watched.tick(&engine))?;
        Ok(Self(shared))
    }

    /// A call begins, and its guest computes.
    pub(crate) fn call(&self) -> Pace {
        let mut state = self.0.lock();
        state.calls += 1;
        if state.parked {
            state.parked = false;
            self.0.begun.notify_one();
        }
        drop(state);
        self.0.computing.fetch_add(1, Ordering::Relaxed);
        Pace { shared: Arc::clone(&self.0), computing: true }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.begun.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self, engine: &EngineWeak) {
        while self.wait_for_a_call() {
            compute(LOOK);
            while self.computing.load(Ordering::Relaxed) > 0 {
                let Some(engine) = engine.upgrade() else { return };
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        }
    }

    /// `false` once nobody can call any more.
    fn wait_for_a_call(&self) -> bool {
        let mut state = self.lock();
        while state.calls == 0 && !state.closed {
            state.parked = true;
            state = self.begun.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.closed
    }
}

/// Waits until this process has computed for so long.
fn compute(length: Duration) {
    let clock = ClockId::CLOCK_PROCESS_CPUTIME_ID;
    if clock_nanosleep(clock, ClockNanosleepFlags::empty(), &length.into()).is_err() {
        // A system without this clock, or a signal: a look too many does no harm.
        thread::sleep(length);
    }
}

/// One call, as the clock sees it; it ends when this is dropped.
pub(crate) struct Pace {
    shared: Arc<Shared>,
    computing: bool,
}

impl Pace {
    /// The guest waits for a read: the time is not its own.
    pub(crate) fn pause(&mut self) {
        if std::mem::replace(&mut self.computing, false) {
            self.shared.computing.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The guest computes again.
    pub(crate) fn go_on(&mut self) {
        if !std::mem::replace(&mut self.computing, true) {
            self.shared.computing.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Pace {
    fn drop(&mut self) {
        self.pause();
        let mut state = self.shared.lock();
        state.calls = state.calls.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_rests_between_calls() {
        let engine = Engine::default();
        let ticker = Ticker::start(&engine).unwrap();
        let parks = || {
            let ends = std::time::Instant::now() + 100 * LOOK;
            while !ticker.0.lock().parked && std::time::Instant::now() < ends {
                std::hint::spin_loop();
            }
            ticker.0.lock().parked
        };
        assert!(parks(), "before the first call");
        let mut pace = ticker.call();
        assert!(!ticker.0.lock().parked, "a call wakes it");
        pace.pause();
        pace.pause();
        pace.go_on();
        assert_eq!(ticker.0.computing.load(Ordering::Relaxed), 1);
        drop(pace);
        assert_eq!(ticker.0.computing.load(Ordering::Relaxed), 0);
        assert!(parks(), "after the last call");
    }
}
