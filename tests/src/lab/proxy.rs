//! A proxy in front of a real server that delays, loses, holds and invents answers. Never changes a request.

use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::http1::Request;

/// How long a test waits for a request to be held.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is done with a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// It reaches the server, the answer comes back.
    Pass,
    /// The same, some time later.
    Delay(Duration),
    /// The connection closes, the server never hears of it.
    LoseRequest,
    /// The server does it, the connection closes without an answer.
    LoseAnswer,
    /// The server never hears of it; nobody answers until the client is gone.
    HoldRequest,
    /// The server does it; nobody answers until the client is gone.
    HoldAnswer,
    /// The server never hears of it; these bytes come back.
    Say(Vec<u8>),
    /// The server never hears of it; a head that announces a body comes back, and then a byte now and then.
    Trickle,
}

/// A request that came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Came {
    /// Itself.
    pub request: Request,
    /// What was done with it.
    pub act: Act,
}

impl Came {
    /// Whether the server did what it asks for.
    pub fn reached(&self) -> bool {
        matches!(self.act, Act::Pass | Act::Delay(_) | Act::LoseAnswer | Act::HoldAnswer)
    }

    /// Whether it asks for a write.
    pub fn is_write(&self) -> bool {
        !matches!(self.request.method.as_str(), "GET" | "HEAD")
    }
}

type Rule = Arc<dyn Fn(usize, &Request) -> Act + Send + Sync>;

struct Shared {
    upstream: SocketAddr,
    rule: Mutex<Rule>,
    came: Mutex<Vec<Came>>,
    held: Sender<()>,
    closing: AtomicBool,
}

/// A proxy. It stops listening when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    held: Receiver<()>,
    listener: Option<thread::JoinHandle<()>>,
}

impl Proxy {
    /// In front of a server, on a free port. Everything passes until a rule is set.
    pub fn start(upstream: SocketAddr) -> Self {
        Self::at(0, upstream)
    }

    /// On this port; 0 is any.
    pub fn at(port: u16, upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, held) = channel();
        let shared = Arc::new(Shared {
            upstream,
            rule: Mutex::new(Arc::new(|_, _| Act::Pass)),
            came: Mutex::new(Vec::new()),
            held: sender,
            closing: AtomicBool::new(false),
        });
        let listening = Arc::clone(&shared);
        let listener = thread::spawn(move || listen(&listener, &listening));
        Self { address, shared, held, listener: Some(listener) }
    }

    /// What a connection's `url` says.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What is done from now on: the rule is given each request with its number, from 0. Forgets what came before.
    pub fn rule(&self, rule: impl Fn(usize, &Request) -> Act + Send + Sync + 'static) {
        *self.shared.rule.lock().unwrap() = Arc::new(rule);
        self.shared.came.lock().unwrap().clear();
        while self.held.try_recv().is_ok() {}
    }

    /// What came since the rule was set.
    pub fn came(&self) -> Vec<Came> {
        self.shared.came.lock().unwrap().clone()
    }

    /// The writes among them.
    pub fn writes(&self) -> Vec<Came> {
        self.came().into_iter().filter(Came::is_write).collect()
    }

    /// Waits until a request is held, after the server did it where it is to; `false` where none is for half a minute.
    pub fn wait_for_held(&self) -> bool {
        self.held.recv_timeout(PATIENCE).is_ok()
    }

    /// Whether a request is held by now.
    pub fn holds(&self) -> bool {
        self.held.try_recv().is_ok()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Relaxed);
        // Wakes the thread that listens.
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.closing.load(Ordering::Relaxed) {
            return;
        }
        let shared = Arc::clone(shared);
        // A client that breaks off is what the tests are about.
        thread::spawn(move || stream.and_then(|stream| serve(&stream, &shared)));
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let Some(request) = Request::read(&mut BufReader::new(stream))? else { return Ok(()) };
    let act = {
        let mut came = shared.came.lock().unwrap();
        let rule = Arc::clone(&shared.rule.lock().unwrap());
        let act = rule(came.len(), &request);
        came.push(Came { request: request.clone(), act: act.clone() });
        act
    };
    let mut out = stream;
    match act {
        Act::Pass => out.write_all(&request.send(shared.upstream)?),
        Act::Delay(time) => {
            thread::sleep(time);
            out.write_all(&request.send(shared.upstream)?)
        }
        Act::LoseRequest => Ok(()),
        Act::LoseAnswer => request.send(shared.upstream).map(|_| ()),
        Act::HoldRequest => hold(stream, shared),
        Act::HoldAnswer => request.send(shared.upstream).and_then(|_| hold(stream, shared)),
        Act::Say(bytes) => out.write_all(&bytes),
        Act::Trickle => trickle(stream),
    }
}

/// Says that a request is held, then waits until the client is gone.
fn hold(mut stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let _ = shared.held.send(());
    io::copy(&mut stream, &mut io::sink()).map(|_| ())
}

fn trickle(mut stream: &TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4096\r\n\r\n{")?;
    loop {
        thread::sleep(Duration::from_millis(50));
        stream.write_all(b" ")?;
    }
}
