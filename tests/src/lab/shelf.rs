//! The smallest REST service: one record, read with GET and replaced with PUT, by whoever asks. It loses a request or an
//! answer when it is told to. Never guards a write, so that nobody can tell from outside whether one arrived.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::desk::Desk;
use super::http1::{Answer, Request};

/// What gets lost of the next write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loses {
    /// Nothing is written, and nobody answers.
    Request,
    /// It is written, and nobody answers.
    Answer,
}

/// The service. It stops listening when it is dropped.
#[derive(Debug)]
pub struct Shelf {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: Option<thread::JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    record: Mutex<(Value, Option<Loses>)>,
    /// What was there before the last write, and how many times it is still told.
    late: Mutex<(Value, u32)>,
    /// For how many looks the next write is served late.
    lag: AtomicU32,
    /// How long the next looks take, each in turn.
    pauses: Mutex<VecDeque<Duration>>,
    closing: AtomicBool,
}

impl Shelf {
    /// On a free port, with this record.
    pub fn start(record: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            record: Mutex::new((record, None)),
            late: Mutex::default(),
            lag: AtomicU32::new(0),
            pauses: Mutex::default(),
            closing: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        let listener = thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.closing.load(Ordering::Relaxed) {
                    return;
                }
                // A client that breaks off asks again, or doesn't.
                let _ = stream.and_then(|stream| serve(&stream, &serving));
            }
        });
        Self { address, shared, listener: Some(listener) }
    }

    /// One whose record was captured as a good point, and changed for the worse since; with its desk.
    pub fn released() -> (Self, Desk) {
        let shelf = Self::start(json!({ "clicks": 3 }));
        let desk = shelf.desk();
        desk.capture("ranking");
        shelf.put(json!({ "clicks": 90 }));
        (shelf, desk)
    }

    /// A desk whose record is this one; a write to it must not be repeated.
    pub fn desk(&self) -> Desk {
        let desk = Desk::of("rest", &["http_resource"]);
        desk.edit("belay.toml", "http://127.0.0.1:9", &format!("http://{}", self.address));
        desk.edit("belay.toml", "auth = { basic = { user = \"ana\", password = { env = \"KINTO_PASSWORD\" } } }\n", "");
        desk.edit("belay.toml", "at_best = \"reversible\", guarded = true", "at_best = \"reversible\"");
        desk.edit("features/ranking.toml", "headers = { if-match = \"{header/etag}\" }\n", "");
        desk.edit("features/ranking.toml", "revision = \"{header/etag}\"\nversion = \"v{/data/last_modified}\"\n", "");
        let text = fs::read_to_string(desk.file("features/ranking.toml")).unwrap();
        let history = text.find("[resource.config.history]").unwrap();
        fs::write(desk.file("features/ranking.toml"), &text[..history]).unwrap();
        desk
    }

    /// What it holds.
    pub fn get(&self) -> Value {
        self.shared.record().0.clone()
    }

    /// Replaces what it holds, as somebody else may.
    pub fn put(&self, record: Value) {
        self.shared.record().0 = record;
    }

    /// The next write is served late: so many looks after it still find what was there before.
    pub fn serves_late(&self, looks: u32) {
        self.shared.lag.store(looks, Ordering::Relaxed);
    }

    /// What was written is served from now on.
    pub fn serves_at_once(&self) {
        self.shared.late.lock().unwrap_or_else(PoisonError::into_inner).1 = 0;
    }

    /// The next looks take so long, each in turn.
    pub fn takes(&self, pauses: impl IntoIterator<Item = Duration>) {
        self.shared.pauses.lock().unwrap_or_else(PoisonError::into_inner).extend(pauses);
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What becomes of the next write.
    pub fn next_write(&self, loses: Loses) {
        self.shared.record().1 = Some(loses);
    }
}

impl Shared {
    fn record(&self) -> MutexGuard<'_, (Value, Option<Loses>)> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Relaxed);
        // Wakes the thread that listens.
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

fn serve(mut stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let Some(request) = Request::read(&mut BufReader::new(stream))? else { return Ok(()) };
    if request.method == "GET" {
        let pause = shared.pauses.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        thread::sleep(pause.unwrap_or_default());
    }
    let (mut held, mut late) = (shared.record(), shared.late.lock().unwrap_or_else(PoisonError::into_inner));
    let loses = if request.method == "PUT" { held.1.take() } else { None };
    if request.method == "PUT" && loses != Some(Loses::Request) {
        let mut said: Value = serde_json::from_slice(&request.body)?;
        let before = std::mem::replace(&mut held.0, said["data"].take());
        *late = (before, shared.lag.swap(0, Ordering::Relaxed));
    }
    if loses.is_some() {
        return Ok(());
    }
    let told = if request.method == "GET" && late.1 > 0 {
        late.1 -= 1;
        &late.0
    } else {
        &held.0
    };
    let body = json!({ "data": told }).to_string();
    stream.write_all(&Answer::bytes(200, "application/json", body.as_bytes()))
}
