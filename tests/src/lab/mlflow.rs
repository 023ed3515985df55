//! A real MLflow server, one for each test binary, and what a release pipeline does to it. Never the server of another
//! test: each makes models of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::guarded::Folder;
use super::http1::{Answer, Request};
use super::port::free_address;
use super::service::{Recipe, Service, answers};
use super::{python, running, seeded_mlflow};
use crate::stage::copy;

const API: &str = "/api/2.0/mlflow";
const FILES: &str = "/api/2.0/mlflow-artifacts/artifacts";
/// The only alias that tests move.
const ALIAS: &str = "champion";

/// A server with the models of `seed_mlflow.py`.
#[derive(Debug)]
pub struct Mlflow(Service);

/// A file of a version: its path and its bytes.
pub type Artifact<'a> = (&'a str, &'a [u8]);

/// The server, ready; started when it is first asked for.
pub fn mlflow() -> &'static Mlflow {
    static SERVER: OnceLock<(Mlflow, Folder)> = OnceLock::new();
    let start = || {
        let folder = Folder::guarded(running("mlflow"));
        (Mlflow::start_at(folder.path(), free_address()), folder)
    };
    &SERVER.get_or_init(start).0
}

impl Mlflow {
    /// Starts one in a folder, in which it may have run before, and waits until it answers.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_at(folder: &Path, address: SocketAddr) -> Self {
        if !folder.join("mlflow.db").exists() {
            copy(&seeded_mlflow(), folder, &|_| true).unwrap();
        }
        let is_ready = |address| answers(address, "/health");
        let recipe = Recipe { name: "mlflow", address, command: serve(address), environment: Vec::new(), is_ready };
        Self(Service::start(recipe, folder))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// A model with a version for each list of artifacts, from 1, made by a run each. No alias.
    pub fn model(&self, name: &str, versions: &[&[Artifact<'_>]]) {
        self.must("POST", &format!("{API}/registered-models/create"), &json!({ "name": name }));
        for artifacts in versions {
            self.release(name, artifacts);
        }
    }

    fn release(&self, model: &str, artifacts: &[Artifact<'_>]) {
        let run = json!({ "experiment_id": "1", "run_name": model });
        let run = self.must("POST", &format!("{API}/runs/create"), &run)["run"]["info"].take();
        // A dataset of its own for each model: MLflow fails when two runs bring the same new one at once.
        let dataset =
            json!({ "name": format!("clicks of {model}"), "digest": "d1", "source_type": "local", "source": "{}" });
        let inputs = json!({ "run_id": run["run_id"], "datasets": [{ "dataset": dataset }] });
        self.must("POST", &format!("{API}/runs/log-inputs"), &inputs);
        let root = run["artifact_uri"].as_str().unwrap();
        let folder = root.strip_prefix("mlflow-artifacts:/").unwrap();
        for (path, bytes) in artifacts {
            self.put(&format!("{folder}/model/{path}"), bytes);
        }
        let version = json!({ "name": model, "source": format!("{root}/model"), "run_id": run["run_id"] });
        self.must("POST", &format!("{API}/model-versions/create"), &version);
    }

    /// Sets the alias `champion`, as a release pipeline does.
    pub fn promote(&self, model: &str, version: u32) {
        let body = json!({ "name": model, "alias": ALIAS, "version": version.to_string() });
        self.must("POST", &format!("{API}/registered-models/alias"), &body);
    }

    /// Takes the alias `champion` away.
    pub fn demote(&self, model: &str) {
        self.must("DELETE", &format!("{API}/registered-models/alias"), &json!({ "name": model, "alias": ALIAS }));
    }

    /// The version that the alias `champion` stands at; 0 where there is none.
    pub fn champion(&self, model: &str) -> u32 {
        let path = format!("{API}/registered-models/alias?name={model}&alias={ALIAS}");
        let answer = self.ask("GET", &path, b"");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        match answer.status {
            200 => body["model_version"]["version"].as_str().unwrap().parse().unwrap(),
            _ => 0,
        }
    }

    /// Deletes a version for good.
    pub fn delete_version(&self, model: &str, version: u32) {
        let body = json!({ "name": model, "version": version.to_string() });
        self.must("DELETE", &format!("{API}/model-versions/delete"), &body);
    }

    /// Puts other bytes where an artifact of a version lies.
    pub fn overwrite(&self, model: &str, version: u32, artifact: Artifact<'_>) {
        self.put(&format!("{}/{}", self.folder(model, version), artifact.0), artifact.1);
    }

    /// Deletes an artifact of a version, which MLflow doesn't mind.
    pub fn remove(&self, model: &str, version: u32, path: &str) {
        self.must("DELETE", &format!("{FILES}/{}/{path}", self.folder(model, version)), &json!({}));
    }

    fn folder(&self, model: &str, version: u32) -> String {
        let path = format!("{API}/model-versions/get-download-uri?name={model}&version={version}");
        let found = self.must("GET", &path, &Value::Null);
        found["artifact_uri"].as_str().unwrap().strip_prefix("mlflow-artifacts:/").unwrap().to_owned()
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        let answer = self.ask("PUT", &format!("{FILES}/{}", path.replace(' ', "%20")), bytes);
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    }

    fn must(&self, method: &str, target: &str, body: &Value) -> Value {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let answer = self.ask(method, target, &body);
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 200, "{method} {target}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn ask(&self, method: &str, target: &str, body: &[u8]) -> Answer {
        let mut request = Request::new(method, target, body);
        request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        Answer::parse(&request.send(self.address()).unwrap()).unwrap()
    }
}

/// The command line that `seed_folder.py` uses too.
fn serve(address: SocketAddr) -> Vec<String> {
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let python = python().display().to_string();
    let words = [&python, "-m", "mlflow", "server", "--host", &host, "--port", &port, "--workers", "1"];
    let storage = ["--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "./artifacts"];
    words.iter().chain(&storage).map(|word| (*word).to_owned()).collect()
}
