//! Delta tables as the `deltalake` library writes and reads them. Never reads or writes one itself.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};

use super::guarded::Guarded;
use super::{python, sources};

/// A table's folder.
#[derive(Clone, Debug)]
pub struct Table(PathBuf);

/// A table at a version, as the library reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Read {
    /// The version.
    pub version: u64,
    /// Its rows, sorted.
    pub rows: Vec<Value>,
}

impl Table {
    /// A table that is there already.
    pub fn at(folder: &Path) -> Self {
        Self(folder.to_path_buf())
    }

    /// A new table of three versions with rows of their own.
    pub fn create(folder: &Path) -> Self {
        let table = Self(folder.to_path_buf());
        table.act("create");
        table
    }

    /// Commits rows that no version had before.
    pub fn append(&self) -> u64 {
        self.act("append")
    }

    /// Replaces all rows by others.
    pub fn overwrite(&self) -> u64 {
        self.act("overwrite")
    }

    /// Deletes every file that the latest version doesn't name, whatever its age.
    pub fn vacuum(&self) -> u64 {
        self.act("vacuum")
    }

    /// Writes a checkpoint of the latest version.
    pub fn checkpoint(&self) -> u64 {
        self.act("checkpoint")
    }

    fn act(&self, act: &str) -> u64 {
        self.ask(&json!({ "table": self.0, "act": act }))["version"].as_u64().unwrap()
    }

    /// What the library reads now.
    pub fn read(&self) -> Read {
        self.read_as_of(None)
    }

    /// What the library reads at a version.
    pub fn read_at(&self, version: u64) -> Read {
        self.read_as_of(Some(version))
    }

    fn read_as_of(&self, version: Option<u64>) -> Read {
        let answer = self.ask(&json!({ "table": self.0, "act": "read", "version": version }));
        Read { version: answer["version"].as_u64().unwrap(), rows: answer["rows"].as_array().unwrap().clone() }
    }

    fn ask(&self, act: &Value) -> Value {
        let answer = worker().lock().unwrap().ask(act);
        assert!(answer["error"].is_null(), "{act}: {answer}");
        answer
    }

    /// The file of a commit.
    pub fn commit(&self, version: u64) -> PathBuf {
        self.0.join(format!("_delta_log/{version:020}.json"))
    }

    /// Deletes the commits before a version, as a cleanup of the log does behind a checkpoint.
    pub fn forget_commits_before(&self, version: u64) {
        for old in 0..version {
            fs::remove_file(self.commit(old)).unwrap();
        }
    }

    /// Commits actions as another writer would, one that knows more than belay.
    pub fn commit_as_stranger(&self, actions: &[Value]) {
        let version = self.read().version + 1;
        let info = json!({ "commitInfo": { "timestamp": 1_900_000_000_000_u64, "operation": "TEST" } });
        let lines = std::iter::once(&info).chain(actions).map(|action| format!("{action}\n"));
        fs::write(self.commit(version), lines.collect::<String>()).unwrap();
    }

    /// A writer that appends all the time, so many seconds apart. Comes back after its first commit.
    pub fn writer(&self, every: &str) -> Guarded {
        let (python, script) = (python(), sources().join("write_delta.py"));
        let table = self.0.as_os_str();
        let words =
            [python.as_os_str(), script.as_os_str(), table, "append".as_ref(), "--every".as_ref(), every.as_ref()];
        let scratch = tempfile::tempdir().unwrap().keep();
        let mut writer = Guarded::run(&scratch, words, Stdio::piped());
        let mut first = String::new();
        let mut said = BufReader::new(writer.output().unwrap());
        said.read_line(&mut first).unwrap();
        assert!(first.contains("version"), "the writer did not commit: {first}");
        // A writer that can't say what it does would end.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        writer
    }
}

/// The library, in a process that is asked line by line. It ends when its standard input closes, however this process
/// ends.
#[derive(Debug)]
pub(super) struct Worker {
    _process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

/// One for all tables in folders.
fn worker() -> &'static Mutex<Worker> {
    static WORKER: OnceLock<Mutex<Worker>> = OnceLock::new();
    WORKER.get_or_init(|| Mutex::new(Worker::start("tables.py", &[], &[])))
}

impl Worker {
    /// Runs a script of the lab's with these words, and more in its environment.
    pub(super) fn start(script: &str, words: &[String], environment: &[(&str, String)]) -> Self {
        let mut python = Command::new(python());
        python.arg(sources().join(script)).args(words).envs(environment.iter().map(|(name, value)| (name, value)));
        let mut process = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Self { _process: process, to, from }
    }

    /// What it answers to an act.
    pub(super) fn ask(&mut self, act: &Value) -> Value {
        writeln!(self.to, "{act}").unwrap();
        let mut answer = String::new();
        self.from.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }
}
