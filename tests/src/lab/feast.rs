//! A real Feast with a SQL registry and Redis as its online store, its servers, its sidecar, and the pipelines that release
//! and push. Tests share one store; each has a feature view of its own.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::desk::Desk;
use super::guarded::{Folder, Guarded};
use super::http1::{Answer, Request};
use super::port::free_address;
use super::{program, python, running, sources};
use crate::repository;

/// What the sidecar wants to see.
pub const TOKEN: &str = "canary-feast-17";
const PLUGINS: [&str; 4] = ["feast_feature_view", "feast_online", "feast_parity", "flagd_flag"];
/// Each server loads Feast for 6 s on an idle machine, and several do at once.
const PATIENCE: Duration = Duration::from_secs(180);

/// A feature store with its servers.
#[derive(Debug)]
pub struct Feast {
    folder: Folder,
    pipelines: SocketAddr,
    serving: SocketAddr,
    /// Started when it is first asked for: few need it.
    registry: OnceLock<(SocketAddr, Guarded)>,
    sidecar: Sidecar,
    _processes: Vec<Guarded>,
}

/// A sidecar, which can be killed and started again.
#[derive(Debug)]
pub struct Sidecar {
    folder: PathBuf,
    address: SocketAddr,
    process: Option<Guarded>,
}

/// The feature store of this test binary; started when it is first asked for.
pub fn feast() -> &'static Feast {
    static FEAST: OnceLock<Feast> = OnceLock::new();
    FEAST.get_or_init(Feast::start)
}

impl Feast {
    /// Starts Redis, the pipelines, the feature server and the sidecar, and waits until all are ready.
    ///
    /// # Panics
    /// Where one does not start.
    pub fn start() -> Self {
        let folder = Folder::guarded(running("feast"));
        let at = folder.path();
        fs::write(at.join("token"), TOKEN).unwrap();
        let (redis, pipelines, serving) = (free_address(), free_address(), free_address());
        let mut processes = vec![server(at, "redis", &redis_command(redis))];
        wait_for("redis", at, || std::net::TcpStream::connect(redis).is_ok());
        processes.push(server(at, "pipelines", &pipelines_command(at, redis, pipelines)));
        wait_for("pipelines", at, || answers(pipelines, "/", None));
        // Both read the registry that the pipelines made; they load side by side.
        processes.push(server(at, "serving", &feast_command(at, &["serve"], serving, &["--registry_ttl_sec", "1"])));
        let sidecar = Sidecar::begin(at, free_address());
        wait_for("serving", at, || answers(serving, "/health", None));
        sidecar.wait();
        Self { folder, pipelines, serving, registry: OnceLock::new(), sidecar, _processes: processes }
    }

    /// The folder of `feature_store.yaml`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the feature server listens, which models ask.
    pub fn serving(&self) -> SocketAddr {
        self.serving
    }

    /// Where the sidecar that tests share listens.
    pub fn sidecar_address(&self) -> SocketAddr {
        self.sidecar.address
    }

    /// Its address as a connection's `url` says it.
    pub fn sidecar(&self) -> String {
        self.sidecar.url()
    }

    /// A desk at this store, whose sidecar is at `url` and whose feature set `clicks` is this view.
    pub fn desk(&self, url: &str, view: &str) -> Desk {
        let desk = Desk::of("feast", &PLUGINS);
        desk.edit("belay.toml", "http://127.0.0.1:9", url);
        desk.edit("belay.toml", "http://127.0.0.1:10", &format!("http://{}", self.serving));
        for file in ["features/clicks.toml", "runbooks/clicks-back.toml"] {
            desk.edit(file, "VIEW", view);
        }
        fs::write(desk.systems().join("token"), TOKEN).unwrap();
        desk
    }

    /// A sidecar of a test's own.
    pub fn own_sidecar(&self) -> Sidecar {
        let sidecar = Sidecar::begin(self.folder(), free_address());
        sidecar.wait();
        sidecar
    }

    /// Where Feast's own REST registry listens.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn registry(&self) -> SocketAddr {
        let start = || {
            let (at, address) = (self.folder(), free_address());
            let port = address.port().to_string();
            let words = ["serve_registry", "--no-grpc", "--rest-api", "--host", "127.0.0.1", "--rest-port", &port];
            let process = server(at, "registry", &feast_words(at, &words));
            wait_for("registry", at, || answers(address, "/api/v1/projects", None));
            (address, process)
        };
        self.registry.get_or_init(start).0
    }

    /// Does what pipelines do to a view: a method of `View` in `shop.py`.
    ///
    /// # Panics
    /// Feast refuses.
    pub fn pipeline(&self, view: &str, what: &str, given: Value) -> Value {
        let mut asked = given;
        asked["view"] = view.into();
        asked["do"] = what.into();
        let answer = post(self.pipelines, "/", &asked);
        assert_eq!(answer.status, 200, "{what} {view}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice::<Value>(&answer.body).unwrap()["done"].take()
    }

    /// Version 0 of a view with its values, as a good release leaves it.
    pub fn release_good(&self, view: &str) {
        self.pipeline(view, "release_good", json!({}));
    }

    /// Version 1: another type for `ctr`, and a new feature.
    pub fn release_bad(&self, view: &str) {
        self.pipeline(view, "release_bad", json!({}));
    }

    /// Pushes wrong values for users 1 and 9, as a stream job that fits version 0 does.
    pub fn push_bad(&self, view: &str) {
        self.pipeline(view, "push", json!({ "user_id": [1, 9], "ctr": [9.5, 9.5], "clicks_7d": [-1, -1] }));
    }

    /// What the sidecar would say of a view, past the sidecar.
    pub fn state(&self, view: &str) -> Value {
        self.pipeline(view, "state", json!({}))
    }

    /// What a model gets from the service of all features for users 1, 2 and 9: the feature's values, or the status where
    /// that is not 200.
    pub fn serves(&self, view: &str, feature: &str) -> Result<Value, u16> {
        let asked = json!({ "feature_service": format!("{view}_all"), "entities": { "user_id": [1, 2, 9] } });
        let answer = self.ask_serving("/get-online-features", &asked);
        if answer.status != 200 {
            return Err(answer.status);
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let names = body["metadata"]["feature_names"].as_array().unwrap();
        let place = names.iter().position(|name| name == feature);
        Ok(place.map_or(Value::Null, |place| body["results"][place]["values"].clone()))
    }

    /// Asks the feature server.
    pub fn ask_serving(&self, path: &str, body: &Value) -> Answer {
        post(self.serving, path, body)
    }

    /// Waits until models get this, since the feature server reads its registry every second.
    ///
    /// # Panics
    /// They don't.
    #[track_caller]
    pub fn must_serve(&self, view: &str, feature: &str, expected: &Value) {
        let began = Instant::now();
        loop {
            let found = self.serves(view, feature);
            if found.as_ref() == Ok(expected) {
                return;
            }
            assert!(began.elapsed() < PATIENCE / 6, "{view} serves {found:?}, not {expected}");
            thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Sidecar {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a connection's `url` says it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it at once, as a crash does.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again where it was, and waits until it is ready.
    pub fn restart(&mut self) {
        *self = Self::begin(&self.folder, self.address);
        self.wait();
    }

    fn begin(folder: &Path, address: SocketAddr) -> Self {
        let (place, port) = (folder.display().to_string(), address.port().to_string());
        let token = folder.join("token").display().to_string();
        let python = python().display().to_string();
        let words = [&python, "-m", "belay_feast", "--repository", &place, "--token-file", &token, "--port", &port]
            .map(str::to_owned);
        let process = server(folder, &format!("sidecar-{port}"), &words);
        Self { folder: folder.to_path_buf(), address, process: Some(process) }
    }

    fn wait(&self) {
        wait_for("sidecar", &self.folder, || answers(self.address, "/v1/health", Some(TOKEN)));
    }
}

fn server(folder: &Path, name: &str, command: &[String]) -> Guarded {
    let log = File::create(folder.join(format!("{name}.log"))).unwrap();
    let service = repository::root().join("plugins/feast-sidecar/service").display().to_string();
    let environment = [("PYTHONPATH", service.as_str()), ("FEAST_USAGE", "False"), ("PYTHONDONTWRITEBYTECODE", "1")];
    Guarded::run_keeping(folder, &environment, command, Stdio::from(log))
}

fn redis_command(address: SocketAddr) -> Vec<String> {
    let (redis, port) = (program("redis-server").display().to_string(), address.port().to_string());
    [redis.as_str(), "--bind", "127.0.0.1", "--port", &port, "--save", ""].map(str::to_owned).into()
}

fn pipelines_command(folder: &Path, redis: SocketAddr, address: SocketAddr) -> Vec<String> {
    let script = sources().join("feast_shop.py").display().to_string();
    let (python, folder) = (python().display().to_string(), folder.display().to_string());
    vec![python, script, folder, redis.to_string(), address.port().to_string()]
}

fn feast_command(folder: &Path, words: &[&str], address: SocketAddr, more: &[&str]) -> Vec<String> {
    let port = address.port().to_string();
    feast_words(folder, &[words, &["--host", "127.0.0.1", "--port", &port], more].concat())
}

/// Feast's own command line.
fn feast_words(folder: &Path, words: &[&str]) -> Vec<String> {
    let place = folder.display().to_string();
    let python = python().display().to_string();
    let head = [python.as_str(), "-m", "feast.cli.cli", "--chdir", &place];
    head.iter().chain(words).map(|word| (*word).to_owned()).collect()
}

fn post(to: SocketAddr, path: &str, body: &Value) -> Answer {
    let mut request = Request::new("POST", path, body.to_string().as_bytes());
    request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
    Answer::parse(&request.send(to).unwrap()).unwrap()
}

fn answers(address: SocketAddr, path: &str, token: Option<&str>) -> bool {
    let mut request = Request::new("GET", path, b"");
    request.headers.extend(token.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))));
    let answer = request.send(address);
    answer.is_ok_and(|bytes| Answer::parse(&bytes).is_some_and(|answer| answer.status == 200))
}

fn wait_for(what: &str, folder: &Path, is_ready: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_ready() {
        assert!(began.elapsed() < PATIENCE, "{what} is not ready: {}/{what}.log", folder.display());
        thread::sleep(Duration::from_millis(100));
    }
}
