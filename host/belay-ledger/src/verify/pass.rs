//! The pass over all entries: first what each source says, then who is wrong.

use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};

use belay_domain::digest::Digest;

use super::ahead::{Extent, ReadGroup, ReadRow, read_ahead};
use super::chain::Chain;
use super::contents::Contents;
use super::files::LogFiles;
use super::group::{Leaves, Source, entries_of, from_bundle, from_tile, tile_hashes};
use super::report::{Place, Report};
use super::truth::Candidates;
use crate::error::Error;
use crate::tile::{Holds, Tile, level_count};
use crate::tree::{TreeHead, combine, leaf};

/// One verification under way.
pub(super) struct Pass<'a> {
    files: &'a LogFiles<'a>,
    contents: Option<Contents>,
    head: TreeHead,
    /// Entries in the database; 0 without one.
    rows: u64,
    chain: Chain,
    /// Entries that are not what was signed, in the source that readers use.
    damaged: BTreeSet<u64>,
    report: Report,
}

impl<'a> Pass<'a> {
    pub(super) fn new(
        files: &'a LogFiles<'a>,
        contents: Option<Contents>,
        head: Option<TreeHead>,
        mut report: Report,
    ) -> Self {
        let rows = contents.as_ref().map_or(0, |contents| contents.size(&mut report));
        let head = head.unwrap_or(TreeHead { size: 0, root: crate::tree::empty() });
        Self { files, contents, head, rows, chain: Chain::default(), damaged: BTreeSet::new(), report }
    }

    pub(super) fn run(mut self) -> Report {
        if self.contents.is_some() && self.rows < self.head.size {
            let problem = format!("{} entries, but {} were published", self.rows, self.head.size);
            self.report.find(Place::Database, problem);
        }
        let candidates = self.read_groups();
        match candidates.truth(&self.head) {
            Some(truth) => {
                self.locate(&truth, &candidates);
                self.check_upper_levels(truth);
                self.report.proven = self.damaged.first().copied().unwrap_or(self.head.size);
            }
            None => {
                let problem = "neither entries nor tiles lead to the root that was signed".to_owned();
                self.report.find(Place::file(self.files.shown(crate::publish::CHECKPOINT)), problem);
            }
        }
        for (seq, problem) in std::mem::take(&mut self.chain.problems) {
            // Damaged bytes say nothing; that they are damaged has been said.
            if !self.damaged.contains(&seq) {
                self.report.find(Place::Entry(seq), problem);
            }
        }
        self.report.open_intents = self.chain.open_intents();
        self.report.clock_steps = std::mem::take(&mut self.chain.clocks.steps);
        self.report.silence = std::mem::take(&mut self.chain.silences).end();
        self.report.key_changes = std::mem::take(&mut self.chain.key_changes);
        self.report
    }

    /// Reads every group from every source; what the database holds beyond the checkpoint is only read.
    fn read_groups(&mut self) -> Candidates {
        let mut candidates = Candidates::default();
        let level_1 = self.level_1();
        let database = self.contents.as_ref().map(|contents| contents.database.clone());
        let (signed, rows) = (self.head.size, self.rows);
        let extent = Extent { files: self.files, database: database.as_ref(), signed, rows };
        read_ahead(&extent, |index, group| {
            let signed = entries_of(index, signed);
            let is_missing = group.is_missing;
            let [database, bundle, tile] = self.take(index, &signed, group);
            if signed.is_empty() {
                return ControlFlow::Continue(());
            }
            if is_missing {
                // Nothing is left of the rest; one finding for each file would say no more.
                self.report.find(Place::Entry(signed.start), "missing everywhere, with all that follow");
                return ControlFlow::Break(());
            }
            let level_1 = usize::try_from(index).ok().and_then(|index| level_1.get(index).copied());
            candidates.groups.push([database, bundle, tile, level_1]);
            ControlFlow::Continue(())
        });
        candidates
    }

    /// Has the chain read a group from the source that readers use; gives what each source says its root is.
    fn take(&mut self, index: u64, signed: &Range<u64>, group: ReadGroup) -> [Option<Digest>; 3] {
        if let Some(rows) = group.rows {
            self.take_rows(&entries_of(index, self.rows), rows);
        }
        self.report.extend(group.report);
        for (seq, entry) in signed.clone().zip(group.bundled) {
            self.chain.read(seq, &entry);
            self.report.entries += 1;
        }
        group.roots
    }

    fn take_rows(&mut self, range: &Range<u64>, rows: Result<Vec<ReadRow>, Error>) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => return self.report.find(Place::Rows(range.clone()), error.to_string()),
        };
        let present: BTreeSet<u64> = rows.iter().map(|row| row.seq).collect();
        for seq in range.clone().filter(|seq| !present.contains(seq)) {
            self.report.find(Place::Rows(seq..seq + 1), "missing");
            self.damaged.insert(seq);
        }
        let Some(contents) = self.contents.as_mut() else { return };
        for row in &rows {
            self.chain.read(row.seq, &row.entry);
            contents.check(row, &mut self.report);
            self.report.entries += 1;
        }
    }

    /// The roots of full groups, as tiles of level 1 give them.
    fn level_1(&mut self) -> Vec<Digest> {
        let mut hashes = Vec::new();
        for tile in Tile::covering(Holds::Hashes(1), 0, level_count(self.head.size, 1)) {
            let Ok((_, found, _)) = self.files.hashes(&tile) else { break };
            hashes.extend(found);
        }
        hashes
    }

    /// Names, for every group where a source differs from the truth, the entries or hashes that do.
    fn locate(&mut self, truth: &[Digest], candidates: &Candidates) {
        for (index, (root, roots)) in (0..).zip(truth.iter().zip(&candidates.groups)) {
            let lower = roots.iter().take(super::truth::SOURCES - 1);
            let expected = if self.contents.is_some() { 3 } else { 2 };
            if lower.clone().flatten().all(|found| found == root) && lower.flatten().count() == expected {
                continue;
            }
            let signed = entries_of(index, self.head.size);
            let mut silent = Report::default();
            let sources = self.read_again(index, &signed, &mut silent);
            let width = signed.end - signed.start;
            let right =
                sources.iter().find(|leaves| leaves.root(width) == Some(*root)).map(|leaves| leaves.hashes.clone());
            for leaves in sources.iter().filter(|leaves| leaves.root(width) != Some(*root)) {
                self.name(leaves, right.as_deref(), &signed);
            }
            if sources.iter().all(|leaves| !self.is_read(&leaves.source)) {
                self.damaged.insert(signed.start);
            }
        }
    }

    fn name(&mut self, leaves: &Leaves, right: Option<&[Digest]>, signed: &Range<u64>) {
        let read = self.is_read(&leaves.source);
        let Some(right) = right else {
            self.report.find(leaves.whole(signed), "something in it is not what was signed; no source is right here");
            if read {
                self.damaged.insert(signed.start);
            }
            return;
        };
        for ((seq, expected), index) in signed.clone().zip(right).zip(0..) {
            match leaves.hashes.get(index) {
                Some(found) if found == expected => continue,
                Some(_) => self.report.find(leaves.place(seq, index), format!("not what was signed as entry {seq}")),
                // That the source ends early has been said.
                None => {}
            }
            if read {
                self.damaged.insert(seq);
            }
        }
    }

    fn read_again(&self, index: u64, signed: &Range<u64>, silent: &mut Report) -> Vec<Leaves> {
        let bundle = Tile { holds: Holds::Entries, index, width: signed.end - signed.start };
        let database = self.contents.as_ref().and_then(|contents| {
            let rows = contents.reader.rows(signed.start, signed.end).ok()?;
            let unbroken = (signed.start..).zip(&rows).take_while(|(seq, row)| row.seq == *seq);
            Some(Leaves { source: Source::Database, hashes: unbroken.map(|(_, row)| leaf(&row.bytes)).collect() })
        });
        let bundled = from_bundle(self.files, &bundle, silent).map(|(leaves, _)| leaves);
        [database, bundled, from_tile(self.files, &bundle, silent)].into_iter().flatten().collect()
    }

    /// Whether readers take entries from this source: the database, or the bundles where there is none.
    const fn is_read(&self, source: &Source) -> bool {
        match source {
            Source::Database => true,
            Source::Bundle { .. } => self.contents.is_none(),
            Source::Tile { .. } => false,
        }
    }

    /// Compares every tile above level 0 with what the groups hash to.
    fn check_upper_levels(&mut self, truth: Vec<Digest>) {
        let mut hashes = truth;
        for level in 1..u64::BITS / crate::tree::TILE_HEIGHT {
            let count = level_count(self.head.size, level);
            hashes.truncate(usize::try_from(count).unwrap_or(usize::MAX));
            for (tile, expected) in Tile::covering(Holds::Hashes(level), 0, count).zip(hashes.chunks(256)) {
                let Some((path, found)) = tile_hashes(self.files, &tile, &mut self.report) else { continue };
                for (index, _) in
                    expected.iter().zip(&found).enumerate().filter(|(_, (expected, found))| expected != found)
                {
                    let place = Place::File { path: path.clone(), bytes: Some(32 * index..32 * (index + 1)) };
                    self.report.find(place, format!("not the hash of level {level} that was signed"));
                }
            }
            hashes = hashes.chunks(256).map(combine).collect();
        }
    }
}
