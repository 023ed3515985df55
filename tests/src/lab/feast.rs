//! Feast's servers over a SQL registry and a Redis: the feature server that models ask, the sidecar, Feast's own REST registry,
//! and the pipelines that release and push. Never a Redis of its own: it is told where one is.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;

use super::http1::{Answer, Request};
use super::port::free_address;
use super::service::{Recipe, Service, answers};
use super::{python, sources};
use crate::repository;

/// What the sidecar wants to see.
pub const TOKEN: &str = "canary-feast-17";

/// A feature store with its servers.
#[derive(Debug)]
pub struct Feast {
    /// Does what pipelines do: `tests/lab/feast_shop.py`.
    pub pipelines: Service,
    /// The feature server.
    pub serving: Service,
    /// The sidecar.
    pub sidecar: Service,
    /// Started when it is first asked for: few need it.
    registry: OnceLock<Service>,
    folder: PathBuf,
}

/// Where the servers listen.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// The feature server.
    pub serving: SocketAddr,
    /// The sidecar.
    pub sidecar: SocketAddr,
    /// The pipelines.
    pub pipelines: SocketAddr,
}

impl Addresses {
    /// Addresses that were free just now.
    pub fn free() -> Self {
        Self { serving: free_address(), sidecar: free_address(), pipelines: free_address() }
    }
}

impl Feast {
    /// Starts all in a folder, over this Redis, and waits until they answer: some 15 s on an idle machine. A store that is
    /// in the folder already goes on.
    ///
    /// # Panics
    /// Where one does not start.
    pub fn start(folder: &Path, redis: SocketAddr, at: Addresses) -> Self {
        fs::write(folder.join("token"), TOKEN).unwrap();
        // It makes the registry that the others read.
        let pipelines = Service::start(pipelines(folder, redis, at.pipelines), folder);
        let (sidecar, serving) = thread::scope(|scope| {
            let serving = scope.spawn(|| Service::start(serving(folder, at.serving), folder));
            (start_sidecar(folder, &folder.join("token"), at.sidecar), serving.join().unwrap())
        });
        Self { pipelines, serving, sidecar, registry: OnceLock::new(), folder: folder.to_path_buf() }
    }

    /// Another sidecar over the same store.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn other_sidecar(&self) -> Service {
        start_sidecar(&self.folder, &self.folder.join("token"), free_address())
    }

    /// Another sidecar over the same store, which wants the token that is in this file.
    ///
    /// # Panics
    /// Where it does not start. The file must hold [`TOKEN`] until then.
    pub fn other_sidecar_wanting(&self, token: &Path) -> Service {
        start_sidecar(&self.folder, token, free_address())
    }

    /// Feast's own REST registry.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn registry(&self) -> &Service {
        self.registry.get_or_init(|| Service::start(registry(&self.folder), &self.folder))
    }
}

fn pipelines(folder: &Path, redis: SocketAddr, address: SocketAddr) -> Recipe {
    let script = sources().join("feast_shop.py").display().to_string();
    let words = [script, folder.display().to_string(), redis.to_string(), address.port().to_string()];
    recipe("pipelines", address, words.into(), |address| answers(address, "/"))
}

fn serving(folder: &Path, address: SocketAddr) -> Recipe {
    let port = address.port().to_string();
    let words = ["serve", "--host", "127.0.0.1", "--port", &port, "--registry_ttl_sec", "1"];
    recipe("serving", address, command_line(folder, &words), |address| answers(address, "/health"))
}

fn registry(folder: &Path) -> Recipe {
    let address = free_address();
    let port = address.port().to_string();
    let words = ["serve_registry", "--no-grpc", "--rest-api", "--host", "127.0.0.1", "--rest-port", &port];
    recipe("registry", address, command_line(folder, &words), |address| answers(address, "/api/v1/projects"))
}

fn start_sidecar(folder: &Path, token: &Path, address: SocketAddr) -> Service {
    let place = folder.display().to_string();
    let (token, port) = (token.display().to_string(), address.port().to_string());
    let words = ["-m", "belay_feast", "--repository", &place, "--token-file", &token, "--port", &port];
    let recipe = recipe("sidecar", address, words.map(str::to_owned).into(), is_sidecar);
    Service::start(recipe, folder)
}

/// Whether a sidecar answers there, with the lab's token.
pub fn is_sidecar(address: SocketAddr) -> bool {
    let mut request = Request::new("GET", "/v1/health", b"");
    request.headers.push(("authorization".to_owned(), format!("Bearer {TOKEN}")));
    let answer = request.send(address);
    answer.is_ok_and(|bytes| Answer::parse(&bytes).is_some_and(|answer| answer.status == 200))
}

/// Feast's own command line, as words for Python.
fn command_line(folder: &Path, words: &[&str]) -> Vec<String> {
    let place = folder.display().to_string();
    let head = ["-m", "feast.cli.cli", "--chdir", &place];
    head.iter().chain(words).map(|word| (*word).to_owned()).collect()
}

fn recipe(name: &'static str, address: SocketAddr, words: Vec<String>, is_ready: fn(SocketAddr) -> bool) -> Recipe {
    let service = repository::root().join("plugins/feast-sidecar/service").display().to_string();
    let environment = vec![
        ("PYTHONPATH", service),
        // Nothing is written beside the sources, and no message home is sent.
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
        ("FEAST_USAGE", "False".to_owned()),
    ];
    let command = [vec![python().display().to_string()], words].concat();
    Recipe { name, address, command, environment, is_ready }
}
