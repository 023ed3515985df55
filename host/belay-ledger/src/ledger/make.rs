//! Making a ledger, and opening one that fits its own checkpoint and key.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};

use super::{Ledger, Shared, keys};
use crate::distress::Distress;
use crate::error::Error;
use crate::store::{self, BlobFolder, Database, Meta, Reader, Writing};
use crate::vault::KeyFile;
use crate::writer::{Vault, Writer};
use crate::{durable, key, publish};

impl Ledger {
    /// Makes a new ledger in `folder`, which is absent or empty, its Ed25519 key in the new file `key`, outside the
    /// folder, and the keys of its blobs in the new file `key` + `.blobs`. `origin` names the log: 1 to 200 bytes, no spaces, no `+`. A crash leaves the whole ledger or none, and
    /// then it can be made again.
    pub fn init(folder: &Path, key: &Path, origin: &str) -> Result<Self, Error> {
        let occupied = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        if occupied || folder.is_file() {
            return Err(Error::Exists { path: folder.to_owned() });
        }
        let parent = std::path::absolute(folder).ok().and_then(|path| path.parent().map(Path::to_owned));
        let parent = parent.ok_or_else(|| Error::Exists { path: folder.to_owned() })?;
        fs::create_dir_all(&parent).map_err(|error| Error::io("make", &parent, &error))?;
        key::check_outside(key, folder)?;
        let staged = folder.with_added_extension("new");
        let data_keys = KeyFile::beside(key);
        // The staged folder is there before the key, and until the ledger is whole. So a key beside one is what a
        // crash left of an earlier attempt, and nothing refers to it; any other key is somebody's.
        if staged.is_dir() {
            absent(fs::remove_file(key), key)?;
            absent(fs::remove_file(&data_keys), &data_keys)?;
        } else if let Some(there) = [key, &data_keys].into_iter().find(|path| path.exists()) {
            return Err(Error::Exists { path: there.to_owned() });
        }
        let made = stage(&staged, key, origin).and_then(|()| {
            fs::rename(&staged, folder).map_err(|error| Error::io("rename", &staged, &error))?;
            durable::sync_folder(&parent)
        });
        if let Err(error) = made {
            // Nothing refers to the key yet, unless it is another's that came in between. What can't be removed does
            // no harm: the next attempt removes it.
            if !matches!(error, Error::Exists { .. }) {
                let _ = fs::remove_file(key);
                let _ = fs::remove_file(&data_keys);
            }
            let _ = fs::remove_dir_all(&staged);
            return Err(error);
        }
        Self::open(folder, key)
    }

    /// Opens a ledger. Refuses one that a newer belay made, one that another key signed, and one whose database does not
    /// contain what it has published. Finishes redactions that a crash left unfinished.
    pub fn open(folder: &Path, key: &Path) -> Result<Self, Error> {
        let database = Database::of(folder);
        if !database.path().is_file() {
            let problem = format!("{} is missing", store::DATABASE);
            return Err(Error::NoLedger { path: folder.to_owned(), problem });
        }
        let reader = Reader::open(&database)?;
        let meta = Meta::read(reader.connection(), &database)?;
        key::check_outside(key, folder)?;
        let mut signer = key::read(key)?;
        if signer.verifier().to_string() != meta.verifier {
            signer = keys::settle(&keys::lock(folder)?, folder, key, &reader)?;
        }
        let distress = Arc::new(Distress::open(folder));
        sync_recovered(&database.wal()).inspect_err(|error| distress.stopped(error))?;
        let writing = Writing::open(&database, reader.frontier()?)?;
        publish::check(folder, &reader, &signer.verifier())?;
        let keys = KeyFile::open(&KeyFile::beside(key), folder)?;
        let vault = Vault { blobs: BlobFolder::of(folder), keys };
        let head = writing.head();
        let shared = Shared {
            folder: folder.to_owned(),
            writer: Writer::start(writing, vault.clone(), Arc::clone(&distress))?,
            distress,
            readers: Mutex::new(vec![reader]),
            head: Mutex::new(head),
            boot: boot_id(),
            database,
            vault,
            signer: RwLock::new(Arc::new(signer)),
            key: key.to_owned(),
        };
        let ledger = Self { shared: Arc::new(shared) };
        // What is left to destroy must not keep a rollback from being made; the next one who opens it tries again.
        if let Err(error) = ledger.finish_redactions() {
            tracing::warn!(%error, "a redaction is not finished yet");
        }
        Ok(ledger)
    }
}

fn stage(folder: &Path, key: &Path, origin: &str) -> Result<(), Error> {
    // What an earlier attempt left, which the rename would have taken away had it been whole.
    absent(fs::remove_dir_all(folder), folder)?;
    durable::folder(folder)?;
    let signer = key::create(key, origin)?;
    KeyFile::create(&KeyFile::beside(key))?;
    let verifier = signer.verifier();
    let meta = Meta { origin: verifier.name().to_owned(), verifier: verifier.to_string() };
    store::create(&Database::of(folder), &meta)?;
    let blobs: PathBuf = BlobFolder::of(folder).path().to_owned();
    durable::folder(&blobs)?;
    publish::init(folder, &signer)?;
    durable::sync_folder(folder)
}

/// A removal's result, where what is not there need not be removed.
fn absent(removed: io::Result<()>, path: &Path) -> Result<(), Error> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Syncs the write-ahead log. A process that was killed between writing a commit and syncing it leaves one that recovery
/// finds and readers see, though a power failure could still take it away.
fn sync_recovered(wal: &Path) -> Result<(), Error> {
    match File::open(wal) {
        Ok(file) if file.metadata().is_ok_and(|found| found.len() == 0) => Ok(()),
        Ok(file) => file.sync_data().map_err(|error| Error::sync(wal, &error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("open", wal, &error)),
    }
}

/// The kernel's id of this boot; `None` on a system that has none.
fn boot_id() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| id.len() == 36)
}
