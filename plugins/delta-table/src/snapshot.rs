//! The state of a table at a version: what its log's actions add up to.

use std::borrow::Borrow;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::rc::Rc;

use belay_sdk::Fault;

use crate::action::{Action, Add, Metadata, Protocol, key_of};
use crate::content::Content;
use crate::protocol;

/// Statistics beyond this are let go: readers then only skip less.
const MAX_STATS_BYTES: usize = 12 << 20;
/// Names and partition values beyond this don't fit into a plugin's memory.
const MAX_NAME_BYTES: usize = 16 << 20;

/// A table at a version. Copies share their files.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) version: u64,
    /// In the order of their keys.
    pub(crate) files: BTreeSet<File>,
    pub(crate) metadata: Rc<Metadata>,
    pub(crate) protocol: Rc<Protocol>,
    /// Whether statistics were let go.
    pub(crate) stats_dropped: bool,
    /// What makes it the table that it is, once somebody asked.
    content: OnceCell<Content>,
}

impl Table {
    /// What must be equal for two tables to be the same.
    pub(crate) fn content(&self) -> Result<&Content, Fault> {
        if let Some(content) = self.content.get() {
            return Ok(content);
        }
        let content = Content::of(self)?;
        Ok(self.content.get_or_init(|| content))
    }
}

/// A live data file, found by its key: its path below the table's folder, decoded. Copies share it.
#[derive(Clone, Debug)]
pub(crate) struct File(Rc<Named>);

#[derive(Debug)]
struct Named {
    add: Add,
    /// Where it is not the path as the writer wrote it.
    key: Option<Box<str>>,
}

impl File {
    fn of(add: Add) -> Result<Self, Fault> {
        let key = key_of(&add.path)?;
        let key = (key != add.path).then(|| key.into_boxed_str());
        Ok(Self(Rc::new(Named { add, key })))
    }

    /// Its path below the table's folder.
    pub(crate) fn key(&self) -> &str {
        self.0.key.as_deref().unwrap_or(&self.0.add.path)
    }

    /// Bytes of text that it holds.
    fn held(&self) -> Held {
        let names = self.path.len() + self.0.key.as_ref().map_or(0, |key| key.len()) + self.partition_values.len();
        Held { names, stats: self.stats.as_ref().map_or(0, String::len) }
    }
}

impl Deref for File {
    type Target = Add;

    fn deref(&self) -> &Add {
        &self.0.add
    }
}

impl Borrow<str> for File {
    fn borrow(&self) -> &str {
        self.key()
    }
}

impl PartialEq for File {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for File {}

impl PartialOrd for File {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for File {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}

/// A table while its actions are added up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    files: BTreeSet<File>,
    metadata: Option<Rc<Metadata>>,
    protocol: Option<Rc<Protocol>>,
    stats_dropped: bool,
    held: Held,
}

/// Bytes of text that are held for live files.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    names: usize,
    stats: usize,
}

impl Snapshot {
    /// The table that the actions so far make, if it is one that this plugin can restore.
    pub(crate) fn table(&self, version: u64) -> Result<Table, Fault> {
        let (Some(metadata), Some(protocol)) = (&self.metadata, &self.protocol) else {
            return Err(Fault::Unexpected(format!("the log up to version {version} has no metadata or no protocol")));
        };
        protocol::check(protocol, metadata)?;
        Ok(Table {
            version,
            files: self.files.clone(),
            metadata: Rc::clone(metadata),
            protocol: Rc::clone(protocol),
            stats_dropped: self.stats_dropped,
            content: OnceCell::new(),
        })
    }

    /// Takes one action into account. Refuses what this plugin can't put back.
    pub(crate) fn apply(&mut self, action: Action) -> Result<(), Fault> {
        match action {
            Action::Add(add) => self.add(add)?,
            Action::Remove(remove) if remove.deletion_vector.is_some() => return Err(deletion_vector(&remove.path)),
            Action::Remove(remove) => self.remove(&key_of(&remove.path)?),
            Action::MetaData(metadata) => self.metadata = Some(Rc::new(metadata)),
            Action::Protocol(protocol) => self.protocol = Some(Rc::new(protocol)),
            Action::DomainMetadata(stored) => {
                return Err(Fault::Unsupported(format!("the table has domain metadata: `{}`", stored.domain)));
            }
            Action::Sidecar(_) | Action::CheckpointMetadata(_) => {
                return Err(Fault::Unsupported("the table has a V2 checkpoint (with sidecars)".to_owned()));
            }
            Action::CommitInfo(_) | Action::Txn(_) | Action::Cdc(_) => {}
        }
        Ok(())
    }

    fn add(&mut self, mut add: Add) -> Result<(), Fault> {
        if add.deletion_vector.is_some() {
            return Err(deletion_vector(&add.path));
        }
        if self.held.stats + add.stats.as_ref().map_or(0, String::len) > MAX_STATS_BYTES {
            add.stats = None;
            self.stats_dropped = true;
        }
        let file = File::of(add)?;
        let more = file.held();
        self.held = Held { names: self.held.names + more.names, stats: self.held.stats + more.stats };
        if self.held.names > MAX_NAME_BYTES {
            return Err(Fault::Unsupported(format!(
                "the names of the table's files take more than {} MiB, which is more than this plugin can hold",
                MAX_NAME_BYTES >> 20
            )));
        }
        if let Some(before) = self.files.replace(file) {
            self.let_go(&before);
        }
        Ok(())
    }

    fn remove(&mut self, key: &str) {
        if let Some(file) = self.files.take(key) {
            self.let_go(&file);
        }
    }

    fn let_go(&mut self, file: &File) {
        let less = file.held();
        self.held = Held { names: self.held.names - less.names, stats: self.held.stats - less.stats };
    }
}

fn deletion_vector(path: &str) -> Fault {
    Fault::Unsupported(format!("the table has deletion vectors: `{path}`"))
}
