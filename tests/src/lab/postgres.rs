//! A real PostgreSQL server. Never durable against a loss of power: its folder ends with the tests, so it is spared the
//! waits for the disk; killed, it recovers as it always does.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::port::free_address;
use super::program;
use super::service::{Recipe, Service};

/// Its superuser, who needs no password.
const USER: &str = "lab";

/// A server with a database of its own.
#[derive(Debug)]
pub struct Postgres(Service);

impl Postgres {
    /// Starts one in a folder, in which it may have run before, and waits until it answers.
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
        if !folder.join("data/PG_VERSION").exists() {
            initialise(folder);
        }
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let listen = [format!("listen_addresses={host}"), format!("port={port}")];
        let small = ["unix_socket_directories=", "shared_buffers=32MB", "max_connections=40", "fsync=off"];
        let mut command = vec![program("postgres").display().to_string(), "-D".to_owned(), "data".to_owned()];
        for setting in listen.iter().map(String::as_str).chain(small) {
            command.extend(["-c".to_owned(), setting.to_owned()]);
        }
        let recipe = Recipe { name: "postgres", address, command, environment: Vec::new(), is_ready };
        Self(Service::start(recipe, folder))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// How clients name it.
    pub fn url(&self) -> String {
        url(self.0.address())
    }

    /// The server as a service.
    pub fn service(&mut self) -> &mut Service {
        &mut self.0
    }
}

/// How clients name a server at this address.
pub fn url(address: SocketAddr) -> String {
    format!("postgres://{USER}@{address}/postgres")
}

fn initialise(folder: &Path) {
    let mut initdb = Command::new(program("initdb"));
    initdb.args(["-D", "data", "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
    let output = initdb.current_dir(folder).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
}

/// Whether a server at this address answers `SELECT 1`: one that still recovers is not ready.
pub fn is_ready(address: SocketAddr) -> bool {
    let mut psql = Command::new(program("psql"));
    psql.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string(), "-U", USER, "-d", "postgres"]);
    psql.args(["-qAtc", "SELECT 1"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    psql.status().is_ok_and(|status| status.success())
}
