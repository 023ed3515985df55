//! The state of a table at a version: what its log's actions add up to.

use std::collections::BTreeMap;
use std::rc::Rc;

use belay_sdk::Fault;

use crate::action::{Action, Add, Metadata, Protocol, key_of};
use crate::protocol;

/// Statistics beyond this are let go: readers then only skip less.
const MAX_STATS_BYTES: usize = 12 << 20;
/// Names and partition values beyond this don't fit into a plugin's memory.
const MAX_NAME_BYTES: usize = 16 << 20;

/// A table at a version. Copies share their files.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) version: u64,
    /// By key below the table's folder.
    pub(crate) files: BTreeMap<Rc<str>, Rc<Add>>,
    pub(crate) metadata: Rc<Metadata>,
    pub(crate) protocol: Rc<Protocol>,
    /// Whether statistics were let go.
    pub(crate) stats_dropped: bool,
}

/// A table while its actions are added up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    files: BTreeMap<Rc<str>, Rc<Add>>,
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

impl Held {
    fn of(key: &str, add: &Add) -> Self {
        let values = add.partition_values.iter();
        let values = values.map(|(name, value)| name.len() + value.as_ref().map_or(0, String::len)).sum::<usize>();
        Self { names: key.len() + add.path.len() + values, stats: add.stats.as_ref().map_or(0, String::len) }
    }
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
        let key = key_of(&add.path)?;
        if self.held.stats + add.stats.as_ref().map_or(0, String::len) > MAX_STATS_BYTES {
            add.stats = None;
            self.stats_dropped = true;
        }
        let more = Held::of(&key, &add);
        self.held = Held { names: self.held.names + more.names, stats: self.held.stats + more.stats };
        if self.held.names > MAX_NAME_BYTES {
            return Err(Fault::Unsupported(format!(
                "the names of the table's files take more than {} MiB, which is more than this plugin can hold",
                MAX_NAME_BYTES >> 20
            )));
        }
        let key: Rc<str> = key.into();
        if let Some(before) = self.files.insert(Rc::clone(&key), Rc::new(add)) {
            self.let_go(&key, &before);
        }
        Ok(())
    }

    fn remove(&mut self, key: &str) {
        if let Some(add) = self.files.remove(key) {
            self.let_go(key, &add);
        }
    }

    fn let_go(&mut self, key: &str, add: &Add) {
        let less = Held::of(key, add);
        self.held = Held { names: self.held.names - less.names, stats: self.held.stats - less.stats };
    }
}

fn deletion_vector(path: &str) -> Fault {
    Fault::Unsupported(format!("the table has deletion vectors: `{path}`"))
}
