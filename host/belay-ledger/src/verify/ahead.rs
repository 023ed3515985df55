//! Groups of entries, read ahead on all cores and handed on in their order: reading, hashing and parsing are what
//! verification spends its time on. Finds what is wrong with a file or a row by itself; compares nothing.

use std::num::NonZero;
use std::ops::{ControlFlow, Range};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use belay_domain::digest::Digest;

use super::files::LogFiles;
use super::group::{Leaves, Source, entries_of, from_bundle, from_tile};
use super::report::Report;
use crate::entry::{Entry, NotAnEntry};
use crate::error::Error;
use crate::store::{Columns, Database, Reader, Row};
use crate::tile::{Holds, Tile};
use crate::tree::{TILE_WIDTH, leaf};

/// How many groups each thread may be ahead: entries are large, and a log is larger than memory.
const AHEAD: usize = 4;
/// Groups from which on another thread earns what it costs to start.
const WORTH_A_THREAD: u64 = 8;

/// What there is to read.
pub(super) struct Extent<'a> {
    pub(super) files: &'a LogFiles<'a>,
    /// `None` where only the public log is at hand.
    pub(super) database: Option<&'a Database>,
    /// Entries that the checkpoint stands for.
    pub(super) signed: u64,
    /// Entries in the database.
    pub(super) rows: u64,
}

/// What the sources give for the entries of one group.
pub(super) struct ReadGroup {
    /// The database's; `None` without one.
    pub(super) rows: Option<Result<Vec<ReadRow>, Error>>,
    /// The bundle's entries, where they are what readers use.
    pub(super) bundled: Vec<Result<Entry, NotAnEntry>>,
    /// The group's root by database, bundle and tile of level 0, where a source has all of the group.
    pub(super) roots: [Option<Digest>; 3],
    /// Whether no source has anything of it.
    pub(super) is_missing: bool,
    /// What is wrong with its files.
    pub(super) report: Report,
}

/// A row, read and hashed.
pub(super) struct ReadRow {
    pub(super) seq: u64,
    pub(super) leaf: Digest,
    pub(super) entry: Result<Entry, NotAnEntry>,
    /// Whether the columns repeat what the entry says; true where it says nothing.
    pub(super) columns_fit: bool,
}

/// Reads all groups and hands each to `take`, in their order, until that breaks off.
pub(super) fn read_ahead(extent: &Extent<'_>, mut take: impl FnMut(u64, ReadGroup) -> ControlFlow<()>) {
    let groups = extent.signed.max(extent.rows).div_ceil(TILE_WIDTH);
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = usize::try_from(groups.div_ceil(WORTH_A_THREAD)).map_or(cores, |worth| worth.min(cores));
    thread::scope(|scope| {
        let start = |first| {
            let (sender, receiver) = sync_channel(AHEAD);
            scope.spawn(move || serve(extent, (first..groups).step_by(threads), &sender));
            receiver
        };
        // Thread n reads the groups n, n + threads, and so on: so they are asked in turn.
        let receivers: Vec<Receiver<ReadGroup>> = (0..groups).take(threads).map(start).collect();
        for (index, receiver) in (0..groups).zip(receivers.iter().cycle()) {
            // A thread that is gone has panicked, and the scope says so.
            let Ok(group) = receiver.recv() else { break };
            if take(index, group).is_break() {
                break;
            }
        }
        // Whoever is ahead finds nobody to hand its group to, and ends.
        drop(receivers);
    });
}

fn serve(extent: &Extent<'_>, groups: impl Iterator<Item = u64>, sender: &SyncSender<ReadGroup>) {
    let reader = extent.database.map(Reader::open);
    for index in groups {
        if sender.send(read_group(extent, reader.as_ref(), index)).is_err() {
            return;
        }
    }
}

fn read_group(extent: &Extent<'_>, reader: Option<&Result<Reader, Error>>, index: u64) -> ReadGroup {
    let signed = entries_of(index, extent.signed);
    let width = signed.end - signed.start;
    let rows = reader.map(|reader| read_rows(reader, &entries_of(index, extent.rows)));
    let mut report = Report::default();
    let mut bundled = Vec::new();
    let database = rows.as_ref().and_then(|rows| rows.as_ref().ok()).map(|rows| leaves(rows, &signed));
    // A signed size may be anything: a database that ends before the group has nothing of it.
    let database = database.filter(|leaves| !leaves.hashes.is_empty());
    let (mut bundle, mut tile) = (None, None);
    if width > 0 {
        let place = Tile { holds: Holds::Entries, index, width };
        bundle = from_bundle(extent.files, &place, &mut report).map(|(leaves, entries)| {
            if reader.is_none() {
                bundled = entries.iter().map(|bytes| Entry::parse(bytes)).collect();
            }
            leaves
        });
        tile = from_tile(extent.files, &place, &mut report);
    }
    let sources = [database, bundle, tile];
    let is_missing = sources.iter().all(Option::is_none);
    let roots = sources.map(|leaves| leaves.and_then(|leaves| leaves.root(width)));
    ReadGroup { rows, bundled, roots, is_missing, report }
}

fn read_rows(reader: &Result<Reader, Error>, range: &Range<u64>) -> Result<Vec<ReadRow>, Error> {
    let rows = reader.as_ref().map_err(Clone::clone)?.rows(range.start, range.end)?;
    Ok(rows.into_iter().map(read_row).collect())
}

fn read_row(row: Row) -> ReadRow {
    let entry = Entry::parse(&row.bytes);
    let columns_fit = entry.as_ref().map_or(true, |entry| row.columns == columns(entry));
    ReadRow { seq: row.seq, leaf: leaf(&row.bytes), entry, columns_fit }
}

/// The hashes of the signed entries, up to the first that is missing.
fn leaves(rows: &[ReadRow], signed: &Range<u64>) -> Leaves {
    let unbroken = signed.clone().zip(rows).take_while(|(seq, row)| row.seq == *seq);
    Leaves { source: Source::Database, hashes: unbroken.map(|(_, row)| row.leaf).collect() }
}

fn columns(entry: &Entry) -> Columns {
    Columns {
        run: entry.run.as_ref().map(ToString::to_string),
        kind: entry.kind.clone(),
        incident: entry.incident.as_ref().map(ToString::to_string),
        environment: entry.environment.as_ref().map(ToString::to_string),
    }
}
