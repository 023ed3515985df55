//! A server of the lab that can be killed and started again where it was. Never another server's: each has a folder and
//! an address of its own.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::guarded::Guarded;
use super::http1::{Answer, Request};

/// How long a server may take on a machine that builds something else meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much of a log a failure shows, in bytes.
const LOG_TAIL: u64 = 2_000;

/// How a server is started, and how it is seen to be ready.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// What it is called, as in `postgres`.
    pub name: &'static str,
    /// Where it will listen.
    pub address: SocketAddr,
    /// Its command line.
    pub command: Vec<String>,
    /// What is added to the environment.
    pub environment: Vec<(&'static str, String)>,
    /// Whether the server at an address answers as it should.
    pub is_ready: fn(SocketAddr) -> bool,
}

/// A server that was started from a recipe. It ends when this is dropped; its folder stays.
#[derive(Debug)]
pub struct Service {
    recipe: Recipe,
    folder: PathBuf,
    process: Option<Guarded>,
}

impl Service {
    /// Starts a server in a folder and waits until it is ready.
    ///
    /// # Panics
    /// Where it ends or is not ready in time; the end of its log says why.
    pub fn start(recipe: Recipe, folder: &Path) -> Self {
        let mut service = Self { recipe, folder: folder.to_path_buf(), process: None };
        service.revive();
        service
    }

    /// Where it listens, also after it was killed.
    pub fn address(&self) -> SocketAddr {
        self.recipe.address
    }

    /// Whether it answers as it should.
    pub fn is_ready(&self) -> bool {
        (self.recipe.is_ready)(self.recipe.address)
    }

    /// What it printed.
    pub fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.recipe.name))
    }

    /// Kills it with all that it started, as a machine that loses power would, and waits until it is gone.
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// Starts it again in the same folder at the same address. Nothing where it runs.
    ///
    /// # Panics
    /// As [`Service::start`].
    pub fn revive(&mut self) {
        if self.process.as_mut().is_some_and(|process| !process.has_ended()) {
            return;
        }
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let environment: Vec<(&str, &str)> =
            self.recipe.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let process = Guarded::run_keeping(&self.folder, &environment, &self.recipe.command, &log);
        let process = self.process.insert(process);
        let began = Instant::now();
        while !(self.recipe.is_ready)(self.recipe.address) {
            let (ended, late) = (process.has_ended(), began.elapsed() > PATIENCE);
            if ended || late {
                let how = if ended { "ended before it was ready" } else { "is not ready" };
                let log = self.folder.join(format!("{}.log", self.recipe.name));
                panic!("{} {how}; the end of {}:\n{}", self.recipe.name, log.display(), tail(&log));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Whether a `GET` of a path is answered with 200.
pub fn answers(address: SocketAddr, path: &str) -> bool {
    let answer = Request::new("GET", path, b"").send(address);
    answer.is_ok_and(|bytes| Answer::parse(&bytes).is_some_and(|answer| answer.status == 200))
}

fn tail(log: &Path) -> String {
    let Ok(mut file) = File::open(log) else { return String::new() };
    let size = fs::metadata(log).map_or(0, |found| found.len());
    let mut bytes = Vec::new();
    let _ = file.seek(SeekFrom::Start(size.saturating_sub(LOG_TAIL))).and_then(|_| file.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}
