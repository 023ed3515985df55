//! The write-ahead log's file is as long as a run needs it before the run writes there. A sync of bytes within a file has
//! nothing to write about the file itself; where the file grows, a journaling filesystem writes that too, and takes up to
//! twice as long (`cargo xtask bench barriers`).

use std::fs::{File, OpenOptions};
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
    let lengthened = OpenOptions::new().write(true).open(path).and_then(|file| append_zeros(&file).map(|()| file));
    match lengthened {
        // Whether it held decides nothing, but who syncs the log next would not hear of it any more.
        Ok(file) => file.sync_data().map_err(|error| Error::sync(path, &error)),
        Err(error) => {
            tracing::debug!(%error, "the write-ahead log's file stays as long as it is");
            Ok(())
        }
    }
}

/// Written, and not only reserved: a filesystem would note of each reserved block when it is first written.
fn append_zeros(file: &File) -> std::io::Result<()> {
    let from = file.metadata()?.len();
    let zeros = vec![0; usize::try_from(LENGTH.saturating_sub(from)).unwrap_or(0)];
    file.write_all_at(&zeros, from).inspect_err(|_| {
        // Half of them hold space that somebody may need.
        let _ = file.set_len(from);
    })
}
