//! A service that says how it is: `GET /metrics` in Prometheus's text format, and one path whose answers a test chooses.
//! Never a stand-in for Prometheus, which is real.

use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::http1::{Answer, Request};

/// What it says.
#[derive(Clone, Debug)]
struct Says {
    metrics: Option<String>,
    status: u16,
}

/// A service on a free port. It answers until the process ends.
#[derive(Debug)]
pub struct Exporter {
    address: SocketAddr,
    says: Arc<Mutex<Says>>,
}

impl Exporter {
    /// Starts one that has these metrics and answers `GET /rank` with 200.
    pub fn start(metrics: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let says = Arc::new(Mutex::new(Says { metrics: Some(metrics.to_owned()), status: 200 }));
        let said = Arc::clone(&says);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let says = said.lock().unwrap().clone();
                let _ = answer(&stream, &says);
            }
        });
        Self { address, says }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its metrics are from now on.
    pub fn measure(&self, metrics: &str) {
        self.says.lock().unwrap().metrics = Some(metrics.to_owned());
    }

    /// It has no metrics from now on: whoever asks is turned away.
    pub fn fall_silent(&self) {
        self.says.lock().unwrap().metrics = None;
    }

    /// The status of `GET /rank` from now on.
    pub fn rank_with(&self, status: u16) {
        self.says.lock().unwrap().status = status;
    }
}

fn answer(mut stream: &TcpStream, says: &Says) -> std::io::Result<()> {
    let Some(request) = Request::read(&mut BufReader::new(stream))? else { return Ok(()) };
    let answer = match (request.target.as_str(), &says.metrics) {
        ("/metrics", Some(metrics)) => Answer::bytes(200, "text/plain; version=0.0.4", metrics.as_bytes()),
        ("/rank", _) => Answer::bytes(says.status, "application/json", b"{}"),
        _ => Answer::bytes(404, "text/plain", b""),
    };
    stream.write_all(&answer)
}
