//! A note of what failed while nothing could be recorded, in a file that has its space already: it is written in place,
//! so that a full disk does not keep it away. The next entry that can be written tells it, and empties it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use belay_domain::id::Millis;
use serde::{Deserialize, Serialize};

use crate::durable;
use crate::error::Error;

/// The file within the state folder.
const FAILURES: &str = "failures";
/// Its size, in bytes. What has no room in it is left out: the first failures tell the most.
const BYTES: usize = 4_096;
/// The most that is kept of a cause, in characters.
const MAX_CAUSE: usize = 300;

/// Something that failed while it could not be recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// When, by the host's clock.
    pub at: Millis,
    /// What.
    pub kind: FailureKind,
    /// Why, in the system's words.
    pub cause: String,
    /// The process's number.
    pub process: u32,
}

/// What failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The disk was full, and something was refused for it. What the process refused later is not noted again.
    Refused,
    /// The disk was full, and the reserve was given up for a run under way.
    ReserveGivenUp,
    /// A write or sync failed, and the process ended.
    Stopped,
}

/// The file, and what of it this process has to tell.
pub(crate) struct Failures {
    path: PathBuf,
    untold: Mutex<Untold>,
}

/// What the file held when it was opened, and how far telling it has come.
enum Untold {
    Nothing,
    Held(Vec<u8>),
    /// It is in an entry that waits for its barrier.
    Queued(Vec<u8>),
}

impl Failures {
    /// Makes the file if it is not there.
    pub(crate) fn open(state: &Path) -> Self {
        let path = state.join(FAILURES);
        let held = match durable::read(&path) {
            Ok(None) => {
                if let Err(error) = make(&path) {
                    tracing::warn!(%error, "failures of the ledger can't be noted");
                }
                Vec::new()
            }
            Ok(Some(bytes)) => lines(&bytes).to_vec(),
            Err(_) => Vec::new(),
        };
        let untold = if held.is_empty() { Untold::Nothing } else { Untold::Held(held) };
        Self { path, untold: Mutex::new(untold) }
    }

    /// Notes a failure. Does what it can: on a disk that takes nothing, it is lost.
    pub(crate) fn note(&self, kind: FailureKind, error: &Error) {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let failure = Failure {
            at: Millis(u64::try_from(at).unwrap_or(u64::MAX)),
            kind,
            cause: error.to_string().chars().take(MAX_CAUSE).collect(),
            process: std::process::id(),
        };
        if let Err(error) = self.add(&failure) {
            tracing::error!(%error, "a failure of the ledger can't be noted");
        }
    }

    /// What failed before this process began, once: for an entry that tells it.
    pub(crate) fn take(&self) -> Option<Vec<Failure>> {
        let mut untold = self.lock();
        let Untold::Held(held) = &mut *untold else { return None };
        let held = std::mem::take(held);
        let failures = parse(&held);
        *untold = Untold::Queued(held);
        Some(failures)
    }

    /// The entry that tells what [`Failures::take`] gave is durable. A crash before this tells it twice.
    pub(crate) fn told(&self) {
        let mut untold = self.lock();
        if let Untold::Queued(held) = &*untold {
            match self.remove(held) {
                Ok(()) => *untold = Untold::Nothing,
                Err(error) => tracing::warn!(%error, "the ledger's failures will be told again"),
            }
        }
    }

    fn add(&self, failure: &Failure) -> io::Result<()> {
        let line = format!("{}\n", serde_json::to_string(failure)?);
        let (file, bytes) = self.locked()?;
        let end = lines(&bytes).len();
        if end + line.len() > BYTES {
            return Ok(());
        }
        file.write_all_at(line.as_bytes(), end as u64)?;
        // If that fails too, the line is lost with the power, and not with the process.
        file.sync_data()
    }

    fn remove(&self, told: &[u8]) -> io::Result<()> {
        let (file, bytes) = self.locked()?;
        let mut left = lines(&bytes).strip_prefix(told).unwrap_or_default().to_vec();
        left.resize(BYTES, 0);
        file.write_all_at(&left, 0)?;
        file.sync_data()
    }

    /// The file, held against other processes until it is dropped, and its bytes.
    fn locked(&self) -> io::Result<(File, Vec<u8>)> {
        let file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        file.lock()?;
        let mut bytes = vec![0; BYTES];
        file.read_exact_at(&mut bytes, 0)?;
        Ok((file, bytes))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Untold> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes are written, not only allocated: writing over them takes nothing more from the disk.
fn make(path: &Path) -> Result<(), Error> {
    let staged = durable::beside(path)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged);
    let file = file.map_err(|error| Error::io("create", &staged, &error))?;
    let made = file.write_all_at(&[0; BYTES], 0).and_then(|()| std::fs::rename(&staged, path));
    if made.is_err() {
        let _ = std::fs::remove_file(&staged);
    }
    made.map_err(|error| Error::io("make", path, &error))
}

fn lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or_default()
}

/// Lines that are no failure say nothing.
fn parse(bytes: &[u8]) -> Vec<Failure> {
    bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_told_once_and_what_failed_meanwhile_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Failures::open(folder.path()).take(), None);
        Failures::open(folder.path()).note(FailureKind::Refused, &Error::DiskFull);
        let failures = Failures::open(folder.path());
        failures.note(FailureKind::Stopped, &Error::Closed);
        let told = failures.take().unwrap();
        assert_eq!(told.iter().map(|failure| failure.kind).collect::<Vec<_>>(), [FailureKind::Refused]);
        assert_eq!(failures.take(), None);
        let crashed = Failures::open(folder.path()).take().unwrap();
        assert_eq!(crashed.len(), 2, "it was not told yet");
        failures.told();
        let later = Failures::open(folder.path()).take().unwrap();
        assert_eq!(later.iter().map(|failure| failure.kind).collect::<Vec<_>>(), [FailureKind::Stopped]);
        assert_eq!(std::fs::metadata(folder.path().join(FAILURES)).unwrap().len(), BYTES as u64);
    }

    #[test]
    fn the_file_never_grows_and_the_first_failures_stay() {
        let folder = tempfile::tempdir().unwrap();
        let failures = Failures::open(folder.path());
        for n in 0..200 {
            failures.note(FailureKind::Refused, &Error::Invalid(format!("number {n} {}", "x".repeat(1_000))));
        }
        let told = Failures::open(folder.path()).take().unwrap();
        assert!((5..20).contains(&told.len()) && told[0].cause.contains("number 0"), "{}", told.len());
        assert_eq!(std::fs::metadata(folder.path().join(FAILURES)).unwrap().len(), BYTES as u64);
    }

    #[test]
    fn what_is_in_the_file_by_mistake_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FAILURES), "not a failure\n").unwrap();
        let failures = Failures::open(folder.path());
        assert_eq!(failures.take(), Some(Vec::new()));
        // Too short to be written in place: nothing is noted, and nothing breaks.
        failures.note(FailureKind::Stopped, &Error::Closed);
        failures.told();
    }
}
