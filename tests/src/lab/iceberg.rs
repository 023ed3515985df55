//! An Iceberg REST catalog: a small facade over pyiceberg's SQL catalog, in a folder. No product's server: what a commit
//! does and when it is refused is pyiceberg's, the paths and errors are the specification's.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Value, json};

use super::guarded::Folder;
use super::port::free_address;
use super::service::{Recipe, Service, answers};
use super::table::Worker;
use super::{python, running, sources};

/// A catalog with its tables.
#[derive(Debug)]
pub struct Iceberg(Service);

/// The server of a test binary, ready; started when it is first asked for.
pub fn iceberg() -> &'static Iceberg {
    static SERVER: OnceLock<(Iceberg, Folder)> = OnceLock::new();
    let start = || {
        let folder = Folder::guarded(running("iceberg"));
        (Iceberg::start(folder.path()), folder)
    };
    &SERVER.get_or_init(start).0
}

impl Iceberg {
    /// Starts one in a folder and waits until it answers.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(folder: &Path) -> Self {
        Self::start_at(folder, free_address())
    }

    /// The same at an address.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_at(folder: &Path, address: SocketAddr) -> Self {
        std::fs::create_dir_all(folder.join("warehouse")).unwrap();
        let words = [python(), sources().join("iceberg_rest.py"), folder.to_path_buf()];
        let mut command: Vec<String> = words.iter().map(|word| word.display().to_string()).collect();
        command.extend([address.ip().to_string(), address.port().to_string()]);
        let is_ready = |address| answers(address, "/v1/config");
        Self(Service::start(Recipe { name: "iceberg", address, command, environment: Vec::new(), is_ready }, folder))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// The server as a service.
    pub fn service(&mut self) -> &mut Service {
        &mut self.0
    }

    /// A new table of two snapshots with rows of their own, as `shop.NAME`.
    ///
    /// # Panics
    /// Where pyiceberg can't make it.
    pub fn table(&self, name: &str) -> Table {
        let url = format!("http://{}", self.address());
        let worker = Arc::new(Mutex::new(Worker::start("iceberg_tables.py", &[url], &[])));
        let table = Table { name: format!("shop.{name}"), worker };
        table.act("create");
        table
    }
}

/// A table as pyiceberg's client of the catalog writes and reads it. Copies are the same table.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    worker: Arc<Mutex<Worker>>,
}

/// A table as it is seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The snapshot of `main`.
    pub main: String,
    /// Its rows, sorted.
    pub rows: Vec<Value>,
    /// Everything that `main` ever stood at.
    pub log: Vec<Value>,
    /// The schema that new rows have.
    pub schema: i64,
}

impl Table {
    /// What it is called in the catalog.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Commits rows that no snapshot had before.
    pub fn append(&self) -> Seen {
        self.act("append")
    }

    /// Replaces all rows by others: two snapshots in one commit.
    pub fn overwrite(&self) -> Seen {
        self.act("overwrite")
    }

    /// Adds a column.
    pub fn add_column(&self) -> Seen {
        self.act("add_column")
    }

    /// Expires a snapshot.
    pub fn expire(&self, snapshot: &str) -> Seen {
        self.seen(&json!({ "table": self.name, "act": "expire", "snapshot": snapshot }))
    }

    /// What it is now.
    pub fn look(&self) -> Seen {
        self.act("look")
    }

    fn act(&self, act: &str) -> Seen {
        self.seen(&json!({ "table": self.name, "act": act }))
    }

    fn seen(&self, asked: &Value) -> Seen {
        let answer = self.worker.lock().unwrap().ask(asked);
        assert!(answer["error"].is_null(), "{asked}: {answer}");
        Seen {
            main: answer["main"].as_str().unwrap().to_owned(),
            rows: answer["rows"].as_array().unwrap().clone(),
            log: answer["log"].as_array().unwrap().clone(),
            schema: answer["schema"].as_i64().unwrap(),
        }
    }
}
