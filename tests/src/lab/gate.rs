//! A gate in front of a real Redis server that holds commands and loses answers. Never changes a command.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What is done with a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// It reaches the server, the answer comes back.
    Pass,
    /// The server never hears of it; nobody answers until the client is gone.
    HoldRequest,
    /// The server does it; nobody answers until the client is gone.
    HoldAnswer,
    /// The server does it, the connection closes without an answer.
    LoseAnswer,
}

type Rule = Arc<dyn Fn(usize, &str) -> Act + Send + Sync>;

struct Shared {
    upstream: SocketAddr,
    /// What is done with commands, and those that came since it was set.
    watch: Mutex<(Rule, Vec<String>)>,
    held: AtomicBool,
}

/// A gate; it ends with the test's process.
pub struct Gate {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Gate {
    /// In front of a server, on a free port. Everything passes until a rule is set.
    ///
    /// # Panics
    /// Where no port is free.
    pub fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let watch: (Rule, Vec<String>) = (Arc::new(|_, _| Act::Pass), Vec::new());
        let shared = Arc::new(Shared { upstream, watch: Mutex::new(watch), held: AtomicBool::new(false) });
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&theirs);
                thread::spawn(move || shared.serve(client));
            }
        });
        Self { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Decides from now on about each command by its number, from 0, and its name: `EVAL`.
    ///
    /// # Panics
    /// Where another thread of the gate did.
    pub fn rule(&self, rule: impl Fn(usize, &str) -> Act + Send + Sync + 'static) {
        *self.shared.watch.lock().unwrap() = (Arc::new(rule), Vec::new());
        self.shared.held.store(false, Ordering::SeqCst);
    }

    /// Whether a command or its answer was held since the rule was set.
    pub fn holds(&self) -> bool {
        self.shared.held.load(Ordering::SeqCst)
    }

    /// The names of the commands since the rule was set.
    ///
    /// # Panics
    /// Where another thread of the gate did.
    pub fn came(&self) -> Vec<String> {
        self.shared.watch.lock().unwrap().1.clone()
    }
}

impl Shared {
    fn serve(self: Arc<Self>, mut client: TcpStream) {
        let Ok(mut server) = TcpStream::connect(self.upstream) else { return };
        let mute = Arc::new(Mutex::new(Act::Pass));
        self.send_back(&client, &server, &mute);
        let mut bytes = vec![0; 1 << 16];
        while let Ok(length @ 1..) = client.read(&mut bytes) {
            let Some(piece) = bytes.get(..length) else { return };
            let act = name_of(piece).map_or(Act::Pass, |name| self.decide(name));
            *mute.lock().unwrap() = act;
            if act == Act::HoldRequest {
                self.held.store(true, Ordering::SeqCst);
            } else if server.write_all(piece).is_err() {
                break;
            }
        }
        let _ = server.shutdown(Shutdown::Both);
    }

    fn send_back(self: &Arc<Self>, client: &TcpStream, server: &TcpStream, mute: &Arc<Mutex<Act>>) {
        let (Ok(mut client), Ok(mut server)) = (client.try_clone(), server.try_clone()) else { return };
        let (shared, mute) = (Arc::clone(self), Arc::clone(mute));
        thread::spawn(move || {
            let mut bytes = vec![0; 1 << 16];
            while let Ok(length @ 1..) = server.read(&mut bytes) {
                let act = *mute.lock().unwrap();
                let passed = match act {
                    Act::Pass => bytes.get(..length).is_some_and(|piece| client.write_all(piece).is_ok()),
                    Act::HoldRequest | Act::HoldAnswer => {
                        shared.held.store(true, Ordering::SeqCst);
                        true
                    }
                    Act::LoseAnswer => false,
                };
                if !passed {
                    break;
                }
            }
            let _ = client.shutdown(Shutdown::Both);
        });
    }

    fn decide(&self, name: &str) -> Act {
        let (rule, number) = {
            let mut watch = self.watch.lock().unwrap();
            watch.1.push(name.to_owned());
            (Arc::clone(&watch.0), watch.1.len() - 1)
        };
        rule(number, name)
    }
}

/// The name of the command that begins a piece: `*3`, `$4`, `EVAL`.
fn name_of(piece: &[u8]) -> Option<&str> {
    let mut lines = piece.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let (array, length, name) = (lines.next()?, lines.next()?, lines.next()?);
    let begins = array.starts_with(b"*") && length.starts_with(b"$");
    begins.then(|| std::str::from_utf8(name).ok()).flatten()
}
