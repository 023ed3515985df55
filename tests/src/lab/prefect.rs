//! A real Prefect server. It can be killed and started again: what it holds lies in a database of its own, copied from
//! one that was migrated once. Runs no flow: there is no worker.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::guarded::Folder;
use super::http1::{Answer, Request};
use super::part::{Part, installation};
use super::port::free_address;
use super::running;
use super::service::{Recipe, Service, answers};
use crate::stage::copy;

/// A server.
#[derive(Debug)]
pub struct Prefect {
    address: SocketAddr,
    service: Mutex<Service>,
}

/// The server, ready; started when it is first asked for. It ends with the test's process. Not for tests that kill it.
pub fn prefect() -> &'static Prefect {
    static SERVER: OnceLock<(Prefect, Folder)> = OnceLock::new();
    let start = || {
        let folder = running("prefect");
        (Prefect::start_at(&folder, free_address()), Folder::guarded(folder))
    };
    &SERVER.get_or_init(start).0
}

impl Prefect {
    /// Starts one in a folder at an address and waits until it is ready.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_at(folder: &Path, address: SocketAddr) -> Self {
        if !folder.join("prefect.db").exists() {
            copy(migrated(), folder, &|path| path.extension().is_none_or(|kind| kind != "log")).unwrap();
        }
        Self { address, service: Mutex::new(serve(folder, address)) }
    }

    /// Starts it at the same address over the same database, after [`Prefect::kill`].
    pub fn restart(&self) {
        self.service.lock().unwrap().revive();
    }

    /// Ends it as a crash does.
    pub fn kill(&self) {
        self.service.lock().unwrap().kill();
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A deployment `etl/NAME` that is not paused.
    pub fn deploy(&self, name: &str, parameters: &Value) {
        let flow = self.must("POST", "/api/flows/", &json!({ "name": "etl" }))["id"].take();
        let body = json!({ "name": name, "flow_id": flow, "parameters": parameters });
        self.must("POST", "/api/deployments/", &body);
    }

    /// A deployment.
    pub fn deployment(&self, name: &str) -> Value {
        self.must("GET", &format!("/api/deployments/name/etl/{name}"), &Value::Null)
    }

    /// Whether a deployment is paused.
    pub fn is_paused(&self, name: &str) -> bool {
        self.deployment(name)["paused"] == true
    }

    /// Changes a deployment, as its owner does.
    pub fn patch(&self, name: &str, body: &Value) {
        let id = self.deployment(name)["id"].as_str().unwrap().to_owned();
        self.must("PATCH", &format!("/api/deployments/{id}"), body);
    }

    /// The names of a deployment's flow runs that belay started.
    pub fn runs(&self, name: &str) -> Vec<String> {
        let id = self.deployment(name)["id"].take();
        let body = json!({
            "deployments": { "id": { "any_": [id] } },
            "flow_runs": { "tags": { "all_": ["belay"] } },
        });
        let found = self.must("POST", "/api/flow_runs/filter", &body);
        found.as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap().to_owned()).collect()
    }

    fn must(&self, method: &str, target: &str, body: &Value) -> Value {
        let request = Request::json(method, target, body);
        // 503 is Prefect's word for "SQLite is locked": nothing was done.
        let send = || Answer::parse(&request.send(self.address).unwrap()).unwrap();
        let mut answer = send();
        for _ in 0..50 {
            if answer.status != 503 {
                break;
            }
            thread::sleep(Duration::from_millis(200));
            answer = send();
        }
        let text = String::from_utf8_lossy(&answer.body);
        assert!(matches!(answer.status, 200 | 201 | 204), "{method} {target}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// The folder of a server whose database was migrated: that takes longer than the tests. Made once for each installation.
fn migrated() -> &'static Path {
    static MIGRATED: OnceLock<PathBuf> = OnceLock::new();
    MIGRATED.get_or_init(|| {
        let (folder, mark) = (installation().join("prefect-database"), installation().join("prefect-database.done"));
        let lock = File::create(installation().join("prefect-database.lock")).unwrap();
        lock.lock().unwrap();
        let made_from = fs::read_to_string(Part::Prefect.mark()).unwrap();
        if fs::read_to_string(&mark).is_ok_and(|found| found == made_from) {
            return folder;
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        serve(&folder, free_address()).kill();
        fs::write(mark, made_from).unwrap();
        folder
    })
}

fn serve(folder: &Path, address: SocketAddr) -> Service {
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let python = Part::Prefect.file("bin/python").display().to_string();
    // Its own services write too, and SQLite lets one write at a time.
    let words = [&python, "-m", "prefect", "server", "start", "--no-services", "--host", &host, "--port", &port];
    let recipe = Recipe {
        name: "prefect",
        address,
        command: words.iter().map(|word| (*word).to_owned()).collect(),
        environment: vec![
            ("PREFECT_HOME", folder.display().to_string()),
            ("PREFECT_SERVER_ANALYTICS_ENABLED", "false".to_owned()),
            ("PREFECT_SERVER_UI_ENABLED", "false".to_owned()),
            // A machine that builds something else meanwhile is slow, not broken.
            ("PREFECT_SERVER_DATABASE_TIMEOUT", "60".to_owned()),
            ("PREFECT_SERVER_DATABASE_CONNECTION_TIMEOUT", "60".to_owned()),
            ("DO_NOT_TRACK", "1".to_owned()),
        ],
        is_ready,
    };
    Service::start(recipe, folder)
}

/// Whether the server at an address answers.
pub fn is_ready(address: SocketAddr) -> bool {
    answers(address, "/api/health")
}
