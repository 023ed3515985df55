//! One commit for all that waited. A batch whose condition fails leaves no trace and harms no other.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::queue::{Done, Item, Job};
use super::sealing::Vault;
use crate::entry::Prepared;
use crate::error::Error;
use crate::ledger::Appended;
use crate::store::{SealedBlob, Transaction, Writing};

/// What SQLite writes for a commit besides the entries: some pages of indexes, in bytes.
const COMMIT_OVERHEAD: usize = 5 * 4096;

/// Items that share a commit, in their order.
pub(super) struct Group {
    items: Vec<Item>,
}

/// Answers that are known and not given yet.
#[derive(Default)]
#[must_use]
pub(super) struct Answers(Vec<(Done, Result<Appended, Error>)>);

/// A group of which nothing was written.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) group: Group,
}

impl Group {
    pub(super) const fn new(items: Vec<Item>) -> Self {
        Self { items }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many wait for it.
    pub(super) fn barriers(&self) -> usize {
        self.items.iter().filter(|item| matches!(item, Item::Barrier(_))).count()
    }

    /// Roughly what it adds to the write-ahead log.
    pub(super) fn bytes(&self) -> usize {
        COMMIT_OVERHEAD + self.entries().map(Prepared::bytes).sum::<usize>()
    }

    fn entries(&self) -> impl Iterator<Item = &Prepared> {
        self.items.iter().flat_map(Item::entries)
    }

    /// Writes all of it durably, or nothing.
    pub(super) fn write(self, writing: &mut Writing, vault: &Vault) -> Result<Answers, Box<Failed>> {
        match self.commit(writing, vault) {
            Ok(results) => {
                let jobs = self.items.into_iter().filter_map(|item| match item {
                    Item::Record(_) => None,
                    Item::Barrier(job) => Some(job.done),
                });
                Ok(Answers(jobs.zip(results).collect()))
            }
            Err(error) => Err(Box::new(Failed { error, group: self })),
        }
    }

    /// The records, which nobody waits for, and the same error for everybody who waits.
    pub(super) fn refuse(self, error: &Error) -> (Vec<Item>, Answers) {
        let (mut records, mut answers) = (Vec::new(), Vec::new());
        for item in self.items {
            match item {
                Item::Record(_) => records.push(item),
                Item::Barrier(job) => answers.push((job.done, Err(error.clone()))),
            }
        }
        (records, Answers(answers))
    }

    /// What a run under way needs, and everything else that somebody waits for. Entries that nobody waits for stay with
    /// the first: what runs rest on may be among them.
    pub(super) fn part(self) -> (Self, Self) {
        let (needed, rest) = self.items.into_iter().partition(|item| match item {
            Item::Record(_) => true,
            Item::Barrier(job) => job.is_of_a_run_under_way(),
        });
        (Self { items: needed }, Self { items: rest })
    }

    /// One result for each job.
    fn commit(&self, writing: &mut Writing, vault: &Vault) -> Result<Vec<Result<Appended, Error>>, Error> {
        loop {
            let sealing = vault.seal(self.entries(), writing)?;
            let mut transaction = writing.begin()?;
            // Another process gave a scope its key meanwhile, or a redaction took it away: encrypt again.
            if transaction.claim(&sealing.claims)? {
                let results = self.insert(&mut transaction, &sealing.blobs)?;
                let head = transaction.commit()?;
                return Ok(results.into_iter().map(|result| result.map(|seqs| Appended { seqs, head })).collect());
            }
        }
    }

    /// `blobs` has those of each entry, in the order of [`Group::entries`].
    fn insert(
        &self,
        transaction: &mut Transaction<'_>,
        blobs: &[Vec<SealedBlob>],
    ) -> Result<Vec<Result<Range<u64>, Error>>, Error> {
        let (mut rest, mut results) = (blobs, Vec::new());
        for item in &self.items {
            let entries = item.entries();
            let Some((mine, others)) = rest.split_at_checked(entries.len()) else { break };
            rest = others;
            match item {
                Item::Record(_) => insert_all(transaction, entries, mine)?,
                Item::Barrier(job) => results.push(append(transaction, job, mine)?),
            }
        }
        Ok(results)
    }
}

/// The outer error ends the group; the inner one is this batch's own.
fn append(
    transaction: &mut Transaction<'_>,
    job: &Job,
    blobs: &[Vec<SealedBlob>],
) -> Result<Result<Range<u64>, Error>, Error> {
    match transaction.apply(&job.conditions) {
        Ok(()) => {}
        Err(error) if error.is_refusal() => return Ok(Err(error)),
        Err(error) => return Err(error),
    }
    let first = transaction.next();
    insert_all(transaction, &job.entries, blobs)?;
    Ok(Ok(first..transaction.next()))
}

fn insert_all(transaction: &mut Transaction<'_>, entries: &[Prepared], blobs: &[Vec<SealedBlob>]) -> Result<(), Error> {
    entries.iter().zip(blobs).try_for_each(|(entry, blobs)| transaction.insert(entry, blobs))
}

impl Answers {
    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    pub(super) fn give(self) {
        self.0.into_iter().for_each(|(done, result)| answer(done, result));
    }
}

/// A caller's panic must not end the writer.
fn answer(done: Done, result: Result<Appended, Error>) {
    if catch_unwind(AssertUnwindSafe(|| done(result))).is_err() {
        tracing::error!("a caller panicked when it was given its answer");
    }
}
