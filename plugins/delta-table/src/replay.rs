//! Adds a log up to the tables at some versions. Reads each commit once.

use std::collections::{BTreeMap, BTreeSet};

use belay_sdk::Fault;

use crate::action::{self, Action, CommitInfo};
use crate::checkpoint;
use crate::folder::Folder;
use crate::log::{Log, checkpoint_key, commit_key};
use crate::snapshot::{Snapshot, Table};

/// What a log says about some versions.
pub(crate) struct Replay {
    tables: BTreeMap<u64, Table>,
    commits: BTreeMap<u64, Commit>,
}

/// What is worth knowing of a commit besides its files.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    /// When it was made, in milliseconds since 1970 UTC.
    pub(crate) at: Option<u64>,
    /// Streaming writers that recorded how far they are.
    pub(crate) streams: BTreeSet<String>,
}

impl Replay {
    /// Replays the log over all the wanted versions.
    pub(crate) fn over(folder: &Folder, log: &Log, wanted: &BTreeSet<u64>) -> Result<Self, Fault> {
        let mut replay = Self { tables: BTreeMap::new(), commits: BTreeMap::new() };
        let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else { return Ok(replay) };
        if log.latest() < Some(*last) {
            return Err(Fault::Missing(format!("version {last} is not in the table's log, which ends before it")));
        }
        let mut snapshot = Snapshot::default();
        let start = log.start(*first)?;
        if let Some(at) = start {
            let bytes = folder.get(&checkpoint_key(at))?;
            checkpoint::read(at, bytes, |action| snapshot.apply(action))?;
            replay.keep(wanted, at, &snapshot)?;
        }
        for version in start.map_or(0, |at| at + 1)..=*last {
            let commit = commit(folder, log, version, &mut snapshot)?;
            replay.commits.insert(version, commit);
            replay.keep(wanted, version, &snapshot)?;
        }
        Ok(replay)
    }

    fn keep(&mut self, wanted: &BTreeSet<u64>, version: u64, snapshot: &Snapshot) -> Result<(), Fault> {
        if wanted.contains(&version) {
            self.tables.insert(version, snapshot.table(version)?);
        }
        Ok(())
    }

    /// The table at one of the wanted versions.
    pub(crate) fn table(&self, version: u64) -> Result<&Table, Fault> {
        self.tables.get(&version).ok_or_else(|| Fault::Missing(format!("version {version} is not in the table's log")))
    }

    /// The commits after one version, up to another.
    pub(crate) fn commits(&self, after: u64, to: u64) -> impl Iterator<Item = &Commit> {
        self.commits.iter().filter(move |(version, _)| after < **version && **version <= to).map(|(_, commit)| commit)
    }
}

/// The table at one version.
pub(crate) fn table_at(folder: &Folder, log: &Log, version: u64) -> Result<Table, Fault> {
    Replay::over(folder, log, &BTreeSet::from([version]))?.table(version).cloned()
}

/// What a commit's writer said of it; its file's time where the writer named none.
pub(crate) fn info(folder: &Folder, log: &Log, version: u64) -> Result<CommitInfo, Fault> {
    let bytes = folder.get(&commit_key(version))?;
    let said = action::of_commit(version, &bytes).find_map(|action| match action {
        Ok(Action::CommitInfo(info)) => Some(info),
        Ok(_) | Err(_) => None,
    });
    let mut info = said.unwrap_or_default();
    info.timestamp = info.timestamp.or_else(|| log.modified(version));
    Ok(info)
}

fn commit(folder: &Folder, log: &Log, version: u64, snapshot: &mut Snapshot) -> Result<Commit, Fault> {
    let bytes = folder.get(&commit_key(version))?;
    let mut commit = Commit { at: log.modified(version), streams: BTreeSet::new() };
    // No commit may name one file twice, so the order of its actions doesn't matter.
    for action in action::of_commit(version, &bytes) {
        match action? {
            Action::CommitInfo(info) => commit.at = info.timestamp.or(commit.at),
            Action::Txn(txn) => {
                commit.streams.insert(txn.app_id);
            }
            other @ (Action::Add(_)
            | Action::Remove(_)
            | Action::MetaData(_)
            | Action::Protocol(_)
            | Action::DomainMetadata(_)
            | Action::Sidecar(_)
            | Action::CheckpointMetadata(_)
            | Action::Cdc(_)) => snapshot.apply(other)?,
        }
    }
    Ok(commit)
}
