//! What whoever writes needs, and what is done about the write-ahead log. Never answers anybody itself.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::group::{Answers, Failed, Group};
use super::queue::Queue;
use super::sealing::Vault;
use crate::distress::Distress;
use crate::error::Error;
use crate::store::Writing;

/// Bytes in the write-ahead log from which on it is moved into the database when the ledger is closed. Each process
/// begins by reading all that is there, so that it is kept short. Not sooner: a run would share the disk with it.
const CHECKPOINT_CLOSING: usize = 1 << 20;
/// Bytes from which on it is moved when nobody waits.
const CHECKPOINT_IDLE: usize = 16 << 20;
/// Bytes from which on it is moved even though somebody waits.
const CHECKPOINT_BUSY: usize = 64 << 20;
/// Barriers in one commit from which on it pays to wait a little for more.
const CROWD: usize = 4;
/// The longest such wait.
const MAX_GATHER: Duration = Duration::from_millis(1);

/// The one who writes at a time.
pub(super) struct Worker {
    queue: Arc<Queue>,
    writing: Writing,
    vault: Vault,
    distress: Arc<Distress>,
    /// Roughly the bytes in the write-ahead log since it was moved into the database.
    pending: usize,
    /// How many barriers shared the last commit, and how long it took.
    last: (usize, Duration),
}

impl Worker {
    pub(super) const fn new(
        queue: Arc<Queue>,
        writing: Writing,
        vault: Vault,
        distress: Arc<Distress>,
        pending: usize,
    ) -> Self {
        Self { queue, writing, vault, distress, pending, last: (0, Duration::ZERO) }
    }

    /// Whether many share commits at present.
    pub(super) const fn is_crowded(&self) -> bool {
        self.last.0 >= CROWD
    }

    /// Whether the write-ahead log may stay as it is.
    pub(super) const fn is_idle(&self) -> bool {
        self.pending < CHECKPOINT_IDLE
    }

    /// In a crowd, lets those who were just answered come back: without it every other commit would serve only the first
    /// few of them. Costs them an eighth of a commit, and a lone writer nothing.
    pub(super) fn gather(&self) {
        if self.is_crowded() {
            thread::sleep((self.last.1 / 8).min(MAX_GATHER));
        }
    }

    /// Writes all that is queued, durably. What is given back must be given on.
    pub(super) fn write(&mut self) -> Answers {
        let group = Group::new(self.queue.take());
        if group.is_empty() {
            return Answers::default();
        }
        if let Err(error) = self.queue.check() {
            return group.refuse(&error).1;
        }
        self.pending += group.bytes();
        let (barriers, start) = (group.barriers(), Instant::now());
        let written = group.write(&mut self.writing, &self.vault);
        self.last = (barriers, start.elapsed());
        match written.map_err(|failed| self.find_out_why(failed)) {
            Ok(answers) => answers,
            Err(failed) if failed.error == Error::DiskFull => self.write_with_reserve(failed.group),
            Err(failed) => self.fail(*failed),
        }
    }

    /// SQLite says so of a full disk, and not of a quota. In either case it has taken the transaction back.
    fn find_out_why(&self, mut failed: Box<Failed>) -> Box<Failed> {
        if matches!(failed.error, Error::WriteRefused { .. }) && self.distress.is_full() {
            failed.error = Error::DiskFull;
        }
        failed
    }

    /// On a full disk, refuses what could be done later, and writes with the reserve what runs under way need to end.
    fn write_with_reserve(&mut self, group: Group) -> Answers {
        let (needed, rest) = group.part();
        if rest.barriers() > 0 {
            self.distress.refused(&Error::DiskFull);
        }
        let (_, refused) = rest.refuse(&Error::DiskFull);
        if needed.barriers() == 0 {
            // Nobody waits for what is left.
            self.queue.put_back(needed.refuse(&Error::DiskFull).0);
            return refused;
        }
        self.distress.give_up_reserve(&Error::DiskFull);
        let written = needed.write(&mut self.writing, &self.vault);
        refused.and(written.unwrap_or_else(|failed| self.fail(*self.find_out_why(failed))))
    }

    fn fail(&self, failed: Failed) -> Answers {
        let Failed { error, group } = failed;
        if error.poisons() {
            tracing::error!(%error, "the ledger refuses everything from now on");
            self.queue.poison(&error);
        } else if error == Error::DiskFull {
            self.distress.refused(&error);
        }
        let (records, answers) = group.refuse(&error);
        self.queue.put_back(records);
        answers
    }

    /// Moves the write-ahead log into the database while nobody waits, or when it has become large.
    pub(super) fn tidy(&mut self) {
        let due = if self.queue.is_idle() { CHECKPOINT_IDLE } else { CHECKPOINT_BUSY };
        self.move_from(due, Writing::checkpoint);
    }

    /// Leaves the next process little to read, and room to write.
    pub(super) fn close(&mut self) {
        self.move_from(CHECKPOINT_CLOSING, Writing::empty_log);
        if self.queue.check().is_ok() {
            self.settle(self.writing.lengthen_log());
        }
    }

    fn move_from(&mut self, due: usize, moves: fn(&Writing) -> Result<(), Error>) {
        if self.pending < due || self.queue.check().is_err() {
            return;
        }
        if self.settle(moves(&self.writing)) {
            self.pending = 0;
        }
    }

    /// Whether something was done with the write-ahead log that could also have been left.
    fn settle(&self, done: Result<(), Error>) -> bool {
        match done {
            Ok(()) => return true,
            Err(error) if error.poisons() => self.queue.poison(&error),
            Err(error) => tracing::warn!(%error, "the write-ahead log stays as it is"),
        }
        false
    }
}
