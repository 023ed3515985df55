//! A real Redis server, and what a cache's readers do to it. Durable: what it acknowledged, it still has after a kill.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::authority::Vouched;
use super::port::free_address;
use super::program;
use super::service::{Recipe, Service};

/// A server.
#[derive(Debug)]
pub struct Redis {
    service: Service,
    tls_port: Option<u16>,
}

/// What a server shows and wants on its TLS port.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Its certificate.
    pub shows: Vouched,
    /// The authority of those whom it lets in.
    pub wants: PathBuf,
}

impl Redis {
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
        Self::launch(folder, address, &[], None)
    }

    /// One with a TLS port too, which wants a certificate of its clients. The plain port is the test's own way in.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_with_tls(folder: &Path, tls: &Tls) -> Self {
        let (address, port) = (free_address(), free_address().port());
        let shown = |file: &Path| file.display().to_string();
        let settings = [
            ("--tls-port", port.to_string()),
            ("--tls-cert-file", shown(&tls.shows.certificate)),
            ("--tls-key-file", shown(&tls.shows.key)),
            ("--tls-ca-cert-file", shown(&tls.wants)),
            ("--tls-auth-clients", "yes".to_owned()),
        ];
        let settings: Vec<String> = settings.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
        Self::launch(folder, address, &settings, Some(port))
    }

    fn launch(folder: &Path, address: SocketAddr, more: &[String], tls_port: Option<u16>) -> Self {
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let settings = [
            ["--bind", &host],
            ["--port", &port],
            ["--dir", "."],
            ["--save", ""],
            ["--appendonly", "yes"],
            ["--appendfsync", "always"],
        ];
        let mut command = vec![program("redis-server").display().to_string()];
        command.extend(settings.iter().flatten().map(ToString::to_string));
        command.extend_from_slice(more);
        let recipe = Recipe { name: "redis", address, command, environment: Vec::new(), is_ready };
        Self { service: Service::start(recipe, folder), tls_port }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.service.address()
    }

    /// Where it speaks TLS, on the same host.
    ///
    /// # Panics
    /// It does not.
    pub fn tls_port(&self) -> u16 {
        self.tls_port.unwrap()
    }

    /// The server as a service.
    pub fn service(&mut self) -> &mut Service {
        &mut self.service
    }

    /// What the server answers to a command, as `redis-cli` prints it.
    ///
    /// # Panics
    /// Where it is an error.
    pub fn ask(&self, words: &[&str]) -> String {
        ask(self.address(), words)
    }

    /// Puts so many keys below a prefix.
    pub fn fill(&self, prefix: &str, keys: u32) {
        fill(self.address(), prefix, keys);
    }

    /// How many keys there are below a prefix.
    pub fn count(&self, prefix: &str) -> usize {
        self.ask(&["KEYS", &format!("{prefix}*")]).lines().count()
    }
}

/// Whether a server at this address answers `PING` and has loaded its data.
pub fn is_ready(address: SocketAddr) -> bool {
    let output = client(address).arg("PING").output();
    output.is_ok_and(|output| output.stdout == b"PONG\n")
}

/// What the server at an address answers to a command.
///
/// # Panics
/// Where it is an error.
pub fn ask(address: SocketAddr, words: &[&str]) -> String {
    let output = client(address).arg("-e").args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Puts so many keys below a prefix.
///
/// # Panics
/// Where the server does not.
pub fn fill(address: SocketAddr, prefix: &str, keys: u32) {
    let script = "for i = 1, ARGV[2] do redis.call('SET', ARGV[1] .. i, 'value ' .. i) end";
    ask(address, &["EVAL", script, "0", prefix, &keys.to_string()]);
}

fn client(address: SocketAddr) -> Command {
    let mut client = Command::new(program("redis-cli"));
    client.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string(), "--raw", "--no-auth-warning"]);
    client.stdin(Stdio::null()).stderr(Stdio::piped());
    client
}
