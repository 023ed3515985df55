//! Writing, by one thread of a process at a time. Many who wait share one commit; nobody is answered before it is durable.

mod group;
mod queue;
mod sealing;
mod worker;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};

pub(crate) use queue::Job;
use queue::Queue;
pub(crate) use sealing::Vault;
use worker::Worker;

use crate::distress::Distress;
use crate::entry::Prepared;
use crate::error::Error;
use crate::store::Writing;

/// Takes entries and barriers. Dropping it writes what is queued and ends its thread.
///
/// A caller who would wait anyway, and finds nobody writing, writes for itself and for all that is queued: a lone
/// barrier costs no change of threads. All others are served by the thread.
pub(crate) struct Writer {
    queue: Arc<Queue>,
    worker: Arc<Mutex<Worker>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(writing: Writing, vault: Vault, distress: Arc<Distress>) -> Result<Self, Error> {
        let queue = Arc::new(Queue::new(Arc::clone(&distress)));
        let pending = writing.pending()?;
        let worker = Arc::new(Mutex::new(Worker::new(Arc::clone(&queue), writing, vault, distress, pending)));
        let (waiting, working) = (Arc::clone(&queue), Arc::clone(&worker));
        let thread = thread::Builder::new().name("ledger".to_owned()).spawn(move || serve(&waiting, &working));
        let thread = thread.map_err(|error| Error::Io { what: "a thread".to_owned(), cause: error.to_string() })?;
        Ok(Self { queue, worker, thread: Some(thread) })
    }

    /// Queues an entry that joins the next barrier.
    pub(crate) fn record(&self, entry: Prepared) -> Result<(), Error> {
        self.queue.record(entry)
    }

    /// Queues a barrier; its answer comes through [`Job::done`], from another thread.
    pub(crate) fn submit(&self, job: Job) {
        self.queue.submit(job);
    }

    /// Queues a barrier of a caller who waits for it, and writes it if nobody else is writing.
    pub(crate) fn submit_and_help(&self, job: Job) {
        match self.worker.try_lock() {
            Ok(mut worker) if !worker.is_crowded() => {
                self.queue.submit_quietly(job);
                let answers = worker.write();
                let idle = worker.is_idle();
                drop(worker);
                answers.give();
                if !idle {
                    self.queue.nudge();
                }
            }
            _ => self.queue.submit(job),
        }
    }

    /// [`Error::Poisoned`] if the disk's state is unknown.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.queue.check()
    }

    /// Makes every later call fail.
    pub(crate) fn poison(&self, error: &Error) {
        self.queue.poison(error);
    }

    fn thread(&self) -> Option<ThreadId> {
        self.thread.as_ref().map(|thread| thread.thread().id())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        // An answer may hold the last handle, and then this is the writer's own thread.
        if self.thread() != Some(thread::current().id())
            && let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the ledger's thread panicked");
        }
    }
}

/// Writes what is due until the queue is closed and empty, then tidies up.
fn serve(queue: &Queue, worker: &Mutex<Worker>) {
    while queue.wait() {
        let answers = {
            let mut worker = lock(worker);
            worker.gather();
            worker.write()
        };
        // Not under the lock: an answer may itself wait for the ledger.
        answers.give();
        lock(worker).tidy();
    }
    lock(worker).close();
}

fn lock(worker: &Mutex<Worker>) -> MutexGuard<'_, Worker> {
    worker.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
