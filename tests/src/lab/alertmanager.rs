//! A real Alertmanager. Never part of a cluster.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use super::port::free_address;
use super::program;
use super::service::{Recipe, Service, answers};

/// A server that passes alerts on after a second.
#[derive(Debug)]
pub struct Alertmanager(Service);

impl Alertmanager {
    /// Starts one in a folder and waits until it answers. It calls `webhook` where there is one.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(folder: &Path, webhook: Option<&str>) -> Self {
        Self::start_at(folder, webhook, free_address())
    }

    /// The same at an address.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_at(folder: &Path, webhook: Option<&str>, address: SocketAddr) -> Self {
        let calls = webhook.map(|url| format!(", webhook_configs: [{{ url: '{url}' }}]")).unwrap_or_default();
        let routes = "route: { receiver: lab, group_wait: 1s, group_interval: 1s, repeat_interval: 1h }";
        let text = format!("{routes}\nreceivers: [{{ name: lab{calls} }}]\n");
        fs::write(folder.join("alertmanager.yml"), text).unwrap();
        let command = vec![
            program("alertmanager").display().to_string(),
            "--config.file=alertmanager.yml".to_owned(),
            "--storage.path=alerts".to_owned(),
            "--cluster.listen-address=".to_owned(),
            format!("--web.listen-address={address}"),
            "--log.level=warn".to_owned(),
        ];
        let is_ready = |address| answers(address, "/-/ready");
        let recipe = Recipe { name: "alertmanager", address, command, environment: Vec::new(), is_ready };
        Self(Service::start(recipe, folder))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// The server as a service.
    pub fn service(&mut self) -> &mut Service {
        &mut self.0
    }
}
