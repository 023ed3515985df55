//! Compiling in a process of its own: a component decides how long it takes and how much memory, and nothing in a
//! process can stop it. A process can be ended. Never trusts that process: what it left is read like any kept code.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::load::LoadError;

/// How much of what the process says is read, in bytes.
const MOST_WORDS: u64 = 4096;
/// SIGXCPU, by which the system ends a process that has computed enough.
const OUT_OF_TIME: i32 = 24;
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// A program that compiles: it takes a component from standard input, does what [`crate::Sandbox::compile`] does with
/// the folder that stands after its arguments, ends with status 0, or says on standard error why it could not.
#[derive(Clone, Debug)]
pub struct Apart {
    /// The program; belay itself.
    pub program: PathBuf,
    /// Its arguments, before the folder.
    pub arguments: Vec<OsString>,
    /// How much it may compute, in seconds. It sees to that itself, by a limit of the system's.
    pub compute_s: u64,
    /// From its start until it is ended, however busy the machine is.
    pub time: Duration,
}

impl Apart {
    /// Compiles into a store.
    pub(crate) fn compile(&self, component: &[u8], store: &Path) -> Result<(), LoadError> {
        let failed = |error: io::Error| LoadError::Compile(format!("the process that compiles: {error}"));
        let mut child = self.start(store).map_err(failed)?;
        let ended = thread::scope(|scope| {
            let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
            // It may end, or be ended, without having read everything: its status tells.
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(component)));
            let words = scope.spawn(move || {
                let mut words = String::new();
                // What is no text says nothing.
                let _read = stderr.map(|stderr| stderr.take(MOST_WORDS).read_to_string(&mut words));
                words
            });
            let ended = self.wait(&mut child);
            (ended, words.join().unwrap_or_default())
        });
        match ended {
            (Ok(Some(status)), _) if status.success() => Ok(()),
            (Ok(Some(status)), _) if status.signal() == Some(OUT_OF_TIME) => Err(self.too_slow()),
            (Ok(None), _) => Err(self.too_slow()),
            (Ok(Some(status)), words) => {
                // A process that crashed says more than its reason.
                let why = words.lines().map(str::trim).find(|line| !line.is_empty());
                let why = why.map_or_else(|| format!("the process that compiles it ended: {status}"), str::to_owned);
                Err(LoadError::Compile(why))
            }
            (Err(error), _) => Err(failed(error)),
        }
    }

    const fn too_slow(&self) -> LoadError {
        LoadError::TooSlow { seconds: self.compute_s }
    }

    fn start(&self, store: &Path) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(store);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
    }

    /// How it ended; none: it was ended, because its time was over.
    fn wait(&self, child: &mut Child) -> io::Result<Option<std::process::ExitStatus>> {
        let begun = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            if begun.elapsed() >= self.time {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
            thread::sleep(LOOK);
        }
    }
}
