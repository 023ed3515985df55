//! The runtime: one method for each request. Plain values in, plain values out.

mod approve;
mod audit;
mod cases;
mod gate;
mod governance;
mod heartbeat;
mod hold;
mod keys;
mod lineage;
mod live;
mod opening;
mod pause;
mod plan;
mod plugin;
mod point;
mod quarantine;
mod redact;
mod retain;
mod runbook;
mod status;
mod undo;

pub use cases::try_on_facts;
pub(crate) use keys::warning as published_by_git;
pub use plugin::{inspect_plugin, load_component};

use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::api::{Error, Keys, Requester};
use crate::host::Host;

/// A workspace with its state, and who asks. Everything that a responder, an engineer or a reviewer does goes through
/// its methods.
pub struct Runtime {
    pub(crate) host: Arc<Host>,
    stop: CancellationToken,
    stays: bool,
    keys: Keys,
}

impl Runtime {
    /// Opens a workspace whose state was made with [`crate::init`].
    ///
    /// # Errors
    /// What is wrong with the workspace's files, with file and line; that there is no ledger; what is wrong with it.
    pub fn open(workspace: &Path, requester: Requester) -> Result<Self, Error> {
        let host = Arc::new(Host::open(workspace, requester)?);
        Ok(Self { host, stop: CancellationToken::new(), stays: false, keys: Keys::default() })
    }

    /// Whether a run that is paused or waits for approval keeps its process, until somebody says that it goes on;
    /// otherwise the process ends and leaves it so.
    #[must_use]
    pub fn staying(self, stays: bool) -> Self {
        Self { stays, ..self }
    }

    /// With which key its requester signs a run that people must approve.
    #[must_use]
    pub fn signing_with(self, keys: Keys) -> Self {
        Self { keys, ..self }
    }

    /// Ends what this process does on runs: an operation under way ends and is recorded, nothing else starts, and the
    /// run can be resumed. One that is not open yet is not opened.
    pub fn interrupt(&self) {
        self.stop.cancel();
    }
}
