//! The one thread of a process that writes. Many who wait share one commit; nobody is answered before it is durable.

mod group;
mod queue;

use std::sync::Arc;
use std::thread::{self, JoinHandle, ThreadId};

use group::Group;
pub(crate) use queue::Job;
use queue::Queue;

use crate::entry::Prepared;
use crate::error::Error;
use crate::store::{BlobFolder, Writing};

/// Bytes in the write-ahead log from which on it is moved into the database when nobody waits.
const CHECKPOINT_IDLE: usize = 4 << 20;
/// Bytes from which on it is moved even though somebody waits.
const CHECKPOINT_BUSY: usize = 64 << 20;

/// Hands work to the thread. Dropping it writes what is queued and ends the thread.
pub(crate) struct Writer {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread; `pending` is how many bytes the write-ahead log has already.
    pub(crate) fn start(writing: Writing, blobs: BlobFolder, pending: usize) -> Result<Self, Error> {
        let queue = Arc::new(Queue::default());
        let worker = Worker { queue: Arc::clone(&queue), writing, blobs, pending };
        let thread = thread::Builder::new().name("ledger".to_owned()).spawn(|| worker.run());
        let thread = thread.map_err(|error| Error::Io { what: "a thread".to_owned(), cause: error.to_string() })?;
        Ok(Self { queue, thread: Some(thread) })
    }

    /// Queues an entry that joins the next barrier.
    pub(crate) fn record(&self, entry: Prepared) -> Result<(), Error> {
        self.queue.record(entry)
    }

    /// Queues a barrier; its answer comes through [`Job::done`], from the writer's thread.
    pub(crate) fn submit(&self, job: Job) {
        self.queue.submit(job);
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

/// What the thread owns.
struct Worker {
    queue: Arc<Queue>,
    writing: Writing,
    blobs: BlobFolder,
    /// Roughly the bytes in the write-ahead log since it was moved into the database.
    pending: usize,
}

impl Worker {
    fn run(mut self) {
        while let Some(items) = self.queue.next() {
            let group = Group::new(items);
            self.pending += group.bytes();
            match group.write(&mut self.writing, &self.blobs) {
                Ok(answers) => answers.give(),
                Err(failed) => {
                    if failed.error.poisons() {
                        tracing::error!(error = %failed.error, "the ledger refuses everything from now on");
                        self.queue.poison(&failed.error);
                    }
                    failed.give(&self.queue);
                }
            }
            self.checkpoint();
        }
    }

    /// Moves the write-ahead log into the database while nobody waits, or when it has become large.
    fn checkpoint(&mut self) {
        let due = if self.queue.is_idle() { CHECKPOINT_IDLE } else { CHECKPOINT_BUSY };
        if self.pending < due || self.queue.check().is_err() {
            return;
        }
        match self.writing.checkpoint() {
            Ok(()) => self.pending = 0,
            Err(error) if error.poisons() => self.queue.poison(&error),
            Err(error) => tracing::warn!(%error, "the write-ahead log stays as it is"),
        }
    }
}
