//! Reading. Each reader sees a state that was committed durably, and no writer waits for it.

use std::cell::{Cell, RefCell};

use belay_domain::digest::Digest;
use belay_domain::id::{EnvironmentName, Epoch, IncidentId, RunId};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use super::blobs::place;
use super::number::next_number;
use super::{Database, Retainable, Sync, condition, destroy, hold, schema};
use crate::draft::{Counter, Holder};
use crate::error::Error;
use crate::tree::{self, Frontier, TILE_WIDTH, leaf};

/// Which entries to read: those that fit everything that is given.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this run.
    pub run: Option<RunId>,
    /// Of this incident, or of a run that has an entry of it: an incident may get its name after the run began.
    pub incident: Option<IncidentId>,
    /// Of this environment.
    pub environment: Option<EnvironmentName>,
    /// Of one of these kinds; none given is all.
    pub kinds: Vec<String>,
    /// Only behind this sequence number.
    pub after: Option<u64>,
    /// Only before this sequence number.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: Option<u64>,
    /// From the newest to the oldest.
    pub newest_first: bool,
}

impl Filter {
    fn sql(&self) -> (String, Vec<Value>) {
        match (self.kinds.as_slice(), self.limit) {
            ([], limit) => self.select("bytes", &[], limit),
            (kinds @ [_], limit) => self.select("bytes", kinds, limit),
            (kinds, None) => self.select("bytes", kinds, None),
            (kinds, Some(limit)) => self.select_each(kinds, limit),
        }
    }

    /// The first ones of each kind, then the first ones of those: an index has the entries of one kind in order, and of
    /// several it would give all to be sorted.
    fn select_each(&self, kinds: &[String], limit: u64) -> (String, Vec<Value>) {
        let (mut parts, mut values) = (Vec::new(), Vec::new());
        for kind in kinds {
            let (sql, of_kind) = self.select("seq, bytes", std::slice::from_ref(kind), Some(limit));
            parts.push(format!("SELECT * FROM ({sql})"));
            values.extend(of_kind);
        }
        values.push(number(limit));
        (format!("SELECT bytes FROM ({}){} LIMIT ?", parts.join(" UNION ALL "), self.order()), values)
    }

    const fn order(&self) -> &'static str {
        if self.newest_first { " ORDER BY seq DESC" } else { " ORDER BY seq" }
    }

    fn select(&self, columns: &str, kinds: &[String], limit: Option<u64>) -> (String, Vec<Value>) {
        let mut sql = format!("SELECT {columns} FROM entry WHERE TRUE");
        let mut values = Vec::new();
        let text = |text: &str| Value::Text(text.to_owned());
        let mut require = |condition: &str, value: Option<Value>| {
            if let Some(value) = value {
                sql.push_str(condition);
                values.push(value);
            }
        };
        require(" AND run = ?", self.run.as_ref().map(|run| text(run.as_str())));
        let incident = || self.incident.as_ref().map(|incident| text(incident.as_str()));
        require(" AND (incident = ?", incident());
        require(" OR run IN (SELECT run FROM entry WHERE incident = ?))", incident());
        require(" AND environment = ?", self.environment.as_ref().map(|environment| text(environment.as_str())));
        require(" AND seq > ?", self.after.map(number));
        require(" AND seq < ?", self.before.map(number));
        if !kinds.is_empty() {
            sql.push_str(&format!(" AND kind IN ({})", vec!["?"; kinds.len()].join(", ")));
            values.extend(kinds.iter().map(|kind| text(kind)));
        }
        sql.push_str(self.order());
        if let Some(limit) = limit {
            sql.push_str(" LIMIT ?");
            values.push(number(limit));
        }
        (sql, values)
    }
}

fn number(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A blob's row.
pub(crate) struct BlobRow {
    /// The number of its data key.
    pub(crate) key: u64,
    /// Its ciphertext; `None` where it lies in a file.
    pub(crate) bytes: Option<Vec<u8>>,
}

/// An entry's row.
pub(crate) struct Row {
    pub(crate) seq: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) columns: Columns,
}

/// What an entry's row repeats of its bytes.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Columns {
    pub(crate) run: Option<String>,
    pub(crate) kind: String,
    pub(crate) incident: Option<String>,
    pub(crate) environment: Option<String>,
}

/// A connection that reads, and gives out numbers: a second one for those alone would cost a command as much as its reads.
pub(crate) struct Reader {
    connection: Connection,
    leaves: RefCell<Leaves>,
    /// The database's version and the size that it had.
    sized: Cell<Option<(i64, u64)>>,
}

/// The leaf hashes of one tile, as far as they were needed: entries never change, so that each is read and hashed once
/// though a process asks for several roots. Most often it is the tile at the tree's end.
#[derive(Default)]
struct Leaves {
    from: u64,
    hashes: Vec<Digest>,
}

impl Reader {
    pub(crate) fn open(database: &Database) -> Result<Self, Error> {
        let connection = database.connect(Sync::Later)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(Self { connection, leaves: RefCell::default(), sized: Cell::default() })
    }

    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The next number of a counter; see [`next_number`].
    pub(crate) fn next_number(&self, counter: Counter) -> Result<u64, Error> {
        self.connection.pragma_update(None, "query_only", false)?;
        let number = next_number(&self.connection, counter);
        self.connection.pragma_update(None, "query_only", true)?;
        number
    }

    /// The key that signs now, as text.
    pub(crate) fn verifier(&self) -> Result<String, Error> {
        Ok(self.connection.prepare_cached("SELECT verifier FROM meta")?.query_row([], |row| row.get(0))?)
    }

    /// Reads no page while nobody has committed anything.
    pub(crate) fn size(&self) -> Result<u64, Error> {
        // Before the size: what is committed between the two is looked for again by the next who asks.
        let version = self.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if let Some((_, size)) = self.sized.get().filter(|(known, _)| *known == version) {
            return Ok(size);
        }
        let size = size(&self.connection)?;
        self.sized.set(Some((version, size)));
        Ok(size)
    }

    pub(crate) fn entry(&self, seq: u64) -> Result<Option<Vec<u8>>, Error> {
        let mut statement = self.connection.prepare_cached("SELECT bytes FROM entry WHERE seq = ?1")?;
        Ok(statement.query_row([i64::try_from(seq).unwrap_or(-1)], |row| row.get(0)).optional()?)
    }

    pub(crate) fn entries(&self, filter: &Filter) -> Result<Vec<Vec<u8>>, Error> {
        let (sql, values) = filter.sql();
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(values), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Calls `each` for the entries from `from` up to `to`; one that is missing is an error.
    pub(crate) fn entries_from(&self, from: u64, to: u64, each: impl FnMut(&[u8])) -> Result<(), Error> {
        entries_from(&self.connection, from, to, each)
    }

    /// The rows from `from` up to `to`, whatever is missing.
    pub(crate) fn rows(&self, from: u64, to: u64) -> Result<Vec<Row>, Error> {
        let sql =
            "SELECT seq, bytes, run, kind, incident, environment FROM entry WHERE seq >= ?1 AND seq < ?2 ORDER BY seq";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map((from, to), |row| {
            let columns =
                Columns { run: row.get(2)?, kind: row.get(3)?, incident: row.get(4)?, environment: row.get(5)? };
            Ok(Row { seq: row.get(0)?, bytes: row.get(1)?, columns })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many rows there are; [`Reader::size`] unless some are missing.
    pub(crate) fn count(&self) -> Result<u64, Error> {
        Ok(self.connection.query_row("SELECT count(*) FROM entry", [], |row| row.get(0))?)
    }

    /// The blob at a place among those of an entry.
    pub(crate) fn blob(&self, seq: u64, n: usize) -> Result<Option<BlobRow>, Error> {
        let Some(place) = place(seq, n) else { return Ok(None) };
        let mut statement = self.connection.prepare_cached("SELECT key, bytes FROM blob WHERE id = ?1")?;
        let found = statement.query_row([place], |row| Ok(BlobRow { key: row.get(0)?, bytes: row.get(1)? }));
        Ok(found.optional()?)
    }

    /// The entry that took away the blob at a place among those of an entry, as the table says.
    pub(crate) fn redacted(&self, seq: u64, n: usize) -> Result<Option<u64>, Error> {
        let Some(place) = place(seq, n) else { return Ok(None) };
        let mut statement = self.connection.prepare_cached("SELECT by FROM redacted WHERE id = ?1")?;
        Ok(statement.query_row([place], |row| row.get(0)).optional()?)
    }

    /// The entries that hold something, oldest first.
    pub(crate) fn holds(&self) -> Result<Vec<u64>, Error> {
        hold::all(&self.connection)
    }

    /// The first of these entries on which a hold lies, and the hold.
    pub(crate) fn held(&self, seq: u64) -> Result<Option<u64>, Error> {
        hold::over(&self.connection, seq)
    }

    /// `Some(None)` where the bytes lie in a file.
    pub(crate) fn object(&self, digest: &Digest) -> Result<Option<Option<Vec<u8>>>, Error> {
        let mut statement = self.connection.prepare_cached("SELECT bytes FROM object WHERE digest = ?1")?;
        Ok(statement.query_row([digest.as_bytes()], |row| row.get(0)).optional()?)
    }

    pub(crate) fn has_object(&self, digest: &Digest) -> Result<bool, Error> {
        let mut statement = self.connection.prepare_cached("SELECT 1 FROM object WHERE digest = ?1")?;
        Ok(statement.exists([digest.as_bytes()])?)
    }

    pub(crate) fn holders(&self) -> Result<Vec<Holder>, Error> {
        condition::holders(&self.connection)
    }

    pub(crate) fn owner(&self, run: &RunId) -> Result<Option<Epoch>, Error> {
        condition::owner(&self.connection, run)
    }

    /// Whether a redaction has left something to destroy.
    pub(crate) fn is_anything_doomed(&self) -> Result<bool, Error> {
        Ok(!destroy::doomed(&self.connection)?.is_empty())
    }

    /// What is left of each scope, but for entries of kinds that are kept.
    pub(crate) fn retainable(&self, kept: &[String]) -> Result<Vec<Retainable>, Error> {
        destroy::retainable(&self.connection, kept)
    }

    /// The hashes from `from` up to `to` of a level of tiles.
    pub(crate) fn hashes(&self, level: u32, from: u64, to: u64) -> Result<Vec<Digest>, Error> {
        let within_tile = from / TILE_WIDTH == to.saturating_sub(1) / TILE_WIDTH;
        if level == 0 && from < to && within_tile {
            self.leaves.borrow_mut().take(&self.connection, from, to)
        } else {
            stored_hashes(&self.connection, level, from, to)
        }
    }

    /// The right edge of the whole log, from the hashes of its complete subtrees.
    pub(crate) fn frontier(&self) -> Result<Frontier, Error> {
        frontier(self.size()?, &mut |level, from, to| self.hashes(level, from, to))
    }

    /// The root of the first `size` entries.
    pub(crate) fn root(&self, size: u64) -> Result<Digest, Error> {
        tree::range(0, size, &mut |level, from, to| self.hashes(level, from, to))
    }
}

impl Leaves {
    /// Those from `from` up to `to`, which lie in one tile.
    fn take(&mut self, connection: &Connection, from: u64, to: u64) -> Result<Vec<Digest>, Error> {
        let end = self.from + self.hashes.len() as u64;
        if from < self.from || from > end || from / TILE_WIDTH != self.from / TILE_WIDTH {
            *self = Self { from, hashes: Vec::new() };
        }
        let end = self.from + self.hashes.len() as u64;
        if end < to {
            self.hashes.extend(stored_hashes(connection, 0, end, to)?);
        }
        let place = |seq: u64| usize::try_from(seq - self.from).unwrap_or(usize::MAX);
        let found = self.hashes.get(place(from)..place(to)).map(<[Digest]>::to_vec);
        found.ok_or_else(|| Error::Corrupt(format!("entries between {from} and {to} are missing")))
    }
}

pub(super) fn size(connection: &Connection) -> Result<u64, Error> {
    let last: Option<u64> = connection.prepare_cached("SELECT max(seq) FROM entry")?.query_row([], |row| row.get(0))?;
    Ok(last.map_or(0, |last| last + 1))
}

pub(super) fn entries_from(
    connection: &Connection,
    from: u64,
    to: u64,
    mut each: impl FnMut(&[u8]),
) -> Result<(), Error> {
    if from >= to {
        return Ok(());
    }
    let sql = "SELECT seq, bytes FROM entry WHERE seq >= ?1 AND seq < ?2 ORDER BY seq";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((from, to))?;
    let mut next = from;
    while let Some(row) = rows.next()? {
        if row.get::<_, u64>(0)? != next {
            break;
        }
        each(row.get_ref(1)?.as_blob().map_err(|error| Error::Corrupt(error.to_string()))?);
        next += 1;
    }
    if next == to { Ok(()) } else { Err(Error::Corrupt(format!("entry {next} is missing"))) }
}

/// The hashes from `from` up to `to` of a level of tiles, read anew.
pub(super) fn stored_hashes(connection: &Connection, level: u32, from: u64, to: u64) -> Result<Vec<Digest>, Error> {
    if level == 0 {
        let mut hashes = Vec::new();
        entries_from(connection, from, to, |bytes| hashes.push(leaf(bytes)))?;
        return Ok(hashes);
    }
    let sql = "SELECT hash FROM subtree WHERE level = ?1 AND n >= ?2 AND n < ?3 ORDER BY n";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement
        .query_and_then((level, from, to), |row| schema::digest(row.get_ref(0)?.as_blob().unwrap_or_default()))?;
    let hashes: Vec<_> = rows.collect::<Result<_, _>>()?;
    if hashes.len() as u64 == to.saturating_sub(from) {
        Ok(hashes)
    } else {
        Err(Error::Corrupt(format!("hashes of level {level} between {from} and {to} are missing")))
    }
}

/// The right edge of a log of `size` entries, from the hashes of its complete subtrees.
pub(super) fn frontier(
    size: u64,
    hashes: &mut impl FnMut(u32, u64, u64) -> Result<Vec<Digest>, Error>,
) -> Result<Frontier, Error> {
    let mut peaks = Vec::new();
    let mut start = 0;
    for height in (0..u64::BITS).rev().filter(|height| size >> height & 1 == 1) {
        let end = start + (1 << height);
        peaks.push(tree::range(start, end, hashes)?);
        start = end;
    }
    Frontier::from_peaks(size, peaks).ok_or_else(|| Error::Corrupt("the tree's edge".to_owned()))
}
