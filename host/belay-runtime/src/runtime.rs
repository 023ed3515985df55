//! The runtime: one method for each request. Plain values in, plain values out.

mod audit;
mod governance;
mod live;
mod opening;
mod pause;
mod plan;
mod plugin;
mod point;
mod runbook;
mod status;
mod undo;

pub use audit::{verify_directory, verify_workspace};
pub use plugin::inspect_plugin;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::api::{Error, Requester};
use crate::host::Host;

/// A workspace with its state, and who asks. Everything that a responder, an engineer or a reviewer does goes through
/// its methods.
pub struct Runtime {
    host: Arc<Host>,
    stop: Arc<AtomicBool>,
    stays_paused: bool,
}

impl Runtime {
    /// Opens a workspace whose state was made with [`crate::init`].
    ///
    /// # Errors
    /// What is wrong with the workspace's files, with file and line; that there is no ledger; what is wrong with it.
    pub fn open(workspace: &Path, requester: Requester) -> Result<Self, Error> {
        let host = Arc::new(Host::open(workspace, requester)?);
        Ok(Self { host, stop: Arc::default(), stays_paused: false })
    }

    /// Whether a run that is paused keeps its process, until somebody says that it goes on; otherwise the process ends
    /// and leaves it paused.
    #[must_use]
    pub fn staying_paused(self, stays_paused: bool) -> Self {
        Self { stays_paused, ..self }
    }

    /// Ends what this process does on runs: an operation under way ends and is recorded, nothing else starts, and the
    /// run can be resumed.
    pub fn interrupt(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
