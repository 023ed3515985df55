//! A real Prometheus server. Never scrapes anything but what it is told, which may be nothing.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::http1::{Answer, Request};
use super::port::free_address;
use super::program;
use super::service::{Recipe, Service, answers};

/// How long a value may take to get from a target to a query.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that looks at its targets every second. Files in `targets/` and `rules/` of its folder add to what it was
/// told: targets at once (`[{"targets": ["127.0.0.1:9000"]}]` in a `.json`), rules after `POST /-/reload`.
#[derive(Debug)]
pub struct Prometheus(Service);

/// What a server is told.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Where metrics are, at `/metrics`: `127.0.0.1:5000`.
    pub targets: Vec<SocketAddr>,
    /// Who is told of alerts.
    pub alertmanager: Option<SocketAddr>,
    /// The rules for alerts, in Prometheus's own YAML.
    pub rules: String,
}

impl Prometheus {
    /// Starts one in a folder and waits until it answers.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(folder: &Path, sources: &Sources) -> Self {
        Self::start_at(folder, sources, free_address())
    }

    /// The same at an address.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_at(folder: &Path, sources: &Sources, address: SocketAddr) -> Self {
        for part in ["targets", "rules"] {
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        fs::write(folder.join("rules/told.yml"), &sources.rules).unwrap();
        fs::write(folder.join("prometheus.yml"), configuration(sources)).unwrap();
        let command = vec![
            program("prometheus").display().to_string(),
            "--config.file=prometheus.yml".to_owned(),
            "--storage.tsdb.path=data".to_owned(),
            "--web.enable-lifecycle".to_owned(),
            format!("--web.listen-address={address}"),
            "--log.level=warn".to_owned(),
        ];
        let is_ready = |address| answers(address, "/-/ready");
        let recipe = Recipe { name: "prometheus", address, command, environment: Vec::new(), is_ready };
        Self(Service::start(recipe, folder))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// The one value that a query gives; nothing where it gives none.
    ///
    /// # Panics
    /// Where the server doesn't answer.
    pub fn value(&self, query: &str) -> Option<String> {
        let query: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let asked = Request::new("GET", &format!("/api/v1/query?query={query}"), b"");
        let answer = Answer::parse(&asked.send(self.address()).unwrap()).unwrap();
        let found: Value = serde_json::from_slice(&answer.body).unwrap();
        Some(found["data"]["result"][0]["value"][1].as_str()?.to_owned())
    }

    /// Waits until a query gives a value, or none. It looks at its targets every second.
    ///
    /// # Panics
    /// Where that never happens.
    pub fn wait_for(&self, query: &str, value: Option<&str>) {
        let began = Instant::now();
        while self.value(query).as_deref() != value {
            assert!(began.elapsed() < PATIENCE, "{query} is {:?}, not {value:?}", self.value(query));
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The server as a service.
    pub fn service(&mut self) -> &mut Service {
        &mut self.0
    }
}

fn configuration(sources: &Sources) -> String {
    let targets: Vec<String> = sources.targets.iter().map(|target| format!("'{target}'")).collect();
    let told: Vec<String> = sources.alertmanager.iter().map(|address| format!("'{address}'")).collect();
    format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}\n\
         rule_files: ['rules/*.yml']\n\
         alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: [{}] }}] }}] }}\n\
         scrape_configs: [{{ job_name: lab, static_configs: [{{ targets: [{}] }}], \
         file_sd_configs: [{{ files: ['targets/*.json'], refresh_interval: 1s }}] }}]\n",
        told.join(", "),
        targets.join(", "),
    )
}
