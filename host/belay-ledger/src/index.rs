//! A search index over the log, in a file of its own. It follows from the entries and may be deleted at any moment. Never
//! knows what an entry means: whoever reads says under which terms each one is to be found.

mod query;
mod tables;

use std::path::{Path, PathBuf};

use belay_domain::id::Millis;
use rusqlite::Connection;

use crate::entry::Entry;
use crate::error::Error;
use crate::ledger::Ledger;
use crate::store::Filter;
use crate::tree;

pub use query::{Query, Want};

/// The index's file within the state folder.
pub const FILE: &str = "index.db";
/// How many entries one transaction takes up.
const BATCH: u64 = 2_048;

/// Under what an entry is to be found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Described {
    /// Fields and their values.
    pub terms: Vec<(&'static str, String)>,
    /// Text whose words are looked up.
    pub text: String,
}

/// A search index that is open.
#[derive(Debug)]
pub struct Index {
    connection: Connection,
}

impl Index {
    /// Opens the index beside a ledger, and makes it anew where there is none, where it can't be read, where it was made
    /// by other rules (`version`), or where it is not of this log.
    pub fn open(ledger: &Ledger, version: u32) -> Result<Self, Error> {
        if let Ok(index) = tables::open(&path(ledger), version).map(|connection| Self { connection })
            && index.is_of(ledger).unwrap_or(false)
        {
            return Ok(index);
        }
        Self::anew(ledger, version)
    }

    /// Discards what is there and begins again.
    pub fn anew(ledger: &Ledger, version: u32) -> Result<Self, Error> {
        let path = path(ledger);
        for suffix in ["", "-journal"] {
            let mut file = path.clone();
            file.as_mut_os_string().push(suffix);
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::Corrupt(format!("the index {} can't be removed: {error}", file.display())));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(Self { connection: tables::open(&path, version)? })
    }

    /// Takes up the entries that came since; gives how many.
    pub fn update(
        &mut self,
        ledger: &Ledger,
        mut describe: impl FnMut(&Entry) -> Result<Described, Error>,
    ) -> Result<u64, Error> {
        let mut added = 0;
        loop {
            let transaction = tables::begin(&mut self.connection)?;
            let next = tables::next(&transaction)?;
            let filter = Filter { after: next.checked_sub(1), limit: Some(BATCH), ..Filter::default() };
            let entries = ledger.entries(&filter)?;
            let Some(last) = entries.last() else { return Ok(added) };
            for entry in &entries {
                tables::add(&transaction, entry, &describe(entry)?)?;
            }
            let leaf = ledger.entry_bytes(last.seq)?.map(|bytes| tree::leaf(&bytes));
            tables::reached(&transaction, last.seq, leaf.as_ref())?;
            transaction.commit()?;
            added += entries.len() as u64;
        }
    }

    /// The sequence numbers of the entries that fit, as far as they were taken up.
    pub fn find(&self, query: &Query) -> Result<Vec<u64>, Error> {
        query.ask(&self.connection)
    }

    /// The first entry whose time is `from` or later, and the one behind the last whose time is before `before`: all that
    /// lies between belongs to that time, or to a clock that stepped back.
    pub fn span(&self, from: Millis, before: Millis) -> Result<std::ops::Range<u64>, Error> {
        tables::span(&self.connection, from, before)
    }

    /// Whether the last entry that was taken up is the log's.
    fn is_of(&self, ledger: &Ledger) -> Result<bool, Error> {
        let Some((seq, leaf)) = tables::last(&self.connection)? else { return Ok(true) };
        let bytes = ledger.entry_bytes(seq)?;
        Ok(bytes.is_some_and(|bytes| tree::leaf(&bytes).as_bytes().as_slice() == leaf))
    }
}

fn path(ledger: &Ledger) -> PathBuf {
    Path::join(ledger.folder(), FILE)
}
