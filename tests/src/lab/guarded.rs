//! Processes that end with the tests, however those end. Never leaves a process or a folder behind.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::part::Part;
use super::sources;

/// A process and all that it starts. It ends when this is dropped, or when the test's process is gone: the guard that
/// runs it waits for the other end of a pipe to close.
#[derive(Debug)]
pub struct Guarded {
    guard: Child,
    pipe: Option<ChildStdin>,
}

/// A folder that is removed when this is dropped, or when the test's process is gone.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _guard: Guarded,
}

impl Folder {
    /// Watches over a folder.
    pub fn guarded(path: PathBuf) -> Self {
        let guard = Guarded::start("remove", &path, &[], Vec::new(), [Stdio::null(), Stdio::null()]);
        Self { path, _guard: guard }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Guarded {
    /// Runs a command in a folder, which goes with it. What it prints goes to `out`.
    pub fn run<W: AsRef<OsStr>>(folder: &Path, command: impl IntoIterator<Item = W>, out: Stdio) -> Self {
        Self::start("remove", folder, &[], words(command), [out, Stdio::null()])
    }

    /// Runs a command in a folder, which stays: the same system can be started there again. What it prints, on either
    /// output, goes to `log`. `environment` is added to that of this process.
    pub fn run_keeping<W: AsRef<OsStr>>(
        folder: &Path,
        environment: &[(&str, &str)],
        command: impl IntoIterator<Item = W>,
        log: &File,
    ) -> Self {
        let [out, err] = [log, log].map(|log| Stdio::from(log.try_clone().unwrap()));
        Self::start("keep", folder, environment, words(command), [out, err])
    }

    fn start(
        fate: &str,
        folder: &Path,
        environment: &[(&str, &str)],
        command: Vec<OsString>,
        [out, err]: [Stdio; 2],
    ) -> Self {
        let mut guard = Command::new(guards_python());
        guard.arg(sources().join("guard.py")).arg(fate).arg(folder).args(command);
        // Threads that MLflow has no use for on a small machine, and its messages home.
        guard.env("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false").env("MLFLOW_DISABLE_TELEMETRY", "true");
        guard.envs(environment.iter().copied());
        let mut guard = guard.stdin(Stdio::piped()).stdout(out).stderr(err).spawn().unwrap();
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

    /// Ends it at once, as a crash does, and waits until all of it is gone.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.guard.wait();
    }
}

fn words<W: AsRef<OsStr>>(command: impl IntoIterator<Item = W>) -> Vec<OsString> {
    command.into_iter().map(|word| word.as_ref().to_owned()).collect()
}

/// Any Python runs the guard; the lab's starts faster than one behind a version manager's shim.
fn guards_python() -> PathBuf {
    if Part::Python.is_installed() { Part::Python.file("bin/python") } else { PathBuf::from("python3") }
}
