//! The baseline for writers who share a barrier: a bare file that does the same and nothing else. Whoever finds nobody
//! writing writes for all who wait, with one `fdatasync`.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

use super::Failure;

/// A file that grows by what many append.
pub(crate) struct GroupFile {
    file: File,
    state: Mutex<State>,
    durable: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    taken: u64,
    durable: u64,
    busy: bool,
}

impl GroupFile {
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        Ok(Self { file: File::create(path)?, state: Mutex::default(), durable: Condvar::new() })
    }

    /// Returns once the bytes are on the disk.
    pub(crate) fn append(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.extend(bytes);
        state.taken += 1;
        let mine = state.taken;
        while state.durable < mine {
            if state.busy {
                state = self.durable.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.busy = true;
            let (batch, until) = (std::mem::take(&mut state.waiting), state.taken);
            drop(state);
            let written = (&self.file).write_all(&batch).and_then(|()| self.file.sync_data());
            state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.busy = false;
            self.durable.notify_all();
            written?;
            state.durable = until;
        }
        Ok(())
    }
}
