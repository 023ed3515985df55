//! The write-ahead log's file is as long as a run needs it before the run writes there. A sync of bytes within a file has
//! nothing to write about the file itself; where the file grows, a journaling filesystem writes that too, and takes up to
//! twice as long (`cargo xtask bench barriers`).

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::error::Error;

/// In bytes: what may stay there between two processes, and as much again for a run.
const LENGTH: u64 = 2 << 20;

/// Whether it is shorter than it should be. One that is not there will be made by whoever writes first.
pub(super) fn is_short(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.len() < LENGTH)
}

/// Appends zeros, which SQLite takes for no frames. Only while nobody else may write to the database. Where there is no
/// room for them the file stays as it was, which costs time and nothing else.
pub(super) fn lengthen(path: &Path) -> Result<(), Error> {
    let sync = |file: &File| file.sync_all().map_err(|error| Error::sync(path, &error));
    let file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) => return stays(&error),
    };
    // What was cut off is gone for good before anything else lies there: half of it must never be found again.
    sync(&file)?;
    match append_zeros(&file) {
        // Whether it held decides nothing, but who syncs the log next would not hear of it any more.
        Ok(()) => sync(&file),
        Err(error) => stays(&error),
    }
}

fn stays(error: &io::Error) -> Result<(), Error> {
    tracing::debug!(%error, "the write-ahead log's file stays as long as it is");
    Ok(())
}

/// Written, and not only reserved: a filesystem would note of each reserved block when it is first written.
fn append_zeros(file: &File) -> io::Result<()> {
    let from = file.metadata()?.len();
    let zeros = vec![0; usize::try_from(LENGTH.saturating_sub(from)).unwrap_or(0)];
    file.write_all_at(&zeros, from).inspect_err(|_| {
        // Half of them hold space that somebody may need.
        let _ = file.set_len(from);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Database, Meta, Sync, Writing, create};
    use crate::tree::Frontier;

    #[test]
    fn while_somebody_writes_nothing_is_put_where_his_commit_may_go() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::of(folder.path());
        create(&database, &Meta { origin: "o".to_owned(), verifier: "v".to_owned() }).unwrap();
        let writing = Writing::open(&database, Frontier::default()).unwrap();
        let other = database.connect(Sync::Full).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        OpenOptions::new().write(true).open(database.wal()).unwrap().set_len(0).unwrap();
        writing.lengthen_log().unwrap();
        assert_eq!(database.wal().metadata().unwrap().len(), 0);
        other.execute_batch("UPDATE meta SET origin = 'p'; COMMIT").unwrap();

        // What was committed meanwhile stays, and the rest of the file follows it.
        writing.lengthen_log().unwrap();
        assert_eq!(database.wal().metadata().unwrap().len(), LENGTH);
        drop((writing, other));
        let origin = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let found = database.connect(Sync::Later).unwrap().query_row("SELECT origin FROM meta", [], origin);
        assert_eq!(found.unwrap(), "p");
    }
}
