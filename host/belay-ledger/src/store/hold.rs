//! Legal holds: what must not be taken away. The table follows from the entries that set and lift them.

use rusqlite::{Connection, OptionalExtension as _};

use crate::draft::OnHold;
use crate::error::Error;

pub(super) fn set(connection: &Connection, what: &OnHold, seq: u64) -> Result<(), Error> {
    let (kind, name) = match what {
        OnHold::Run(run) => ("run", Some(run.as_str())),
        OnHold::Incident(incident) => ("incident", Some(incident.as_str())),
        OnHold::Everything => ("everything", None),
    };
    connection.prepare_cached("INSERT INTO hold VALUES (?1, ?2, ?3)")?.execute((seq, kind, name))?;
    Ok(())
}

pub(super) fn lift(connection: &Connection, hold: u64) -> Result<(), Error> {
    match connection.prepare_cached("DELETE FROM hold WHERE seq = ?1")?.execute([hold])? {
        0 => Err(Error::NoHold(hold)),
        _ => Ok(()),
    }
}

/// The entries that set the holds in force.
pub(super) fn all(connection: &Connection) -> Result<Vec<u64>, Error> {
    let mut statement = connection.prepare_cached("SELECT seq FROM hold ORDER BY seq")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The oldest hold that covers an entry.
pub(super) fn over(connection: &Connection, seq: u64) -> Result<Option<u64>, Error> {
    let sql = "SELECT hold.seq FROM hold, entry WHERE entry.seq = ?1 AND (
            hold.what = 'everything'
            OR hold.what = 'run' AND hold.name = entry.run
            OR hold.what = 'incident' AND (hold.name = entry.incident
                OR entry.run IN (SELECT run FROM entry WHERE incident = hold.name))
        ) ORDER BY hold.seq LIMIT 1";
    Ok(connection.prepare_cached(sql)?.query_row([seq], |row| row.get(0)).optional()?)
}
