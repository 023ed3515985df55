//! Processes that end with the tests, however those end. Never leaves a process or a folder behind.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use super::{python, sources};

/// A process and all that it starts. It ends when this is dropped, or when the test's process is gone: the guard that
/// runs it waits for the other end of a pipe to close.
#[derive(Debug)]
pub struct Guarded {
    guard: Child,
    pipe: Option<ChildStdin>,
}

impl Guarded {
    /// Runs a command in a folder, which goes with it. What it prints goes to `out`.
    pub fn run<W: AsRef<OsStr>>(folder: &Path, command: impl IntoIterator<Item = W>, out: Stdio) -> Self {
        let mut guard = Command::new(python());
        guard.arg(sources().join("guard.py")).arg(folder).args(command);
        // Threads that MLflow has no use for on a small machine, and its messages home.
        guard.env("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false").env("MLFLOW_DISABLE_TELEMETRY", "true");
        let mut guard = guard.stdin(Stdio::piped()).stdout(out).stderr(Stdio::null()).spawn().unwrap();
        let pipe = guard.stdin.take();
        Self { guard, pipe }
    }

    /// What it prints, if that was piped.
    pub fn output(&mut self) -> Option<std::process::ChildStdout> {
        self.guard.stdout.take()
    }

    /// Whether it ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.guard.try_wait().unwrap().is_some()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.guard.wait();
    }
}
