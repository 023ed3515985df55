//! The shop that the other systems of the lab serve: `tests/lab/shop.py`. Never decides what it is told to serve.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use super::service::{Recipe, Service};
use super::{python, sources};

/// A shop. What it serves is in `shop.json` of its folder.
#[derive(Debug)]
pub struct Shop(Service);

impl Shop {
    /// Opens it in a folder beside Prometheus's, which is told to watch it.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_at(folder: &Path, address: SocketAddr) -> Self {
        let (here, port) = (folder.display().to_string(), address.port().to_string());
        let script = sources().join("shop.py").display().to_string();
        let command = vec![python().display().to_string(), script, here, port];
        let recipe = Recipe { name: "shop", address, command, environment: Vec::new(), is_ready };
        let shop = Self(Service::start(recipe, folder));
        let targets = folder.join("../prometheus/targets");
        fs::create_dir_all(&targets).unwrap();
        fs::write(targets.join("shop.json"), format!("[{{\"targets\": [\"{address}\"]}}]")).unwrap();
        shop
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

/// Whether it is open: what it can't be told yet, it can't serve.
pub fn is_ready(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_ok()
}
