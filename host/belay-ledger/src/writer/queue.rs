//! What waits for the writer, in the order in which it came. Never touches the disk.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::distress::Distress;
use crate::draft::Condition;
use crate::entry::Prepared;
use crate::error::Error;
use crate::ledger::Appended;

/// Recorded bytes from which on they are written without waiting for a barrier.
const MAX_RECORDED: usize = 8 << 20;

/// Takes a barrier's answer, on the thread that wrote it.
pub(crate) type Done = Box<dyn FnOnce(Result<Appended, Error>) + Send>;

/// A barrier: entries that somebody waits for.
pub(crate) struct Job {
    pub(crate) entries: Vec<Prepared>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) done: Done,
}

impl Job {
    /// Whether a run that has begun waits for it: not one that is only to begin, and nothing that is of no run.
    pub(super) fn is_of_a_run_under_way(&self) -> bool {
        let of_a_run = self.entries.iter().any(|entry| entry.run.is_some());
        (of_a_run || self.entries.is_empty()) && !self.conditions.iter().any(Condition::begins_a_run)
    }
}

/// One thing in the queue.
pub(crate) enum Item {
    /// Joins the next barrier.
    Record(Box<Prepared>),
    /// A barrier.
    Barrier(Job),
}

impl Item {
    pub(super) fn entries(&self) -> &[Prepared] {
        match self {
            Self::Record(entry) => std::slice::from_ref(&**entry),
            Self::Barrier(job) => &job.entries,
        }
    }
}

#[derive(Default)]
struct State {
    items: Vec<Item>,
    /// Whether the thread has something to do.
    due: bool,
    recorded: usize,
    closed: bool,
}

pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    poisoned: OnceLock<Error>,
    distress: Arc<Distress>,
}

impl Queue {
    pub(super) fn new(distress: Arc<Distress>) -> Self {
        Self { state: Mutex::default(), wake: Condvar::new(), poisoned: OnceLock::new(), distress }
    }

    pub(super) fn record(&self, entry: Prepared) -> Result<(), Error> {
        self.check()?;
        let mut state = self.lock();
        state.recorded += entry.bytes();
        state.items.push(Item::Record(Box::new(entry)));
        if state.recorded >= MAX_RECORDED {
            state.due = true;
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Queues a barrier and wakes the thread.
    pub(super) fn submit(&self, job: Job) {
        if let Err(error) = self.check() {
            return (job.done)(Err(error));
        }
        self.submit_quietly(job);
        self.nudge();
    }

    /// Queues a barrier without waking the thread: the caller takes it out itself.
    pub(super) fn submit_quietly(&self, job: Job) {
        self.lock().items.push(Item::Barrier(job));
    }

    /// Wakes the thread.
    pub(super) fn nudge(&self) {
        self.lock().due = true;
        self.wake.notify_one();
    }

    /// Waits until something is due; `false` once the queue is closed and empty.
    pub(super) fn wait(&self) -> bool {
        let mut state = self.lock();
        while !state.due && !state.closed {
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.due = false;
        !state.closed || !state.items.is_empty()
    }

    /// Takes all that is there.
    pub(super) fn take(&self) -> Vec<Item> {
        let mut state = self.lock();
        state.recorded = 0;
        mem::take(&mut state.items)
    }

    /// Puts records whose barrier failed back before all others. A closed queue has nobody left to write them for.
    pub(super) fn put_back(&self, records: Vec<Item>) {
        let mut state = self.lock();
        if state.closed {
            if !records.is_empty() {
                tracing::error!(entries = records.len(), "recorded entries were not written");
            }
            return;
        }
        let later = mem::replace(&mut state.items, records);
        state.items.extend(later);
    }

    pub(super) fn is_idle(&self) -> bool {
        !self.lock().due
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        self.poisoned.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// The first cause stays, and is noted for whoever comes after.
    pub(super) fn poison(&self, error: &Error) {
        if self.poisoned.set(Error::Poisoned { cause: error.to_string() }).is_ok() {
            self.distress.stopped(error);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
