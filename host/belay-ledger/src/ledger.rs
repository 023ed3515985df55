//! The handle that everybody shares.

mod keys;
mod make;
mod read;
mod redact;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};

use belay_domain::json::Json;

use crate::checkpoint;
use crate::distress::Distress;
use crate::draft::{Batch, Condition, Counter, Draft};
use crate::entry::Prepared;
use crate::error::Error;
use crate::kind;
use crate::note::{Signer, Verifier};
use crate::publish;
use crate::store::{Database, Reader};
use crate::tree::TreeHead;
use crate::writer::{Job, Vault, Writer};

pub use read::FoundBlob;

pub use keys::KeyChanged;

/// The append-only log of a workspace. Clones share one writer thread; several processes may open one folder.
#[derive(Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    database: Database,
    vault: Vault,
    /// Another process may change it; see [`Ledger::signer`].
    signer: RwLock<Arc<Signer>>,
    /// Its file.
    key: PathBuf,
    boot: Option<String>,
    writer: Writer,
    distress: Arc<Distress>,
    readers: Mutex<Vec<Reader>>,
    /// The last head that somebody asked for: a hit when nothing was appended since.
    head: Mutex<TreeHead>,
}

/// A batch that is durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appended {
    /// The sequence numbers of its entries, in the drafts' order.
    pub seqs: Range<u64>,
    /// The tree's head, with these entries in it.
    pub head: TreeHead,
}

/// A tree head and the signed note that says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedCheckpoint {
    /// The head.
    pub head: TreeHead,
    /// C2SP tlog-checkpoint, signed with the ledger's key.
    pub note: String,
}

impl Ledger {
    /// Queues an entry that is written with the next barrier of this process, before it. Until then a crash loses it;
    /// whatever rests on it must wait for a barrier.
    pub fn record(&self, draft: Draft) -> Result<(), Error> {
        self.shared.writer.record(self.prepare(draft)?)
    }

    /// Appends durably: once this returns `Ok`, a crash can lose neither the batch nor what was recorded before it.
    /// After an error nothing of the batch was written, except after [`Error::Poisoned`] and [`Error::Io`], when nobody
    /// can know. Blocks; see [`Ledger::append_then`].
    pub fn append(&self, batch: impl Into<Batch>) -> Result<Appended, Error> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let done = move |result| {
            // The receiver is gone only if this thread was, and then nobody waits.
            let _ = sender.send(result);
        };
        let (entries, conditions) = self.prepare_all(batch.into())?;
        self.shared.writer.submit_and_help(Job { entries, conditions, done: Box::new(done) });
        let appended = receiver.recv().map_err(|_| Error::Closed)?;
        if appended.is_ok() {
            self.shared.distress.failures.told();
        }
        appended
    }

    /// [`Ledger::append`] without waiting: `done` is called once, with the same promise, on a thread that writes (or, if
    /// the batch is refused at once, on this one). It must be quick: others wait for their own answers behind it.
    pub fn append_then(&self, batch: impl Into<Batch>, done: impl FnOnce(Result<Appended, Error>) + Send + 'static) {
        match self.prepare_all(batch.into()) {
            Ok((entries, conditions)) => {
                let distress = Arc::clone(&self.shared.distress);
                let done = move |appended: Result<Appended, Error>| {
                    if appended.is_ok() {
                        distress.failures.told();
                    }
                    done(appended);
                };
                self.shared.writer.submit(Job { entries, conditions, done: Box::new(done) });
            }
            Err(error) => done(Err(error)),
        }
    }

    /// Whether a run can begin: the reserve is there that would let it end on a full disk, or can be made again.
    /// [`Ledger::append`] asks the same before it appends a run's first claim; whoever asks earlier spares the work.
    pub fn ready_for_a_run(&self) -> Result<(), Error> {
        let filled = self.shared.distress.reserve.fill();
        filled.map_err(|error| {
            self.shared.distress.refused(&error);
            Error::NoReserve { cause: error.to_string() }
        })
    }

    /// The next number of a counter, from 1, unique over all processes. Does not wait for the disk.
    pub fn allocate(&self, counter: Counter) -> Result<u64, Error> {
        self.read(|reader| reader.next_number(counter))
    }

    /// Signs the present head. Mandates contain it; nothing is written.
    pub fn checkpoint_now(&self) -> Result<SignedCheckpoint, Error> {
        let head = self.head()?;
        Ok(SignedCheckpoint { head, note: checkpoint::sign(&head, &*self.signer()?) })
    }

    /// Signs a text with the log's key. It ends with a newline, and its first line is not the log's name: it can't be
    /// taken for a checkpoint.
    pub(crate) fn sign(&self, text: &str) -> String {
        self.shared.signer.read().unwrap_or_else(PoisonError::into_inner).sign(text)
    }

    /// Brings tiles, entry bundles and the published checkpoint up to the present head. Idempotent; a crash at any
    /// moment leaves a checkpoint whose tiles are complete. Waits for other processes that publish.
    pub fn publish(&self) -> Result<TreeHead, Error> {
        loop {
            let signer = self.signer()?;
            let published = self.read(|reader| publish::publish(&self.shared.folder, reader, &signer));
            // A failed sync may have dropped what an earlier write left in the cache.
            let published = published.inspect_err(|error| {
                if error.poisons() {
                    self.shared.writer.poison(error)
                }
            })?;
            if let Some(head) = published {
                return Ok(head);
            }
        }
    }

    /// The key that verifies the ledger's checkpoints, as this process knows it; its name is the log's origin.
    pub fn verifier(&self) -> Verifier {
        self.shared.signer.read().unwrap_or_else(PoisonError::into_inner).verifier()
    }

    /// The signing key's file.
    pub fn key_path(&self) -> &Path {
        &self.shared.key
    }

    /// The state folder.
    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// The public log: `checkpoint`, `tile/`, and the key as `ledger.vkey`.
    pub fn log_folder(&self) -> PathBuf {
        publish::log_folder(&self.shared.folder)
    }

    fn prepare_all(&self, batch: Batch) -> Result<(Vec<Prepared>, Vec<Condition>), Error> {
        if batch.conditions.iter().any(Condition::begins_a_run) {
            self.ready_for_a_run()?;
        }
        if let Some(first) = batch.drafts.first() {
            self.tell_failures(first)?;
        }
        let entries: Result<_, _> = batch.drafts.into_iter().map(|draft| self.prepare(draft)).collect();
        Ok((entries?, batch.conditions))
    }

    /// Queues an entry of what failed while nobody could record it, before the first one that is appended since.
    fn tell_failures(&self, first: &Draft) -> Result<(), Error> {
        let Some(failures) = self.shared.distress.failures.take() else { return Ok(()) };
        let body = Json::from(&serde_json::json!({ "failures": failures }));
        let body = body.map_err(|error| Error::Invalid(error.to_string()))?;
        self.record(Draft::new(first.at, kind::RECOVERED, first.actor.clone(), body))
    }

    fn prepare(&self, draft: Draft) -> Result<Prepared, Error> {
        Prepared::new(draft, self.shared.boot.as_deref())
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ledger({})", self.shared.folder.display())
    }
}
