//! A directory as a place of named bytes. No path, link or rename leads outside of it, and writes go through no link
//! at all.

mod list;
mod look;
mod read;
mod root;
pub(crate) mod stage;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use belay_domain::connection::ConnectionRules;
use tokio::time::timeout;

use self::root::Root;
use crate::read::ObjectError;
use crate::spec::DirTarget;

/// One directory, opened as a capability when it is needed.
#[derive(Debug)]
pub(crate) struct DirConnection {
    rules: ConnectionRules,
    target: DirTarget,
    shared: Arc<Shared>,
}

/// What blocking work needs.
#[derive(Debug)]
struct Shared {
    root: Root,
    /// Held from comparing to renaming, so that no two writes of this process overlap. Holds the folders that were
    /// searched for staging files that a crash left behind.
    writing: Mutex<BTreeSet<String>>,
}

/// Why blocking work brought nothing.
enum Stopped {
    TimedOut,
    Failed(String),
}

impl DirConnection {
    /// Reaches nothing: the directory may come and go.
    pub(crate) fn new(rules: ConnectionRules, target: DirTarget) -> Self {
        let root = Root::new(rules.name.to_string(), target.path.clone());
        let shared = Arc::new(Shared { root, writing: Mutex::default() });
        Self { rules, target, shared }
    }

    pub(crate) const fn rules(&self) -> &ConnectionRules {
        &self.rules
    }

    /// Runs blocking work on a thread of its own: a network file system may hang.
    async fn blocking<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce(&Shared) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let shared = Arc::clone(&self.shared);
        match timeout(limit, tokio::task::spawn_blocking(move || work(&shared))).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Stopped::Failed(error.to_string())),
            Err(_) => Err(Stopped::TimedOut),
        }
    }
}

impl From<Stopped> for ObjectError {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::TimedOut => Self::TimedOut,
            Stopped::Failed(reason) => Self::Unreachable(reason),
        }
    }
}

/// What a failure to open or list means for a plugin.
fn object_error(error: &io::Error) -> ObjectError {
    use io::ErrorKind as Kind;
    let kind = error.kind();
    if matches!(kind, Kind::NotFound | Kind::NotADirectory | Kind::IsADirectory) {
        ObjectError::Missing
    } else if kind == Kind::PermissionDenied {
        // Also what a link that leads outside gives.
        ObjectError::Denied(error.to_string())
    } else {
        ObjectError::Unreachable(error.to_string())
    }
}
